//! Keys behind an address, over TLS on this machine.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::FutureExt;
use rcgen::{CertifiedKey, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use towergate_core::{Clock, Timestamp, clock::ManualClock};
use towergate_guarded_http::Policy;
use towergate_jose::Jwk;

use super::*;

/// A client's own server, which says what a test wants, when it wants.
pub(crate) struct Publisher {
    pub(crate) uri: String,
    pub(crate) ca: String,
    answer: Mutex<String>,
    asked: AtomicUsize,
    /// Each answer takes one.
    permits: Semaphore,
}

impl Publisher {
    pub(crate) async fn start() -> Arc<Self> {
        let certified = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let publisher = Arc::new(Self {
            uri: format!("https://localhost:{}/jwks.json", listener.local_addr().unwrap().port()),
            ca: certified.cert.pem(),
            answer: Mutex::new(String::new()),
            asked: AtomicUsize::new(0),
            permits: Semaphore::new(Semaphore::MAX_PERMITS / 2),
        });
        tokio::spawn(Arc::clone(&publisher).serve(listener, acceptor(&certified)));
        publisher
    }

    async fn serve(self: Arc<Self>, listener: TcpListener, tls: TlsAcceptor) {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (this, tls) = (Arc::clone(&self), tls.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = tls.accept(tcp).await else { return };
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                this.asked.fetch_add(1, Ordering::SeqCst);
                this.permits.acquire().await.unwrap().forget();
                let answer = this.answer.lock().unwrap().clone();
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    }

    /// From now on it publishes keys of these names, under this header.
    fn publishes(&self, kids: &[&str], header: &str) {
        let key = |kid: &&str| {
            let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
            format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}"#)
        };
        let keys: Vec<_> = kids.iter().map(key).collect();
        self.says("200 OK", header, &format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    }

    pub(crate) fn says(&self, status: &str, header: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() =
            format!("HTTP/1.1 {status}\r\n{header}content-length: {length}\r\n\r\n{body}");
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn acceptor(certified: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

struct Bench {
    publisher: Arc<Publisher>,
    fetched: FetchedKeys,
    client: GuardedClient,
    clock: Arc<ManualClock>,
}

impl Bench {
    async fn new() -> Self {
        let publisher = Publisher::start().await;
        publisher.publishes(&["a"], "");
        let policy = Policy::new().danger_allow_loopback().extra_ca(publisher.ca.as_bytes());
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let client = GuardedClient::new(policy).unwrap();
        Self { publisher, fetched: FetchedKeys::default(), client, clock }
    }

    async fn keys(&self, kid: Option<&str>) -> Result<Vec<String>, ClientKeysError> {
        self.keys_at(&self.publisher.uri, kid).await
    }

    async fn keys_at(&self, uri: &str, kid: Option<&str>) -> Result<Vec<String>, ClientKeysError> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let keys = self.fetched.of(&self.client, uri, kid, &clock).await?;
        Ok(keys.keys().iter().filter_map(Jwk::kid).map(str::to_owned).collect())
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_are_old() {
    let bench = Bench::new().await;
    bench.publisher.publishes(&["a"], "cache-control: max-age=600\r\n");
    for _ in 0..3 {
        assert_eq!(bench.keys(Some("a")).await.unwrap(), ["a"]);
    }
    assert_eq!(bench.publisher.asked(), 1);
    bench.publisher.publishes(&["b"], "");
    bench.clock.advance(Duration::from_secs(599));
    assert_eq!(bench.keys(Some("a")).await.unwrap(), ["a"]);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.keys(Some("b")).await.unwrap(), ["b"]);
    assert_eq!(bench.publisher.asked(), 2);
}

#[tokio::test]
async fn an_unknown_kid_has_them_fetched_at_once_and_then_once_a_minute() {
    let bench = Bench::new().await;
    bench.keys(Some("a")).await.unwrap();
    bench.publisher.publishes(&["b"], "");
    assert_eq!(bench.keys(Some("b")).await.unwrap(), ["b"]);
    assert_eq!(bench.publisher.asked(), 2);
    bench.publisher.publishes(&["c"], "");
    for _ in 0..3 {
        assert_eq!(bench.keys(Some("c")).await.unwrap(), ["b"]);
    }
    assert_eq!(bench.publisher.asked(), 2);
    bench.clock.advance(COOLDOWN);
    assert_eq!(bench.keys(Some("c")).await.unwrap(), ["c"]);
    for n in 0..20 {
        let _ = bench.keys(Some(&format!("invented {n}"))).await;
    }
    assert_eq!(bench.publisher.asked(), 3);
}

#[tokio::test]
async fn the_last_good_keys_stay_when_a_fetch_fails() {
    let bench = Bench::new().await;
    bench.keys(None).await.unwrap();
    for (status, header, body) in [
        ("500 Internal Server Error", "", ""),
        ("302 Found", "location: https://localhost/\r\n", ""),
        ("200 OK", "", "not json"),
        ("200 OK", "", r#"{"keys":[{"kty":"oct","k":"AA"}]}"#),
    ] {
        bench.publisher.says(status, header, body);
        bench.clock.advance(USUAL_AGE);
        let asked = bench.publisher.asked();
        assert_eq!(bench.keys(None).await.unwrap(), ["a"], "{status} {body}");
        assert_eq!(bench.publisher.asked(), asked + 1, "{status} {body}");
    }
}

#[tokio::test]
async fn without_keys_the_failure_is_told_and_soon_tried_again() {
    let bench = Bench::new().await;
    bench.publisher.says("404 Not Found", "", "");
    for _ in 0..2 {
        assert!(matches!(bench.keys(None).await, Err(ClientKeysError::Fetch(_))));
    }
    assert_eq!(bench.publisher.asked(), 1);
    bench.publisher.publishes(&["a"], "");
    bench.clock.advance(PAUSE);
    assert_eq!(bench.keys(None).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_fetch_and_one_who_leaves_takes_nothing_away() {
    let bench = Arc::new(Bench::new().await);
    bench.publisher.permits.forget_permits(usize::MAX);
    let mut waiting: Vec<_> = (0..32)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.keys(Some("a")).await })
        })
        .collect();
    while bench.publisher.asked() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.remove(0).abort();
    bench.publisher.permits.add_permits(1);
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap(), ["a"]);
    }
    assert_eq!(bench.publisher.asked(), 1);
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_any_more_comes_to_its_end() {
    let bench = Arc::new(Bench::new().await);
    bench.publisher.permits.forget_permits(usize::MAX);
    let asking = {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.keys(None).await })
    };
    while bench.publisher.asked() == 0 {
        tokio::task::yield_now().await;
    }
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    bench.publisher.permits.add_permits(1);
    assert_eq!(bench.keys(None).await.unwrap(), ["a"]);
    assert_eq!(bench.publisher.asked(), 1);
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
    let bench = Bench::new().await;
    bench.keys(None).await.unwrap();
    for n in 0..MAX_SETS - 1 {
        assert!(bench.keys_at(&format!("not an address {n}"), None).await.is_err());
    }
    bench.keys(None).await.unwrap();
    assert!(bench.keys_at("one too many", None).await.is_err());
    bench.keys(None).await.unwrap();
    assert_eq!(bench.publisher.asked(), 1, "it was in use");
    for n in 0..MAX_SETS {
        assert!(bench.keys_at(&format!("another {n}"), None).await.is_err());
    }
    bench.keys(None).await.unwrap();
    assert_eq!(bench.publisher.asked(), 2, "it was not");
}

#[tokio::test]
async fn what_is_being_fetched_gives_way_to_nothing() {
    let bench = Bench::new().await;
    bench.publisher.permits.forget_permits(usize::MAX);
    assert!(bench.keys(None).now_or_never().is_none());
    for n in 0..MAX_SETS + 1 {
        assert!(bench.keys_at(&format!("not an address {n}"), None).await.is_err());
    }
    bench.publisher.permits.add_permits(2);
    assert_eq!(bench.keys(None).await.unwrap(), ["a"]);
    assert_eq!(bench.publisher.asked(), 1);
}

#[tokio::test]
async fn a_host_that_is_slow_leaves_fetches_to_the_others() {
    let bench = Bench::new().await;
    bench.publisher.permits.forget_permits(usize::MAX);
    let uris: Vec<_> = (0..MAX_FETCHES_AT_ONE_HOST).map(|n| format!("{}?{n}", bench.publisher.uri)).collect();
    for uri in &uris {
        // The first look begins the fetch.
        assert!(bench.keys_at(uri, None).now_or_never().is_none());
    }
    assert!(matches!(bench.keys(None).await, Err(ClientKeysError::Busy)));
    let another = Publisher::start().await;
    another.publishes(&["b"], "");
    let elsewhere = another.uri.replace("localhost", "127.0.0.1");
    assert!(!matches!(bench.keys_at(&elsewhere, None).await, Err(ClientKeysError::Busy)));
    bench.publisher.permits.add_permits(MAX_FETCHES_AT_ONE_HOST + 1);
    for uri in &uris {
        assert_eq!(bench.keys_at(uri, None).await.unwrap(), ["a"]);
    }
    assert_eq!(bench.keys(None).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn only_so_many_are_fetched_at_a_time() {
    let bench = Bench::new().await;
    for n in 0..MAX_FETCHES {
        let uri = format!("https://host-{}.invalid/{n}", n / MAX_FETCHES_AT_ONE_HOST);
        assert!(bench.keys_at(&uri, None).now_or_never().is_none());
    }
    assert!(matches!(bench.keys(None).await, Err(ClientKeysError::Busy)));
}

#[test]
fn a_fetch_that_was_broken_off_is_begun_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (home, gone) = (runtime(), runtime());
    let bench = home.block_on(Bench::new());
    gone.block_on(async { assert!(bench.keys(None).now_or_never().is_none()) });
    drop(gone);
    home.block_on(async {
        assert!(matches!(bench.keys(None).await, Err(ClientKeysError::BrokenOff)));
        bench.clock.advance(PAUSE);
        assert_eq!(bench.keys(None).await.unwrap(), ["a"]);
    });
}
