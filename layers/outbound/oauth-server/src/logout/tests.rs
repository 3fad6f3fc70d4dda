//! Clients are told directly, over real sockets.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use towergate_core::{
    Clock, Digest, Timestamp, audit::Origin, clock::ManualClock, id::Uuid, random::InsecureSeededRandom,
};
use towergate_guarded_http::{GuardedClient, Policy};
use towergate_jose::{Algorithm, Expected, Typ, jws};
use towergate_oauth::{
    ports::{ClientStore, InteractionStore, LogoutStore, memory::MemoryStore},
    rules::{
        client::{Client, ClientId, ClientMetadata, SubjectType},
        code::Code,
        grant::{Grant, GrantId, SignIn, Subject},
        logout::notice,
    },
};
use towergate_oauth_types::Scope;

use super::{Deliveries, DeliveryError, check_session};
use crate::{
    AuthorizationServer, Issuer, ServerConfig,
    account::{Account, AccountResolver, Claims, Context, ResolverError},
    pages::{ConsentView, ErrorView, OAuthPages},
    test_keys::keys,
};

const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A client's own server: it answers what it is told to, and remembers the requests.
struct Listener {
    uri: String,
    heard: Mutex<Vec<String>>,
    says: Mutex<&'static str>,
}

impl Listener {
    async fn saying(says: &'static str) -> Arc<Self> {
        Self::at("127.0.0.1:0", says).await
    }

    async fn at(address: &str, says: &'static str) -> Arc<Self> {
        let listener = TcpListener::bind(address).await.unwrap();
        let uri = format!("http://{}/told", listener.local_addr().unwrap());
        let this = Arc::new(Self { uri, heard: Mutex::default(), says: Mutex::new(says) });
        let serving = Arc::clone(&this);
        tokio::spawn(async move {
            loop {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let this = Arc::clone(&serving);
                tokio::spawn(async move {
                    let request = read(&mut tcp).await;
                    this.heard.lock().unwrap().push(request);
                    let says = *this.says.lock().unwrap();
                    let answer = format!("HTTP/1.1 {says}\r\ncontent-length: 0\r\n\r\n");
                    let _ = tcp.write_all(answer.as_bytes()).await;
                });
            }
        });
        this
    }

    fn says(&self, says: &'static str) {
        *self.says.lock().unwrap() = says;
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The tokens that came, verified with the keys of `server`.
    fn tokens(&self, server: &Server, algorithm: Algorithm) -> Vec<Value> {
        let tokens = self.heard().into_iter().map(|request| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            let head = head.to_ascii_lowercase();
            assert!(head.starts_with("post /told http/1.1\r\n"), "{head}");
            assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
            let token = body.strip_prefix("logout_token=").unwrap();
            let expected = Expected { algorithms: &[algorithm], typ: Typ::Exactly("logout+jwt") };
            jws::verify(token, &server.keys().jwks(), &expected).unwrap().claims().unwrap()
        });
        tokens.collect()
    }
}

/// The whole request, as long as its header says.
async fn read(tcp: &mut tokio::net::TcpStream) -> String {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            if body.len() >= length.trim().parse().unwrap() {
                return text;
            }
        }
        let count = tcp.read(&mut part).await.unwrap();
        assert!(count > 0, "the request broke off");
        read.extend_from_slice(&part[..count]);
    }
}

type Server = AuthorizationServer<MemoryStore, Nobody, Nothing>;

struct Bench {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    server: Server,
}

impl Bench {
    fn new() -> Self {
        Self::with(GuardedClient::new(Policy::new().danger_allow_loopback()).ok())
    }

    fn with(outbound: Option<GuardedClient>) -> Self {
        let store = MemoryStore::new();
        let clock = Arc::new(ManualClock::at(START));
        let config = ServerConfig::new(Issuer::https("https://id.example").unwrap());
        let server = AuthorizationServer::new(store.clone(), keys(), Arc::new(Nobody), Nothing, config)
            .clock(clock.clone())
            .random(Arc::new(InsecureSeededRandom::new(5)));
        let server = match outbound {
            Some(client) => server.outbound(client),
            None => server,
        };
        Self { store, clock, server }
    }

    fn origin(&self) -> Origin {
        Origin::detached(self.clock.now(), &InsecureSeededRandom::new(1)).unwrap()
    }

    /// Registers a client that is told at `uri`, and lets it in at Alice's sign-in.
    async fn client(&self, id: &str, uri: &str, change: impl FnOnce(&mut ClientMetadata)) {
        self.client_in("sid-alice", id, uri, change).await;
    }

