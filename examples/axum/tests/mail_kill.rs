//! The program is killed while mail waits in its outbox: each mail that was queued comes at least once.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/program.rs"]
mod program;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use client::{Browser, Client};
use http::StatusCode;
use program::{Program, free_port};
use rusqlite::Connection;

const CHOSEN: &str = "seven purple ladders";
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_that_was_queued_outlives_a_kill_and_comes_at_least_once() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let client = Client { issuer: format!("http://localhost:{port}") };
    let database = folder.path().join("towergate.db");
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let mail = format!(
        "[mail]\nsmtp = \"insecure+smtp://127.0.0.1:{}\"\nfrom = \"host@example.com\"\n",
        relay.local_addr().unwrap().port()
    );
    let toml = Client::toml(port, &format!("sqlite:{}", database.display())) + &mail;
    // So far the relay takes connections and says nothing: whoever sends hangs, and dies so.
    let mut program = Program::start(folder.path(), &toml);
    let mut awaited = BTreeSet::new();
    for round in 0..ROUNDS {
        let address = format!("person-{round}@example.com");
        let browser = &mut Browser::default();
        let page = browser.try_open(client.at("/register")).await.unwrap();
        let answer = browser.submit(&page, &[("email", &address), ("password", CHOSEN)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        awaited.insert(address);
        program = program.kill().start_again();
    }
    let dead = program.kill();
    assert_eq!(waiting(&database), ROUNDS, "nothing was sent, and nothing is lost");
    expire_leases(&database);

    let (told, heard) = channel();
    thread::spawn(move || relay.incoming().flatten().for_each(|stream| serve(stream, &told)));
    let program = dead.start_again();
    let mut came = BTreeSet::new();
    while came != awaited {
        came.insert(next(&heard));
    }
    // What the relay has is finished: nothing waits any more, once that is written down.
    for _ in 0..600 {
        if waiting(&database) == 0 {
            program.kill();
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("mail that was sent still waits");
}

#[cfg(test)]
fn next(heard: &Receiver<String>) -> String {
    heard.recv_timeout(Duration::from_secs(60)).unwrap()
}

/// How many mails wait.
#[cfg(test)]
fn waiting(database: &Path) -> usize {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT count(*) FROM towergate_mails WHERE due_at IS NOT NULL";
    let count: u32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// What was being sent when the program died is due again in two minutes: let them pass.
#[cfg(test)]
fn expire_leases(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection.execute("UPDATE towergate_mails SET due_at = 0 WHERE due_at IS NOT NULL", []).unwrap();
}

/// As much of a mail relay as a sender needs; tells each address that a mail came to.
#[cfg(test)]
fn serve(stream: TcpStream, told: &Sender<String>) {
    let mut answers = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut say = move |text: &str| answers.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    say("220 relay.example");
    let mut to = None;
    while let Some(line) = lines.next() {
        let said = if line.starts_with("EHLO") {
            say("250 relay.example")
        } else if let Some(address) = line.strip_prefix("RCPT TO:<") {
            to = address.split('>').next().map(str::to_owned);
            say("250 ok")
        } else if line == "DATA" {
            let began = say("354 go on");
            let whole = lines.by_ref().any(|line| line == ".");
            if whole && let Some(to) = to.take() {
                // Told first: a mail that the sender believes sent was taken.
                let _ = told.send(to);
            }
            began && say("250 taken")
        } else if line == "QUIT" {
            say("221 bye");
            return;
        } else {
            say("250 ok")
        };
        if !said {
            return;
        }
    }
}
