//! The program on SQLite, which is killed while it answers.

use std::{path::PathBuf, sync::mpsc::channel, time::Duration};

use tempfile::TempDir;
use tokio::task::block_in_place;
use towergate::core::system::Stopwatch;

use crate::{
    client::{Browser, Client, EMAIL, Lost, PASSWORD, Page},
    program::{Program, free_port},
};

pub(crate) const TOTP: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// A program of its own, with as many people as are asked for.
pub(crate) struct House {
    pub(crate) client: Client,
    pub(crate) database: PathBuf,
    /// How long what was cut last took, where it was not.
    pub(crate) took: Duration,
    program: Option<Program>,
    people: usize,
    _folder: TempDir,
}

impl House {
    /// With so many people who have an authenticator app.
    pub(crate) fn start(with_app: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, database) = (free_port(), folder.path().join("towergate.db"));
        let app = |number| {
            format!(
                "[[users]]\nemail = \"{}\"\npassword = \"{PASSWORD}\"\ntotp_secret = \"{TOTP}\"\n",
                with_an_app(number)
            )
        };
        let people: String = (0..with_app).map(app).collect();
        let limits =
            "\n[limits]\nlogin = 100000\nmfa = 100000\nregister = 100000\nforgot = 100000\nreset = 100000\n";
        let toml = Client::toml(port, &format!("sqlite:{}", database.display())) + &people + limits;
        let program = Some(block_in_place(|| Program::start(folder.path(), &toml)));
        let client = Client { issuer: format!("http://localhost:{port}") };
        Self { client, database, took: Duration::ZERO, program, people: 0, _folder: folder }
    }

    /// The address of somebody who was never here, whose password is that of everybody.
    pub(crate) fn somebody(&mut self) -> String {
        self.people += 1;
        let email = format!("somebody-{}@example.com", self.people);
        let database = rusqlite::Connection::open(&self.database).unwrap();
        let copied = database.execute(
            "INSERT INTO towergate_users (id, email, password, state, created_at, confirmed_at)
             SELECT randomblob(16), ?1, password, state, created_at, created_at FROM towergate_users WHERE email = ?2",
            [email.as_str(), EMAIL],
        );
        assert_eq!(copied.unwrap(), 1);
        email
    }

    /// Sends what is asked, kills the program so long after, if at all, and starts it again. What was answered, if it was.
    pub(crate) async fn cut(
        &mut self,
        after: Option<Duration>,
        asked: impl Future<Output = Result<Page, Lost>>,
    ) -> Option<Page> {
        let Some(after) = after else {
            let took = Stopwatch::started();
            let answer = asked.await.unwrap();
            self.took = took.elapsed();
            return Some(answer);
        };
        let (light, burnt) = channel();
        let killer = self.program.take().unwrap().kill_after(burnt, after);
        light.send(()).unwrap();
        let answer = asked.await.ok();
        self.program = Some(block_in_place(|| killer.join().unwrap().start_again()));
        answer
    }

    /// Signs in by password alone; the first page of that browser's after it.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, email: &str, password: &str) -> Page {
        let login = browser.try_open(self.client.at("/login")).await.unwrap();
        browser.try_submit(&login, &[("email", email), ("password", password)]).await.unwrap()
    }

    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        let front = browser.clone().try_open(self.client.at("/")).await.unwrap();
        front.text.contains("logout-submit")
    }

    /// The link in the newest mail to this address.
    pub(crate) async fn link_to(&self, email: &str) -> url::Url {
        for _ in 0..500 {
            let page = Browser::default().try_open(self.client.at("/dev/mailbox")).await.unwrap();
            let mail = page.text.split("<article").find(|mail| mail.contains(email)).unwrap_or_default();
            let link =
                mail.split("class=\"mail-link\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
            if let Some(link) = link {
                return link.replace("&#38;", "&").parse().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no mail came to {email}");
    }
}

/// The address of one of those who have an authenticator app.
pub(crate) fn with_an_app(number: usize) -> String {
    format!("app-{number}@example.com")
}