    async fn client_in(&self, sid: &str, id: &str, uri: &str, change: impl FnOnce(&mut ClientMetadata)) {
        let mut metadata = ClientMetadata::default();
        metadata.backchannel_logout_uri = Some(uri.to_owned());
        metadata.redirect_uris = vec![String::from("https://shop.example/cb")];
        change(&mut metadata);
        let client = Client::unchecked(ClientId::parse(id).unwrap(), None, metadata);
        self.store.put_client(client.clone(), self.origin()).await.unwrap();
        let now = self.clock.now();
        let n = Uuid::from_u128(u128::from(id.bytes().fold(0_u64, |sum, byte| sum * 31 + u64::from(byte))));
        let sid = Some(sid.to_owned());
        let grant = Grant {
            id: GrantId::from_uuid(n),
            client: client.id,
            subject: Subject::parse("alice").unwrap(),
            scope: Scope::parse("openid offline_access").unwrap(),
            audience: Vec::new(),
            claims: Default::default(),
            sign_in: SignIn { auth_time: now, acr: None, amr: Vec::new(), sid },
            created_at: now,
        };
        let code = Code {
            id: n,
            digest: Digest::of(b"code"),
            grant: grant.id,
            redirect_uri: String::from("https://shop.example/cb"),
            redirect_uri_was_sent: true,
            code_challenge: None,
            nonce: None,
            expires_at: now,
        };
        self.store.issue_code(grant, code, None, self.origin()).await.unwrap();
    }

    async fn end(&self) {
        self.server.end_sign_in("sid-alice", self.origin()).await.unwrap();
    }

    async fn turn(&self) -> Deliveries {
        self.server.deliver_logouts().await.unwrap()
    }

    /// The facts of this name, with their reasons.
    fn reasons(&self, action: &str) -> Vec<&'static str> {
        let events = self.store.events();
        events.iter().filter(|event| event.action == action).filter_map(|event| event.reason).collect()
    }
}

const fn delivered(delivered: u64) -> Deliveries {
    Deliveries { delivered, delayed: 0, given_up: 0 }
}

const DELAYED: Deliveries = Deliveries { delivered: 0, delayed: 1, given_up: 0 };
const GIVEN_UP: Deliveries = Deliveries { delivered: 0, delayed: 0, given_up: 1 };

