//! The configuration: one TOML file, refused as a whole with everything that is wrong with it.

mod client;
mod problem;
mod reader;
#[cfg(test)]
mod tests;
mod user;

use std::{
    cell::RefCell,
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use toml::de::DeTable;
use towergate::oauth::rules::client::Client;
use url::{Host, Url};

pub use problem::{Problem, Problems};
pub use user::UserEntry;

use reader::{Section, Text};

/// The variable that names the file.
pub const VARIABLE: &str = "TOWERGATE_CONFIG";

const BUILT_IN: &str = include_str!("../../towergate.toml");
const USUAL_PLACES: &[&str] = &["towergate.toml", "examples/axum/towergate.toml"];

/// How the host is to run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The origin that people and programs use to get there.
    pub issuer: Url,
    /// Where everything is kept.
    pub database: Database,
    /// The certificate, if the host speaks HTTPS itself.
    pub tls: Option<Tls>,
    /// The file with the key that seals signing keys; beside the database by default.
    pub seal_key_file: Option<PathBuf>,
    /// People.
    pub users: Vec<UserEntry>,
    /// Other people's software.
    pub clients: Vec<Client>,
    /// Somebody else's application, if it is to run along.
    pub demo: Option<Demo>,
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// Until the program ends.
    Memory,
}

/// PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those between it and its root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The third-party application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Config {
    /// Reads the file that `TOWERGATE_CONFIG` names, else the usual one, else the one this program was built with.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it is wrong.
    pub fn load() -> Result<Self, Problems> {
        if let Some(path) = env::var_os(VARIABLE) {
            return Self::read(Path::new(&path));
        }
        match USUAL_PLACES.iter().map(Path::new).find(|path| path.is_file()) {
            Some(path) => Self::read(path),
            None => Self::parse("towergate.toml (built in)", BUILT_IN),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it is wrong.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) => {
                let mut problems = Problems::of(&name, "");
                problems.add(&(0..0), format!("the file cannot be read: {error}"));
                problems.or_else(None)
            }
        }
    }

    /// Reads a text; `name` is what problems call it.
    ///
    /// # Errors
    /// When anything in it is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        let problems = RefCell::new(Problems::of(name, text));
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            problems.borrow_mut().add(&error.span().unwrap_or(0..0), error.message());
        }
        let config = read_root(Section::new(String::new(), table.get_ref(), 0..0, &problems));
        problems.into_inner().or_else(config)
    }

    /// The address that access tokens for the host's own API are meant for.
    #[must_use]
    pub fn api_audience(&self) -> String {
        format!("{}/api", self.issuer_text())
    }

    /// The issuer as clients compare it: without a slash at its end.
    #[must_use]
    pub fn issuer_text(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    /// Whether browsers reach the host over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.issuer.scheme() == "https"
    }
}

impl Demo {
    /// The origin that browsers use to get there.
    #[must_use]
    pub fn origin(&self) -> String {
        let ip = self.addr.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            format!("http://localhost:{}", self.addr.port())
        } else {
            format!("http://{}", self.addr)
        }
    }
}

