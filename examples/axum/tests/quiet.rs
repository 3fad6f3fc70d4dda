//! What the program writes to its log, at the level `info`, names nobody.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_towergate-example-axum");
const PASSWORD: &str = "correct horse battery staple";
/// Behind a proxy that names somebody else, so that an address in the log is not the one that the host listens at.
const ASKED_FROM: &str = "203.0.113.77";

fn start(folder: &Path, addr: SocketAddr) -> Child {
    let path = folder.join("host.toml");
    let config = format!(
        "addr = \"{addr}\"\nissuer = \"http://localhost:{}\"\ndatabase = \"sqlite:towergate.db\"\n\
         [limits]\ntrusted_proxies = [\"127.0.0.0/8\"]\nheader = \"x-forwarded-for\"\nforgot = 2\n\
         [[users]]\nemail = \"alice@example.com\"\npassword = \"{PASSWORD}\"\n",
        addr.port()
    );
    fs::write(&path, config).unwrap();
    let log = File::create(folder.join("log")).unwrap();
    let mut child = Command::new(PROGRAM)
        .env("TOWERGATE_CONFIG", path)
        .env("RUST_LOG", "info")
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Ctrl-C")));
    child
}

/// One request on a connection of its own; answers the head and the body.
fn ask(addr: SocketAddr, line: &str, cookie: &str, form: &str) -> String {
    let mut asking = TcpStream::connect(addr).unwrap();
    asking.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\nx-forwarded-for: {ASKED_FROM}\r\n\
         sec-fetch-site: same-origin\r\ncookie: {cookie}\r\nuser-agent: Secretive/1\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        addr.port(),
        form.len()
    );
    asking.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn no_address_token_or_cookie_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = start(folder.path(), addr);
    let post = |path: &str, cookie: &str, form: &str| ask(addr, &format!("POST {path}"), cookie, form);
    post("/login", "", "email=alice%40example.com&password=wrong-and-private");
    post("/login", "", "email=mallory%40example.org&password=wrong-and-private");
    let signed_in =
        post("/login", "", &format!("email=alice%40example.com&password={}", PASSWORD.replace(' ', "+")));
    let set = signed_in.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = set.map(|set| set.split(';').next().unwrap()).find(|set| set.starts_with("tgs=")).unwrap();
    assert!(ask(addr, "GET /account?email=alice%40example.com", cookie, "").starts_with("HTTP/1.1 200"));
    for email in ["alice%40example.com", "bob%40example.net", "alice%40example.com", "alice%40example.com"] {
        post("/forgot", "", &format!("email={email}"));
    }
    post("/register", "", "email=bob%40example.net&password=a+new+and+private+password");
    post("/oauth/token", "", "grant_type=refresh_token&client_id=nobody&refresh_token=tgr_private.token");
    ask(addr, "GET /oauth/authorize?client_id=nobody&login_hint=alice%40example.com", cookie, "");
    ask(addr, "GET /readyz", "", "");
    assert!(post("/logout", cookie, "").starts_with("HTTP/1.1 303"));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());

    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    for told in ["login.succeeded", "login.failed", "session.created", "rate_limited", "towergate::request"] {
        assert!(log.contains(told), "the journey was told at all: {told}\n{log}");
    }
    let secret = cookie.split(['.', '=']).next_back().unwrap();
    for private in [
        "alice",
        "mallory",
        "bob",
        "example.com",
        "%40",
        "private",
        "horse",
        secret,
        ASKED_FROM,
        "203.0.113",
        "Secretive",
    ] {
        let line = log.lines().find(|line| line.contains(private));
        assert!(line.is_none(), "{private}: {}", line.unwrap());
    }
}