#[tokio::test]
async fn back_channel_2_4_a_client_gets_a_token_that_it_can_verify() {
    for says in ["200 OK", "204 No Content"] {
        let bench = Bench::new();
        let shop = Listener::saying(says).await;
        bench.client("shop", &shop.uri, |_| ()).await;
        assert_eq!(bench.turn().await, delivered(0), "before the end");
        bench.end().await;
        assert_eq!(bench.turn().await, delivered(1));
        let [token] = &shop.tokens(&bench.server, Algorithm::RS256)[..] else { panic!("once") };
        let iat = START.unix_seconds();
        assert_eq!((&token["iss"], &token["aud"]), (&json!("https://id.example"), &json!("shop")));
        assert_eq!((&token["sub"], &token["sid"]), (&json!("alice"), &json!("sid-alice")));
        assert_eq!((&token["iat"], &token["exp"]), (&json!(iat), &json!(iat + 120)));
        assert_eq!(token["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert!(token["jti"].is_string() && token.get("nonce").is_none());
        bench.end().await;
        assert_eq!(bench.turn().await, delivered(0), "once");
        assert_eq!(shop.heard().len(), 1);
    }
}

#[tokio::test]
async fn back_channel_2_6_the_token_is_signed_as_id_tokens_are_and_names_the_person_as_they_do() {
    let bench = Bench::new();
    let (es, ps) = (Listener::saying("200 OK").await, Listener::saying("200 OK").await);
    bench.client("es", &es.uri, |client| client.id_token_signed_response_alg = Algorithm::ES256).await;
    // The ring of the bench has no such key (any more).
    bench
        .client("ps", &ps.uri, |client| {
            client.id_token_signed_response_alg = Algorithm::PS256;
            client.subject_type = SubjectType::Pairwise;
        })
        .await;
    bench.end().await;
    assert_eq!(bench.turn().await, delivered(2));
    assert_eq!(es.tokens(&bench.server, Algorithm::ES256)[0]["sub"], "alice");
    let client = bench.store.find_client(&ClientId::parse("ps").unwrap()).await.unwrap().unwrap();
    let sub = bench.server.sub_of(&client, &Subject::parse("alice").unwrap());
    assert_eq!(ps.tokens(&bench.server, Algorithm::RS256)[0]["sub"], sub.as_str());
}

#[tokio::test]
async fn back_channel_2_5_who_may_hear_it_later_is_told_again_each_time_with_a_token_of_its_own() {
    for says in [
        "503 Service Unavailable",
        "500 Internal Server Error",
        "429 Too Many Requests",
        "408 Request Timeout",
    ] {
        let bench = Bench::new();
        let shop = Listener::saying(says).await;
        bench.client("shop", &shop.uri, |_| ()).await;
        bench.end().await;
        assert_eq!(bench.turn().await, DELAYED, "{says}");
        bench.clock.advance(Duration::from_millis(4_999));
        assert_eq!(bench.turn().await, delivered(0));
        bench.clock.advance(Duration::from_millis(5_001));
        shop.says("200 OK");
        assert_eq!(bench.turn().await, delivered(1));
        let [first, second] = &shop.tokens(&bench.server, Algorithm::RS256)[..] else { panic!("twice") };
        let jti = |token: &Value| token["jti"].as_str().unwrap().split_once('.').unwrap().0.to_owned();
        assert_eq!(jti(first), jti(second), "by which it is known for the same notice");
        assert_ne!(first["jti"], second["jti"]);
        assert!(second["iat"].as_i64() > first["iat"].as_i64());
        assert_eq!(bench.reasons("logout.delayed"), ["status"]);
    }
}

#[tokio::test]
async fn who_never_answers_is_given_up_after_seven_attempts() {
    let bench = Bench::new();
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    bench.client("shop", &format!("http://{gone}/told"), |_| ()).await;
    bench.end().await;
    for seconds in [0, 10, 60, 360, 2160, 12_960] {
        bench.clock.advance(Duration::from_secs(seconds));
        assert_eq!(bench.turn().await, DELAYED, "{seconds}");
        assert_eq!(bench.turn().await, delivered(0), "{seconds}");
    }
    bench.clock.advance(Duration::from_secs(21_600));
    assert_eq!(bench.turn().await, GIVEN_UP);
    bench.clock.advance(Duration::from_secs(100_000));
    assert_eq!(bench.turn().await, delivered(0));
    assert_eq!(bench.reasons("logout.given_up"), ["connection"]);
}

#[tokio::test]
async fn a_refusal_is_the_last_word() {
    for (says, reason) in [
        ("400 Bad Request", "status"),
        ("404 Not Found", "status"),
        ("501 Not Implemented", "status"),
        ("302 Found", "redirect"),
    ] {
        let bench = Bench::new();
        let shop = Listener::saying(says).await;
        bench.client("shop", &shop.uri, |_| ()).await;
        bench.end().await;
        assert_eq!(bench.turn().await, GIVEN_UP, "{says}");
        assert_eq!(bench.reasons("logout.given_up"), [reason], "{says}");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_or_has_no_address_any_more_is_not_told() {
    let bench = Bench::new();
    let shop = Listener::saying("200 OK").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    bench.store.disable_client(ClientId::parse("shop").unwrap(), bench.origin()).await.unwrap();
    assert_eq!(bench.turn().await, GIVEN_UP);
    assert_eq!(bench.reasons("logout.given_up"), ["client_gone"]);
    assert!(shop.heard().is_empty());
}

#[tokio::test]
async fn only_public_addresses_are_told() {
    let strict = GuardedClient::new(Policy::new()).ok();
    for (uri, deliveries, reason) in [
        ("http://shop.example/told", GIVEN_UP, "bad_uri"),
        ("ftp://shop.example/told", GIVEN_UP, "bad_uri"),
        ("https://169.254.169.254/told", DELAYED, "address"),
        ("https://127.0.0.1/told", DELAYED, "address"),
    ] {
        let bench = Bench::with(strict.clone());
        bench.client("shop", uri, |_| ()).await;
        bench.end().await;
        assert_eq!(bench.turn().await, deliveries, "{uri}");
        let action = if deliveries == GIVEN_UP { "logout.given_up" } else { "logout.delayed" };
        assert_eq!(bench.reasons(action), [reason], "{uri}");
    }
}

#[tokio::test]
async fn of_two_that_deliver_at_once_one_tells_each_client() {
    let bench = Bench::new();
    let mut listeners = Vec::new();
    // More than are taken at a time.
    for n in 0..40 {
        let listener = Listener::saying("200 OK").await;
        bench.client(&format!("app-{n}"), &listener.uri, |_| ()).await;
        listeners.push(listener);
    }
    bench.end().await;
    let other = bench.server.clone();
    let (one, two) = tokio::join!(bench.turn(), other.deliver_logouts());
    assert_eq!(one.delivered + two.unwrap().delivered, 40);
    assert!(listeners.iter().all(|listener| listener.heard().len() == 1));
}

#[tokio::test]
async fn why_a_client_was_not_told_is_on_record() {
    let plain = || GuardedClient::new(Policy::new().danger_allow_loopback());
    let hasty =
        || GuardedClient::new(Policy::new().danger_allow_loopback().timeout(Duration::from_millis(50)));
    let held = Arc::new(Mutex::new(Vec::new()));
    let silent = silent_host(Arc::clone(&held)).await;
    let stranger = crate::test_site::Site::open().await.origin;
    for (law, outbound, uri, deliveries, reason) in [
        ("nobody vouches for it", plain(), stranger.as_str(), DELAYED, "tls"),
        ("it never answers", hasty(), &silent, DELAYED, "timeout"),
    ] {
        let bench = Bench::with(outbound.ok());
        bench.client("shop", uri, |_| ()).await;
        bench.end().await;
        assert_eq!(bench.turn().await, deliveries, "{law}");
        assert_eq!(bench.reasons("logout.delayed"), [reason], "{law}");
    }
}

#[tokio::test]
async fn a_client_that_asks_for_it_no_more_is_not_told() {
    let bench = Bench::new();
    let shop = Listener::saying("200 OK").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    let id = ClientId::parse("shop").unwrap();
    let mut client = Arc::unwrap_or_clone(bench.store.find_client(&id).await.unwrap().unwrap());
    client.metadata.backchannel_logout_uri = None;
    bench.store.put_client(client, bench.origin()).await.unwrap();
    assert_eq!(bench.turn().await, GIVEN_UP);
    assert_eq!(bench.reasons("logout.given_up"), ["not_registered"]);
    assert!(shop.heard().is_empty());
}

#[tokio::test]
async fn who_has_heard_it_may_say_what_it_likes() {
    let bench = Bench::new();
    let shop = Listener::saying("200 OK\r\ncontent-encoding: gzip").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    assert_eq!(bench.turn().await, delivered(1));
}

#[tokio::test]
async fn the_store_in_memory_forgets_what_was_long_ago() {
    let bench = Bench::new();
    let shop = Listener::saying("200 OK").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    assert_eq!(bench.turn().await, delivered(1));
    let just = Duration::from_millis(1);
    bench.clock.advance(notice::KEPT - just);
    bench.end().await;
    assert_eq!(bench.turn().await, delivered(0), "it is known that it was told");
    bench.clock.advance(just);
    bench.end().await;
    assert_eq!(bench.turn().await, delivered(1));

    let known = async || bench.store.clients_of_session("sid-alice").await.unwrap().len();
    bench.clock.advance(notice::CLIENT_KEPT - notice::KEPT - just);
    bench.server.end_sign_in("sid-bob", bench.origin()).await.unwrap();
    assert_eq!(known().await, 1);
    bench.clock.advance(just);
    bench.server.end_sign_in("sid-bob", bench.origin()).await.unwrap();
    assert_eq!(known().await, 0);
}

/// A host at which everybody is let in, and nobody is answered.
async fn silent_host(holds: Arc<Mutex<Vec<tokio::net::TcpStream>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/told", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            holds.lock().unwrap().push(tcp);
        }
    });
    uri
}

#[tokio::test]
async fn a_host_that_never_answers_holds_up_no_other() {
    let bench = Bench::new();
    let held = Arc::new(Mutex::new(Vec::new()));
    let silent = silent_host(Arc::clone(&held)).await;
    for n in 0..40 {
        bench.client(&format!("app-{n}"), &silent, |_| ()).await;
    }
    // Another host of this machine, and the last in the order of the store.
    let quick = Listener::at("127.0.0.2:0", "200 OK").await;
    bench.client("quick", &quick.uri, |_| ()).await;
    bench.client_in("sid-bob", "later", &quick.uri, |_| ()).await;
    bench.end().await;
    let server = bench.server.clone();
    let telling = tokio::spawn(async move { server.deliver_logouts().await });
    while quick.heard().is_empty() || held.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    // Nor does it hold up who is to be told of what has happened since.
    bench.server.end_sign_in("sid-bob", bench.origin()).await.unwrap();
    while quick.heard().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(held.lock().unwrap().len(), 2, "of sixteen that are told at once");
    assert!(!telling.is_finished());
    telling.abort();
}

#[tokio::test]
async fn a_delivery_that_is_cut_off_is_made_when_its_lease_is_over() {
    let bench = Bench::new();
    let shop = Listener::saying("200 OK").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    // Taken by an instance that dies: polled once, and dropped.
    drop(futures_util::FutureExt::now_or_never(bench.server.deliver_logouts()));
    assert_eq!(bench.turn().await, delivered(0), "the lease holds");
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.turn().await, delivered(1));
    assert_eq!(shop.heard().len(), 1);
}

