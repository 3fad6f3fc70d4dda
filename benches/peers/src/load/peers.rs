//! The servers that are compared, each with one client, one person, and the same calls under its own paths.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    http::{Connection, get, post},
    server::{Server, free_port},
};

pub(super) const CLIENT: &str = "bench";
pub(super) const SECRET: &str = "a-machine-made-secret-of-the-bench-0123456789";
pub(super) const CALLBACK: &str = "https://app.example/callback";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const EMAIL: &str = "alice@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// What a browser says of a form that the same site's page posts.
pub(super) const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Ours,
    Bare,
    OauthAs,
    Node,
}

/// A running server and its paths.
pub(super) struct Peer {
    pub(super) who: Who,
    pub(super) server: Server,
    pub(super) token: String,
    pub(super) introspection: String,
    pub(super) userinfo: String,
    pub(super) par: String,
    pub(super) jwks: String,
    pub(super) authorize: String,
    /// Cookies of a browser in which Alice is signed in.
    pub(super) cookie: String,
}

impl Peer {
    /// Starts one, if it is there.
    pub(super) async fn start(who: Who, database: &str, cores: Option<&[usize]>) -> Option<Self> {
        let port = free_port();
        let server = Server::start(command(who, port, database)?, port, cores).until_it_listens();
        let mut peer = Self {
            who,
            server,
            token: String::new(),
            introspection: String::new(),
            userinfo: String::new(),
            par: String::new(),
            jwks: String::new(),
            authorize: String::new(),
            cookie: String::new(),
        };
        if who != Who::Bare {
            peer.discover().await;
        }
        if who == Who::Ours {
            peer.sign_in().await;
        }
        Some(peer)
    }

    pub(super) const fn port(&self) -> u16 {
        self.server.port
    }

