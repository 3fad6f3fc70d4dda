use std::sync::Arc;

use http::request::Parts;
use towergate_core::{LocalPath, clock::ManualClock, system::OsRandom};
use towergate_oauth::{
    ports::{ClientStore, memory::MemoryStore},
    rules::{
        client::{ClientMetadata, ClientState},
        grant::Subject,
    },
};

use super::*;
use crate::{
    Issuer, ServerConfig,
    account::{Account, AccountResolver, Claims, Context, ResolverError},
    pages::{ConsentView, ErrorView, OAuthPages},
    test_keys::keys,
    test_site::Site,
};

struct Nobody;

impl AccountResolver for Nobody {
    fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
        Ok(None)
    }

    async fn account(&self, _: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        Ok(None)
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        Ok(Claims::default())
    }

    fn login_redirect(&self, _: &Context) -> LocalPath {
        LocalPath::root()
    }
}

struct NoPages;

impl OAuthPages for NoPages {
    fn consent(&self, _: &ConsentView) -> String {
        String::new()
    }

    fn error(&self, _: &ErrorView) -> String {
        String::new()
    }
}

struct Bench {
    site: Site,
    store: MemoryStore,
    clock: Arc<ManualClock>,
    server: AuthorizationServer<MemoryStore, Nobody, NoPages>,
    id: ClientId,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Some(ClientDocuments::at(["localhost"]))).await
    }

    async fn with(documents: Option<ClientDocuments>) -> Self {
        let site = Site::open().await;
        let store = MemoryStore::new();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let mut config = ServerConfig::new(Issuer::https("https://id.example").unwrap());
        config.client_id_metadata_documents = documents;
        let server = AuthorizationServer::new(store.clone(), keys(), Arc::new(Nobody), NoPages, config)
            .clock(clock.clone())
            .outbound(site.client.clone());
        let id = ClientId::parse(&format!("{}/client.json", site.origin)).unwrap();
        let bench = Self { site, store, clock, server, id };
        bench.says("Shop");
        bench
    }

    fn says(&self, name: &str) {
        let redirect = format!("{}/cb", self.site.origin);
        let document = serde_json::json!({"client_id": self.id.as_str(), "client_name": name, "redirect_uris": [redirect]});
        self.site.says(200, document.to_string());
    }

    fn origin(&self) -> Origin {
        Origin::detached(self.server.now(), &OsRandom::new()).unwrap()
    }

    /// The name of the client, when it is known.
    async fn name(&self) -> Option<String> {
        let found = self.server.find_client(&self.id, &self.origin()).await.unwrap();
        found.map(|client| client.metadata.client_name.clone().unwrap())
    }

    fn later(&self, time: Duration) {
        self.clock.advance(time);
    }
}

const SHOP: Option<&str> = Some("Shop");

#[tokio::test]
async fn a_document_is_read_once_and_kept() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        assert_eq!(bench.name().await.as_deref(), SHOP);
    }
    assert_eq!(bench.site.asked(), 1);
    bench.says("Shop 2");
    bench.later(USUAL_AGE.saturating_sub(Duration::from_secs(1)));
    assert_eq!(bench.name().await.as_deref(), SHOP);
    bench.later(Duration::from_secs(1));
    assert_eq!(bench.name().await.as_deref(), Some("Shop 2"));
}

#[tokio::test]
async fn a_document_is_kept_as_long_as_it_says_within_bounds() {
    let second = Duration::from_secs(1);
    for (said, kept_for) in [(1, MIN_AGE), (600, 600 * second), (31_536_000, MAX_AGE)] {
        let bench = Bench::new().await;
        bench.site.adds(&format!("cache-control: max-age={said}"));
        assert_eq!(bench.name().await.as_deref(), SHOP);
        bench.says("Shop 2");
        bench.later(kept_for - second);
        assert_eq!(bench.name().await.as_deref(), SHOP, "{said}");
        bench.later(second);
        assert_eq!(bench.name().await.as_deref(), Some("Shop 2"), "{said}");
    }
}

#[tokio::test]
async fn the_last_good_document_counts_for_a_while_and_no_longer() {
    let bench = Bench::new().await;
    assert_eq!(bench.name().await.as_deref(), SHOP);
    bench.site.says(500, "");
    bench.later(USUAL_AGE);
    assert_eq!(bench.name().await.as_deref(), SHOP);
    bench.later(LAST_GOOD);
    assert_eq!(bench.name().await, None);
    bench.says("Back");
    assert_eq!(bench.name().await, None, "it was asked a moment ago");
    bench.later(PAUSE);
    assert_eq!(bench.name().await.as_deref(), Some("Back"));
    assert_eq!(bench.site.asked(), 4);
}

#[tokio::test]
async fn whoever_is_no_client_is_not_asked_over_and_over() {
    let bench = Bench::new().await;
    bench.site.says(200, "{\"client_id\":\"https://other.example/\"}");
    for _ in 0..5 {
        assert_eq!(bench.name().await, None);
    }
    assert_eq!(bench.site.asked(), 1);
    assert!(bench.store.find_client(&bench.id).await.unwrap().is_none());
}