#[tokio::test]
async fn whoever_is_to_stop_finishes_what_it_began_and_begins_nothing() {
    let bench = Bench::new();
    let quick = Listener::saying("200 OK").await;
    for n in 0..3 {
        bench.client(&format!("app-{n}"), &quick.uri, |_| ()).await;
    }
    bench.end().await;
    let none = bench.server.deliver_logouts_until(std::future::ready(())).await.unwrap();
    assert_eq!((none, quick.heard().len()), (delivered(0), 0));
    // Two are under way, as many as one host may have, when the word comes.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stopped = Some(stopped);
    let mut turn = std::pin::pin!(bench.server.deliver_logouts_until(async move {
        let _ = stopped.take().unwrap().await;
    }));
    assert!(futures_util::FutureExt::now_or_never(turn.as_mut()).is_none());
    stop.send(()).unwrap();
    assert_eq!(turn.await.unwrap(), delivered(2));
    assert_eq!(quick.heard().len(), 2);
    assert_eq!(bench.turn().await, delivered(1), "the third belongs to nobody");
}

#[tokio::test]
async fn who_was_given_up_is_told_when_an_operator_says_so() {
    let bench = Bench::new();
    let shop = Listener::saying("404 Not Found").await;
    bench.client("shop", &shop.uri, |_| ()).await;
    bench.end().await;
    assert_eq!(bench.turn().await, GIVEN_UP);
    let [dead] = &bench.store.dead_logouts(9).await.unwrap()[..] else { panic!("one") };
    assert_eq!((dead.reason.as_str(), dead.attempts), ("status", 1));
    shop.says("200 OK");
    bench.store.replay_logout(dead.id.clone(), bench.origin()).await.unwrap();
    assert_eq!(bench.turn().await, delivered(1));
    let [first, second] = &shop.tokens(&bench.server, Algorithm::RS256)[..] else { panic!("twice") };
    assert_ne!(first["jti"], second["jti"], "nor is a token sent twice then");
}