    pub(super) const fn discovery(&self) -> &'static str {
        match self.who {
            Who::OauthAs => "/.well-known/oauth-authorization-server",
            _ => "/.well-known/openid-configuration",
        }
    }

    async fn discover(&mut self) {
        let document: Value =
            serde_json::from_slice(&self.answer(&get(self.discovery(), &[])).await.1).expect("JSON");
        let path = |name: &str| {
            let address = document[name].as_str().unwrap_or_default();
            let path = address.splitn(4, '/').nth(3).unwrap_or_default();
            format!("/{path}")
        };
        self.token = path("token_endpoint");
        self.introspection = match self.who {
            Who::OauthAs => String::from("/introspect"),
            _ => path("introspection_endpoint"),
        };
        self.userinfo = path("userinfo_endpoint");
        self.par = path("pushed_authorization_request_endpoint");
        self.jwks = path("jwks_uri");
        self.authorize = path("authorization_endpoint");
    }

    /// Signs Alice in, and lets her consent once and for all.
    async fn sign_in(&mut self) {
        let form = format!("email={}&password={}", encode(EMAIL), encode(PASSWORD));
        let (head, body) = self.answer(&post("/login", &[SAME_SITE], &form)).await;
        self.cookie = cookies(&head);
        assert!(head.starts_with("HTTP/1.1 303"), "{head}\n{}", String::from_utf8_lossy(&body));
        let (head, _) = self.answer(&self.asks_for_a_code("openid email")).await;
        let path = location(&head);
        if path.contains("code=") {
            return;
        }
        // The browser that asked is known by a cookie too.
        let more = cookies(&head);
        let cookie = if more.is_empty() { self.cookie.clone() } else { format!("{}; {more}", self.cookie) };
        let headers = [SAME_SITE, ("cookie", cookie.as_str())];
        self.answer(&get(&path, &headers)).await;
        let (head, body) = self.answer(&post(&path, &headers, "decision=allow&remember=on")).await;
        assert!(location(&head).contains("code="), "{head}\n{}", String::from_utf8_lossy(&body));
        self.cookie = cookie;
    }

    fn asks_for_a_code(&self, scope: &str) -> Vec<u8> {
        let query = form(&[
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "state"),
            ("nonce", "nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        get(&format!("{}?{query}", self.authorize), &[("cookie", &self.cookie)])
    }

    /// So many codes for the client, each good for one exchange.
    pub(super) async fn codes(&self, count: usize, scope: &str) -> Vec<String> {
        if self.who == Who::Node {
            let (_, body) = self.answer(&get(&format!("/bench?codes={count}"), &[])).await;
            return String::from_utf8(body).expect("codes").lines().map(str::to_owned).collect();
        }
        let mut connection = Connection::to(self.port()).await.expect("a connection");
        let request = self.asks_for_a_code(scope);
        let mut codes = Vec::with_capacity(count);
        for _ in 0..count {
            let answer = connection.send(&request).await.expect("an answer");
            let address = answer.headers("location").next().unwrap_or_default();
            let code = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
            codes.push(
                code.unwrap_or_else(|| panic!("no code: {} {address} {}", answer.status, answer.text()))
                    .to_owned(),
            );
        }
        codes
    }

    /// One request on a connection of its own: head and body.
    pub(super) async fn answer(&self, request: &[u8]) -> (String, Vec<u8>) {
        let mut connection = Connection::to(self.port()).await.expect("a connection");
        let answer = connection.send(request).await.expect("an answer");
        let mut head = format!("HTTP/1.1 {}\n", answer.status);
        for name in ["location", "set-cookie"] {
            answer.headers(name).for_each(|value| head.push_str(&format!("{name}: {value}\n")));
        }
        (head, answer.body.to_vec())
    }

    /// The JSON that the token endpoint answers.
    pub(super) async fn tokens(&self, client: &str, fields: &[(&str, &str)]) -> Value {
        let request = post(&self.token, &[("authorization", &basic(client))], &form(fields));
        let (head, body) = self.answer(&request).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{:?} {head} {}", self.who, String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }
}

/// Starts a program wherever there is room.
pub(super) fn start(command: Command, port: u16) -> Server {
    Server::start(command, port, None)
}

/// The program of a server.
pub(super) fn command(who: Who, port: u16, database: &str) -> Option<Command> {
    Some(match who {
        Who::Ours => ours(port, database),
        Who::Bare | Who::OauthAs => {
            let mut command = Command::new(env::current_exe().expect("this program"));
            command.args(["serve", if who == Who::Bare { "bare" } else { "oauth-as" }, &port.to_string()]);
            command
        }
        Who::Node => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
            let node = folder.join("node_modules/.bin/node");
            if !node.exists() {
                return None;
            }
            let client =
                json!({ "id": CLIENT, "secret": SECRET, "callback": CALLBACK, "challenge": CHALLENGE });
            let mut command = Command::new(node);
            command.arg(folder.join("provider.mjs")).args([port.to_string(), client.to_string()]);
            // It advises of every default.
            command.env("NODE_ENV", "production").stderr(Stdio::null());
            command
        }
    })
}

/// The reference host, as it is released.
pub(super) fn program() -> PathBuf {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/towergate-example-axum");
    env::var_os("TOWERGATE_BENCH_HOST").map_or(usual, PathBuf::from)
}

fn ours(port: u16, database: &str) -> Command {
    let folder = servers().join(port.to_string());
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = folder.join("towergate.toml");
    std::fs::write(&config, configuration(port, database)).expect("a configuration");
    let mut command = Command::new(program());
    // The others keep no log of what they did either.
    command.env("TOWERGATE_CONFIG", config).env("RUST_LOG", "error").current_dir(folder);
    command
}

/// Where servers keep what they keep: where builds are, and nothing of it outlives the next run.
pub(super) fn servers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers")
}

pub(super) fn configuration(port: u16, database: &str) -> String {
    format!(
        r#"
addr = "127.0.0.1:{port}"
issuer = "http://localhost:{port}"
database = "{database}"

[demo]
enabled = false

[limits]
login = 1000000

[requests]
max_waiting = 100000000

[[users]]
email = "{EMAIL}"
password = "{PASSWORD}"
email_verified = true

[[clients]]
client_id = "{CLIENT}"
client_secret = "{SECRET}"
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
scope = "openid email read"
access_token_format = "opaque"
id_token_signed_response_alg = "ES256"

[[clients]]
client_id = "{CLIENT}-jwt"
client_secret = "{SECRET}"
grant_types = ["client_credentials"]
scope = "read"
access_token_format = "jwt"
"#
    )
}

/// What HTTP Basic says of a client.
pub(super) fn basic(client: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{client}:{SECRET}")))
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn location(head: &str) -> String {
    head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned()
}

/// What a browser sends back of what it was told to keep.
fn cookies(head: &str) -> String {
    let set = head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    set.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}
