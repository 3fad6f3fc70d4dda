//! How the program ends when it is told to, around any framework.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A host that runs, and what it says.
struct Host {
    child: Child,
    addr: SocketAddr,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Host {
    fn start(program: &str, folder: &Path, more: &str) -> Self {
        // Free a moment ago; whoever takes it in between makes the start fail, and the test with it.
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let path = folder.join("host.toml");
        let config = format!(
            "addr = \"{addr}\"\nissuer = \"http://localhost:{}\"\ndatabase = \"sqlite:towergate.db\"\n{more}",
            addr.port()
        );
        fs::write(&path, config).unwrap();
        let mut child = Command::new(program)
            .env("TOWERGATE_CONFIG", path)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut host = Self { child, addr, lines: Box::new(lines.map(Result::unwrap)) };
        host.hear("Ctrl-C stops it.");
        host
    }

    fn hear(&mut self, wanted: &str) {
        assert!(self.lines.any(|line| line == wanted), "it never said: {wanted}");
    }

    /// Begins a request whose body is still to come, and waits until the host asks for that.
    fn ask(&self) -> TcpStream {
        let mut asking = TcpStream::connect(self.addr).unwrap();
        asking.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
                    content-type: application/x-www-form-urlencoded\r\ncontent-length: 8\r\n\r\n";
        asking.write_all(head.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        asking.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        asking
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks on a connection, and answers the head.
    fn head(&self, connection: &mut TcpStream, path: &str) -> String {
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let asked = format!("HEAD {path} HTTP/1.1\r\nhost: localhost:{}\r\n\r\n", self.addr.port());
        connection.write_all(asked.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        String::from_utf8(head).unwrap()
    }

    /// Waits until nobody listens any more.
    fn await_refusal(&self) {
        let refused = (0..2000).any(|_| {
            thread::sleep(Duration::from_millis(5));
            TcpStream::connect(self.addr).is_err()
        });
        assert!(refused, "connections are still taken");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn a_request_under_way_is_answered_and_the_next_is_refused(program: &str) {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut host = Host::start(program, folder.path(), "[shutdown]\ngrace = \"0s\"\n");
        let mut asking = host.ask();
        host.signal(signal);
        host.hear("Finishing what is under way.");
        host.await_refusal();
        asking.write_all(b"a=1&b=2&").unwrap();
        let mut answer = String::new();
        asking.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("invalid_client"), "{answer}");
        assert_eq!(host.child.wait().unwrap().code(), Some(0), "SIG{signal}");
        let left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
        left.sort();
        assert!(!left.iter().any(|name| name.ends_with("-wal")), "the store was closed: {left:?}");
    }
}

pub(crate) fn a_request_that_never_ends_is_cut_off(program: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(program, folder.path(), "[shutdown]\ngrace = \"0s\"\nwithin = \"1s\"\n");
    let mut asking = host.ask();
    host.signal("TERM");
    assert_eq!(host.child.wait().unwrap().code(), Some(0));
    let mut answer = Vec::new();
    let _ = asking.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

pub(crate) fn everybody_is_told_before_the_end(program: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(program, folder.path(), "[shutdown]\ngrace = \"10m\"\n");
    let mut kept = TcpStream::connect(host.addr).unwrap();
    let (front, ready) = (host.head(&mut kept, "/"), host.head(&mut kept, "/readyz"));
    assert!(ready.starts_with("HTTP/1.1 200") && !(front + &ready).contains("connection: close"));
    host.signal("TERM");
    host.hear("Ending soon; another signal ends at once.");
    // It goes on as ever, and whoever asks is told.
    let ready = (0..2000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        host.head(&mut TcpStream::connect(host.addr).unwrap(), "/readyz").starts_with("HTTP/1.1 503")
    });
    assert!(ready, "it is still ready");
    for connection in [&mut kept, &mut TcpStream::connect(host.addr).unwrap()] {
        let answer = host.head(connection, "/");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
        assert_eq!(connection.read(&mut [0]).unwrap(), 0, "it was the last");
    }
    assert!(host.head(&mut TcpStream::connect(host.addr).unwrap(), "/livez").starts_with("HTTP/1.1 200"));
    host.signal("TERM");
    host.hear("Finishing what is under way.");
    assert_eq!(host.child.wait().unwrap().code(), Some(0));
}