/// Whether an address means the machine that the browser runs on.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn read_root(section: Section<'_>) -> Option<Config> {
    let addr = section.required_text("addr").and_then(|text| socket(&section, "addr", &text));
    let issuer = section.required_text("issuer");
    let issuer_url = issuer.as_ref().and_then(|text| origin(&section, text));
    let database = section.required_text("database").and_then(|text| database(&section, &text));
    let tls = section.section("tls").map(read_tls);
    let seal_key_file = section.section("keys").and_then(read_keys);
    let users: Vec<_> = section.sections("users").into_iter().filter_map(user::read).collect();
    let clients: Vec<_> = section.sections("clients").into_iter().filter_map(client::read).collect();
    let demo = section.section("demo").and_then(read_demo);
    refuse_doubles(&section, "[[users]]: `email`", users.iter().map(|user| user.email.as_str()));
    refuse_doubles(&section, "[[clients]]: `client_id`", clients.iter().map(|client| client.id.as_str()));
    if let (Some(text), Some(url)) = (&issuer, &issuer_url) {
        if tls.is_some() && url.scheme() == "http" {
            section.refuse(&text.place, "`issuer` must be https where [tls] is set");
        }
        if demo.is_some() && url.scheme() == "https" && tls.is_none() {
            section.refuse(
                &text.place,
                "[demo] trusts the certificate of [tls] alone: set that, or switch the demo off",
            );
        }
    }
    section.finish();
    let tls = match tls {
        None => None,
        Some(read) => Some(read?),
    };
    Some(Config {
        addr: addr?,
        issuer: issuer_url?,
        database: database?,
        tls,
        seal_key_file,
        users,
        clients,
        demo,
    })
}

fn socket(section: &Section<'_>, key: &str, text: &Text) -> Option<SocketAddr> {
    let read = text.value.parse().ok();
    if read.is_none() {
        section
            .refuse(&text.place, format!("`{key}` must be an IP address and a port, such as 127.0.0.1:3000"));
    }
    read
}

/// The issuer: an origin, so that both discovery documents and every cookie agree on what the host is.
fn origin(section: &Section<'_>, text: &Text) -> Option<Url> {
    let problem = match Url::parse(&text.value) {
        Err(_) => "must be an absolute address, such as https://id.example.com",
        Ok(url) if !matches!(url.scheme(), "https" | "http") => "must be https",
        Ok(url) if url.origin().ascii_serialization() != text.value => {
            "must be an origin: scheme, host and port in lower case, without path, query or a slash at its end"
        }
        Ok(url) if url.scheme() == "http" && !is_this_machine(&url) => {
            "must be https; http is for localhost alone, because cookies and tokens would be readable on the way"
        }
        Ok(url) => return Some(url),
    };
    section.refuse(&text.place, format!("`issuer` {problem}"));
    None
}

fn database(section: &Section<'_>, text: &Text) -> Option<Database> {
    match text.value.split_once(':') {
        Some(("memory", "")) => Some(Database::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Some(Database::Sqlite(PathBuf::from(path))),
        Some(("postgres" | "postgresql", _)) => {
            section.refuse(
                &text.place,
                "`database`: PostgreSQL is not supported yet; use `sqlite:PATH` or `memory:`",
            );
            None
        }
        _ => {
            section.refuse(&text.place, "`database` must be `sqlite:PATH` or `memory:`");
            None
        }
    }
}

fn read_tls(section: Section<'_>) -> Option<Tls> {
    let [cert, key] =
        ["cert", "key"].map(|key| section.required_text(key).and_then(|text| file(&section, key, text)));
    section.finish();
    Some(Tls { cert: cert?, key: key? })
}

fn file(section: &Section<'_>, key: &str, text: Text) -> Option<PathBuf> {
    let path = PathBuf::from(text.value);
    if !path.is_file() {
        section.refuse(&text.place, format!("`{key}`: there is no file {}", path.display()));
        return None;
    }
    Some(path)
}

fn read_keys(section: Section<'_>) -> Option<PathBuf> {
    let path = section.text("seal_key_file").map(|text| PathBuf::from(text.value));
    section.finish();
    path
}

fn read_demo(section: Section<'_>) -> Option<Demo> {
    let enabled = section.flag("enabled").unwrap_or(false);
    let addr = section.text("addr").and_then(|text| socket(&section, "addr", &text));
    section.finish();
    let usual = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
    enabled.then(|| Demo { addr: addr.unwrap_or(usual) })
}

fn refuse_doubles<'n>(section: &Section<'_>, what: &str, names: impl Iterator<Item = &'n str>) {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            section.refuse(&(0..0), format!("{what} {name:?} is there twice"));
        }
    }
}
