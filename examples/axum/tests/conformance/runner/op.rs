//! The provider under test: the reference host over TLS, under a clock that a module may move.

use std::{
    path::Path,
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use http::{Method, StatusCode};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime, sync::watch};
use towergate::{
    core::{Secret, Timestamp, clock::ManualClock},
    sqlite::SqliteStore,
};
use towergate_example_axum::{
    app::Axum,
    config::Config,
    courier,
    host::{Host, Server},
    run::Framework,
    serve::{TlsSetup, serve},
};
use url::Url;

use super::{
    browser::{Browser, Page},
    site::Site,
};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The provider, and the suite's own site.
pub(crate) struct Op {
    pub(crate) issuer: String,
    pub(crate) site: Site,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) server: Server<SqliteStore, SqliteStore>,
    pub(crate) store: SqliteStore,
    certificate: CertificateDer<'static>,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
}

impl Op {
    /// The provider that modules share which move no clock and turn no key.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Op>> = OnceLock::new();
        let begin = || {
            let (give, take) = mpsc::channel();
            thread::spawn(move || {
                Runtime::new().unwrap().block_on(async {
                    give.send(Self::alone().await).unwrap();
                    std::future::pending::<()>().await;
                });
            });
            take.recv().unwrap()
        };
        Arc::clone(SHARED.get_or_init(begin))
    }

    /// A provider of one's own.
    pub(crate) async fn alone() -> Arc<Self> {
        let (folder, listener, site) = (
            tempfile::tempdir().unwrap(),
            TcpListener::bind("127.0.0.1:0").await,
            TcpListener::bind("127.0.0.1:0").await,
        );
        let (listener, site) = (listener.unwrap(), site.unwrap());
        let [port, site_port] = [&listener, &site].map(|socket| socket.local_addr().unwrap().port());
        let certificate = certificate(folder.path());
        let config =
            Arc::new(Config::parse("conformance.toml", &toml(folder.path(), port, site_port)).unwrap());
        let tls = TlsSetup::load(config.tls.as_ref().unwrap()).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
        let store = SqliteStore::in_memory().unwrap();
        let host =
            Host::open_under(clock.clone(), config, store.clone(), store.clone(), Secret::new([7; 32]));
        let host = host.await.unwrap().0;
        let server = host.server.clone();
        let (stop, stopped) = watch::channel(false);
        let site = Site::open(site, tls.clone(), stopped.clone());
        tokio::spawn(courier::keep_telling(server.clone(), stopped.clone()));
        tokio::spawn(serve(
            listener,
            Some(tls),
            Axum::service(host),
            stopped,
            std::time::Duration::from_secs(10),
        ));
        let issuer = format!("https://localhost:{port}");
        Arc::new(Self { issuer, site, clock, server, store, certificate, _folder: folder, _stop: stop })
    }

    /// A browser that nobody has used.
    pub(crate) fn browser(&self) -> Browser {
        Browser::trusting(self.certificate.clone())
    }

    pub(crate) fn at(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.issuer)).unwrap()
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The document at an address, which must be JSON.
    pub(crate) async fn json(&self, url: &str) -> Value {
        let page = self.browser().send(Method::GET, Url::parse(url).unwrap(), &[], "").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        as_json(&page)
    }

    /// What the provider says of itself.
    pub(crate) async fn discovery(&self) -> Value {
        self.json(&format!("{}/.well-known/openid-configuration", self.issuer)).await
    }

    /// An endpoint by its name in the discovery document.
    pub(crate) async fn endpoint(&self, name: &str) -> Url {
        let document = self.discovery().await;
        Url::parse(document[name].as_str().unwrap_or_else(|| panic!("no {name}"))).unwrap()
    }
}

/// The body of an answer that says it is JSON.
pub(crate) fn as_json(page: &Page) -> Value {
    let said = page.headers.get("content-type").map(|value| value.to_str().unwrap());
    assert!(said.is_some_and(|said| said.starts_with("application/json")), "{said:?}: {}", page.text);
    serde_json::from_str(&page.text).unwrap()
}

/// The file that operators copy, with this test's addresses in it.
fn toml(folder: &Path, port: u16, site: u16) -> String {
    let file = |name: &str| format!("{:?}", folder.join(name).to_str().unwrap());
    let port_of = |port: u16| format!("localhost:{port}");
    include_str!("../../../conformance.toml")
        .replace("0.0.0.0:3443", &format!("127.0.0.1:{port}"))
        .replace("localhost:3443", &port_of(port))
        .replace("localhost.emobix.co.uk:8443", &port_of(site))
        .replace("\"cert.pem\"", &file("cert.pem"))
        .replace("\"key.pem\"", &file("key.pem"))
        .replace("\"suite.pem\"", &file("cert.pem"))
}

/// One certificate for both sites, which are on this machine.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([String::from("localhost")]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}
