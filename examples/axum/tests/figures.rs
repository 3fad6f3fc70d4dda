//! Figures are shown on a socket of their own, and on no other.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_towergate-example-axum");
const PATIENCE: Duration = Duration::from_secs(60);

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn start(folder: &Path, addr: SocketAddr, metrics: SocketAddr) -> Child {
    let path = folder.join("host.toml");
    // Nobody listens at the mail server's port: what is written waits.
    let config = format!(
        "addr = \"{addr}\"\nissuer = \"http://localhost:{}\"\ndatabase = \"sqlite:towergate.db\"\nmetrics = \"{metrics}\"\n\
         [mail]\nsmtp = \"insecure+smtp://127.0.0.1:1\"\nfrom = \"us@example.com\"\n\
         [[users]]\nemail = \"alice@example.com\"\npassword = \"correct horse battery staple\"\n",
        addr.port()
    );
    fs::write(&path, config).unwrap();
    let program = Command::new(PROGRAM)
        .env("TOWERGATE_CONFIG", path)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn();
    let mut child = program.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Ctrl-C")));
    child
}

fn ask(addr: SocketAddr, line: &str, form: &str) -> String {
    let mut asking = TcpStream::connect(addr).unwrap();
    asking.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        addr.port(),
        form.len()
    );
    asking.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    answer
}

/// The figures, once each of `lines` is among them.
fn figures_with(metrics: SocketAddr, lines: &[&str]) -> String {
    let mut figures = String::new();
    for _ in 0..600 {
        figures = ask(metrics, "GET /metrics", "");
        if lines.iter().all(|line| figures.lines().any(|told| told == *line)) {
            return figures;
        }
        thread::sleep(Duration::from_millis(100));
    }
    unreachable!("not all of {lines:?} is in\n{figures}");
}

#[test]
fn who_signs_in_and_what_waits_is_shown_to_whoever_collects_figures_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (addr, metrics) = (free(), free());
    let mut child = start(folder.path(), addr, metrics);
    ask(addr, "POST /login", "email=alice%40example.com&password=wrong");
    ask(addr, "POST /login", "email=alice%40example.com&password=correct+horse+battery+staple");
    ask(addr, "POST /forgot", "email=alice%40example.com");
    let figures = figures_with(
        metrics,
        &[
            "# TYPE towergate_outbox gauge",
            r#"towergate_outbox{queue="mail",state="waiting"} 1"#,
            r#"towergate_outbox{queue="logout",state="dead"} 0"#,
            r#"towergate_sign_ins_total{method="pwd",outcome="failed"} 1"#,
            r#"towergate_sign_ins_total{method="pwd",outcome="succeeded"} 1"#,
            r#"towergate_connections{store="sqlite",state="in_use"} 0"#,
            "# TYPE towergate_store_step_seconds histogram",
        ],
    );
    assert!(figures.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(figures.contains("content-type: text/plain; version=0.0.4; charset=utf-8"));
    assert!(!figures.contains("alice"));
    assert!(ask(metrics, "POST /metrics", "").starts_with("HTTP/1.1 405 "));
    assert!(ask(metrics, "GET /", "").starts_with("HTTP/1.1 404 "));
    assert!(ask(addr, "GET /metrics", "").starts_with("HTTP/1.1 404 "));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}
