//! The configuration: one TOML file, refused as a whole with everything that is wrong with it.

mod assurance;
mod client;
mod database;
mod deletion;
mod development;
mod json;
mod keys;
mod limits;
mod mail;
mod outbound;
mod passkeys;
mod passwords;
mod problem;
mod provider;
mod reader;
mod registration;
mod requests;
mod resource_server;
mod root;
mod shutdown;
#[cfg(test)]
mod tests;
mod user;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::de::DeTable;
use towergate::{
    identity::rules::{assurance::Profile, deletion::DeletionPolicy, password::PasswordPolicy},
    oauth::rules::resource::ResourceServer,
    oauth_server::{ClientDocuments, Registration, key_ring::RotationPolicy},
    passkey::RelyingParty,
};
use url::{Host, Url};

pub use client::ClientEntry;
pub use database::{Database, ReplayMarks, ServerUrl};
pub use limits::Limits;
pub use mail::MailSetting;
pub use outbound::Outbound;
pub use passwords::{BreachEntry, HashCost, Passwords, PepperEntry, PepperPlace};
pub use problem::{Problem, Problems};
pub use provider::ProviderEntry;
pub use requests::Requests;
pub use shutdown::Shutdown;
pub use user::UserEntry;

use reader::Section;

/// The variable that names the file.
pub const VARIABLE: &str = "TOWERGATE_CONFIG";

const BUILT_IN: &str = include_str!("../../towergate.toml");
const USUAL_PLACES: &[&str] = &["towergate.toml", "examples/axum/towergate.toml"];

/// How the host is to run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The address that people and programs use to get there, with the path of the authorization server if it has one.
    pub issuer: Url,
    /// Where everything is kept.
    pub database: Database,
    /// Where what is short-lived is kept beside PostgreSQL, for all instances together; with everything else if nowhere.
    pub redis: Option<ServerUrl>,
    /// Where what is shown once is marked, beside that.
    pub replay_marks: ReplayMarks,
    /// Where figures are shown to whoever collects them; nowhere if not there.
    pub metrics: Option<SocketAddr>,
    /// The certificate, if the host speaks HTTPS itself.
    pub tls: Option<Tls>,
    /// The file with the key that seals signing keys; beside the database by default.
    pub seal_key_file: Option<PathBuf>,
    /// Files with keys that sealed before; they still open.
    pub older_seal_key_files: Vec<PathBuf>,
    /// What is signed with, and how the keys take turns.
    pub rotation: RotationPolicy,
    /// How the host speaks to addresses that clients register.
    pub outbound: Outbound,
    /// How mail is sent; nobody can make an account where none is.
    pub mail: Option<MailSetting>,
    /// Whose word about addresses counts, and how often an address may post each form.
    pub limits: Limits,
    /// What sets the numbers of signing in; the defaults of the house where it is not there.
    pub assurance: Option<Profile>,
    /// How passwords are hashed, and where new ones are looked up.
    pub passwords: Passwords,
    /// How accounts end.
    pub deletion: DeletionPolicy,
    /// Who people sign in at with passkeys; nobody does where there is none.
    pub passkeys: Option<RelyingParty>,
    /// Whether everybody must have a second factor: whoever has none does nothing but enrol one.
    pub require_second_factor: bool,
    /// People.
    pub users: Vec<UserEntry>,
    /// Other people's software.
    pub clients: Vec<ClientEntry>,
    /// The APIs that clients may ask tokens for by name, beside the host's own.
    pub resource_servers: Vec<ResourceServer>,
    /// Whether clients may register themselves.
    pub registration: Registration,
    /// The accounts elsewhere by which people sign in.
    pub providers: Vec<ProviderEntry>,
    /// Whether clients may be known by a document of their own.
    pub documents: Option<ClientDocuments>,
    /// The hosts whose pictures of clients the consent page shows.
    pub logo_hosts: BTreeSet<String>,
    /// What is asked of authorization requests, and how many may wait.
    pub requests: Requests,
    /// How the program ends.
    pub shutdown: Shutdown,
    /// By how many milliseconds the host's clock is moved, on a developer's own machine.
    pub insecure_clock_offset: Option<i64>,
    /// Somebody else's application, if it is to run along.
    pub demo: Option<Demo>,
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
        let config = root::read(Section::new(String::new(), table.get_ref(), 0..0, &problems));
        problems.into_inner().or_else(config)
    }

    /// The address that access tokens for the host's own API are meant for.
    #[must_use]
    pub fn api_audience(&self) -> String {
        format!("{}/api", self.origin())
    }

    /// What is asked of new passwords, and of those that the file gives people.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        passwords::policy(self.assurance.as_ref(), &self.issuer)
    }

    /// The origin of the host, without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    /// The issuer as clients compare it: without a slash at its end.
    #[must_use]
    pub fn issuer_text(&self) -> String {
        self.issuer.as_str().trim_end_matches('/').to_owned()
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