#[tokio::test]
async fn only_what_the_host_allows_is_asked() {
    for documents in [None, Some(ClientDocuments::at(["app.example"]))] {
        let bench = Bench::with(documents).await;
        assert_eq!(bench.name().await, None);
        assert_eq!(bench.site.asked(), 0);
    }
}

#[tokio::test]
async fn a_host_that_is_allowed_no_more_knows_its_documents_no_more() {
    let bench = Bench::new().await;
    assert_eq!(bench.name().await.as_deref(), SHOP);
    let config = ServerConfig::new(Issuer::https("https://id.example").unwrap());
    let stricter = AuthorizationServer::new(bench.store.clone(), keys(), Arc::new(Nobody), NoPages, config);
    assert!(stricter.find_client(&bench.id, &bench.origin()).await.unwrap().is_none());
}

#[tokio::test]
async fn whoever_was_shut_out_stays_so() {
    let bench = Bench::new().await;
    bench.name().await;
    bench.store.disable_client(bench.id.clone(), bench.origin()).await.unwrap();
    bench.later(USUAL_AGE);
    let found = bench.server.find_client(&bench.id, &bench.origin()).await.unwrap().unwrap();
    assert_eq!((found.state, bench.site.asked()), (ClientState::Disabled, 2));
}

#[tokio::test]
async fn whoever_is_registered_needs_no_document() {
    let bench = Bench::new().await;
    let mut metadata = ClientMetadata::default();
    metadata.client_name = Some(String::from("Registered"));
    let client = Client::unchecked(bench.id.clone(), None, metadata);
    bench.store.put_client(client, bench.origin()).await.unwrap();
    assert_eq!(bench.name().await.as_deref(), Some("Registered"));
    assert_eq!(bench.site.asked(), 0);
}

#[tokio::test]
async fn documents_are_bounded() {
    let mut documents = ClientDocuments::at(["localhost"]);
    documents.policy.max_clients = 0;
    let bench = Bench::with(Some(documents)).await;
    assert_eq!(bench.name().await, None);
}

#[test]
fn no_more_than_a_few_are_asked_at_a_time() {
    let (fetches, now) = (DocumentFetches::default(), Timestamp::from_unix_seconds(0));
    let id = |n: usize| {
        let host = n / MAX_FETCHES_AT_ONE_HOST;
        ClientId::parse(&format!("https://{host}.example/{n}")).unwrap()
    };
    let mut turns: Vec<_> =
        (0..MAX_FETCHES_AT_ONE_HOST).map(|n| fetches.begin(&id(n), now).unwrap()).collect();
    assert!(fetches.begin(&id(0), now).is_none(), "one host leaves room for others");
    turns.extend((MAX_FETCHES_AT_ONE_HOST..MAX_FETCHES).map(|n| fetches.begin(&id(n), now).unwrap()));
    assert!(fetches.begin(&id(99), now).is_none());
    drop(turns);
    assert!(fetches.begin(&id(99), now).is_some());
}

#[test]
fn the_failures_that_are_remembered_are_bounded_and_make_room_when_they_are_old() {
    let (fetches, now) = (DocumentFetches::default(), Timestamp::from_unix_seconds(0));
    let id = |n: usize| ClientId::parse(&format!("https://a.example/{n}")).unwrap();
    (0..=MAX_FAILURES).for_each(|n| fetches.failed(&id(n), now));
    assert_eq!(fetches.failures().len(), MAX_FAILURES);
    assert!(fetches.begin(&id(0), now).is_none() && fetches.begin(&id(MAX_FAILURES), now).is_some());
    let later = now.plus(PAUSE);
    fetches.failed(&id(MAX_FAILURES), later);
    assert!(fetches.begin(&id(MAX_FAILURES), later).is_none());
}

#[tokio::test]
async fn a_document_read_under_a_clock_far_ahead_does_not_last_until_it_is_reached() {
    let bench = Bench::new().await;
    let now = bench.server.now();
    bench.later(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(bench.name().await.as_deref(), SHOP);
    bench.site.says(500, "");
    bench.clock.set(now);
    assert_eq!(bench.name().await, None);
    bench.says("Shop 2");
    bench.later(PAUSE);
    assert_eq!(bench.name().await.as_deref(), Some("Shop 2"));
}

#[tokio::test]
async fn a_failure_under_a_clock_far_ahead_does_not_close_the_door_until_it_is_reached() {
    let bench = Bench::new().await;
    bench.site.says(500, "");
    let now = bench.server.now();
    bench.later(Duration::from_secs(3600));
    assert_eq!(bench.name().await, None);
    bench.clock.set(now);
    bench.says("Shop");
    assert_eq!(bench.name().await.as_deref(), SHOP);
}