#[tokio::test]
async fn whoever_waits_for_it_hears_of_an_end_even_of_one_before() {
    let bench = Bench::new();
    bench.end().await;
    bench.server.logout_queued().await;
    let waits = tokio::spawn({
        let server = bench.server.clone();
        async move { server.logout_queued().await }
    });
    tokio::task::yield_now().await;
    assert!(!waits.is_finished());
    bench.end().await;
    waits.await.unwrap();
}

#[tokio::test]
async fn without_a_client_to_speak_with_nobody_is_told_and_the_operator_hears_it() {
    let bench = Bench::with(None);
    let told = bench.server.deliver_logouts().await;
    assert!(matches!(&told, Err(DeliveryError::NoOutbound)), "{told:?}");
    assert!(told.unwrap_err().to_string().contains("AuthorizationServer::outbound"));
}

#[test]
fn session_management_3_2_the_page_runs_its_one_script_and_may_be_framed() {
    let page = check_session::page();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-")
            && policy.ends_with("frame-ancestors *")
    );
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    let script = html.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let digest = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        Digest::of(script.as_bytes()).as_bytes(),
    );
    assert!(policy.contains(&format!("'sha256-{digest}'")), "{policy}");
    assert!(!page.headers().contains_key("x-frame-options"));
}

struct Nobody;

impl AccountResolver for Nobody {
    fn current_account(
        &self,
        _: &http::request::Parts,
        _: &Context,
    ) -> Result<Option<Account>, ResolverError> {
        Ok(None)
    }

    async fn account(&self, _: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        Ok(None)
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        Ok(Claims::default())
    }

    fn login_redirect(&self, _: &Context) -> towergate_core::LocalPath {
        towergate_core::LocalPath::root()
    }
}

struct Nothing;

impl OAuthPages for Nothing {
    fn consent(&self, _: &ConsentView) -> String {
        String::new()
    }

    fn error(&self, _: &ErrorView) -> String {
        String::new()
    }
}
