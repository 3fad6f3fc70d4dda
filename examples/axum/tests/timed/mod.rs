//! A host under a clock that the test moves, and a client of it.

#[path = "../client/mod.rs"]
pub(crate) mod client;

use std::{sync::Arc, time::Duration};

use client::{Browser, Client, Code, EMAIL, PASSWORD, Page, Tokens, code_in, tokens_in};
use http::{Method, StatusCode, header};
use tokio::{net::TcpListener, sync::watch};
use towergate::{
    core::{Secret, Timestamp, clock::ManualClock},
    identity::{
        ports::UserStore,
        rules::{email::EmailAddress, user::UserId},
    },
    login::Goodbye,
    sqlite::SqliteStore,
};
use towergate_example_axum::{
    accounts::EndGrants, app::Axum, config::Config, host::Host, run::Framework, serve::serve,
};

pub(crate) const ONLINE: &str = "openid email";
pub(crate) const OFFLINE: &str = "openid email offline_access";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const MINUTE: u64 = 60;

/// A host on a socket, under a clock that the test moves.
pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: SqliteStore,
    pub(crate) goodbye: Goodbye<SqliteStore, EndGrants<SqliteStore, SqliteStore>>,
    _stop: watch::Sender<bool>,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::starting(Timestamp::from_unix_seconds(1_800_000_000), "").await
    }

    /// The same from another moment, with more in its configuration.
    pub(crate) async fn starting(at: Timestamp, more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let bob = format!("[[users]]\nemail = \"{BOB}\"\npassword = \"{PASSWORD}\"");
        let toml = format!("{}\n{bob}\n{more}", Client::toml(port, "memory:"));
        let config = Arc::new(Config::parse("test.toml", &toml).unwrap());
        let clock = Arc::new(ManualClock::at(at));
        let store = SqliteStore::in_memory().unwrap();
        let seal_key = Secret::new([7; 32]);
        let host = Host::open_under(clock.clone(), config, store.clone(), store.clone(), seal_key).await;
        let (stop, stopped) = watch::channel(false);
        let host = host.unwrap().0;
        let goodbye = host.goodbye();
        tokio::spawn(serve(listener, None, Axum::service(host), stopped, std::time::Duration::from_secs(10)));
        Self {
            client: Client { issuer: format!("http://localhost:{port}") },
            clock,
            store,
            goodbye,
            _stop: stop,
        }
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) async fn sign_in(&self, browser: &mut Browser, email: &str) {
        let login = browser.try_open(self.client.at("/login")).await.unwrap();
        let front = browser.submit(&login, &[("email", email), ("password", PASSWORD)]).await;
        assert!(front.text.contains("You are"), "{}", front.text);
    }

    /// Whoever is signed in lets the client have tokens for this scope.
    pub(crate) async fn tokens(&self, browser: &mut Browser, scope: &str) -> Tokens {
        let (url, verifier) = self.client.leave_for(scope);
        let consent = browser.try_open(url).await.unwrap();
        self.agreed(browser, &consent, verifier).await
    }

    /// The same, from the page that asks them.
    pub(crate) async fn agreed(&self, browser: &mut Browser, consent: &Page, verifier: String) -> Tokens {
        let answer = browser.try_submit(consent, &[("decision", "allow")]).await.unwrap();
        let code = Code { code: code_in(&answer), verifier };
        tokens_in(&self.client.redeem(&code).await.unwrap())
    }

    /// What an API of the host answers to the bearer of this token.
    pub(crate) async fn api(&self, path: &str, tokens: &Tokens) -> Page {
        let bearer = format!("Bearer {}", tokens.access);
        let url = self.client.at(path);
        Browser::default().send(Method::GET, url, &[("authorization", &bearer)], "").await
    }

    pub(crate) async fn refresh(&self, tokens: &Tokens) -> Page {
        self.client.refresh(&tokens.refresh).await.unwrap()
    }

    pub(crate) async fn userinfo(&self, tokens: &Tokens) -> StatusCode {
        let answer = self.client.userinfo(&tokens.access).await.unwrap();
        if answer.status == StatusCode::UNAUTHORIZED {
            let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
        answer.status
    }

    pub(crate) async fn alice(&self) -> UserId {
        let email = EmailAddress::parse(EMAIL).unwrap();
        self.store.find_user_by_email(&email).await.unwrap().unwrap().id
    }
}
