//! What the targets share: one client, and a way to call a service that answers at once.

pub mod programs;

use std::{convert::Infallible, future::Future, sync::LazyLock, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, request::Parts};
use http_body_util::Full;
use tower::{Service, ServiceExt};
use towergate_core::{
    LocalPath, Secret, Timestamp,
    audit::Origin,
    clock::ManualClock,
    random::InsecureSeededRandom,
    seal::{SealingKey, SealingRing},
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{SessionStore, UserStore, memory::MemoryStore as People, session::Establishment},
    rules::{
        email::EmailAddress,
        session::{PREFIX, SessionId, SessionRecord, SessionStage, SignInId},
        user::{User, UserId, UserState},
    },
};
use towergate_oauth::{
    ports::{ClientStore, memory::MemoryStore as Grants},
    rules::{
        client::{Client, ClientId, ClientMetadata},
        grant::Subject,
    },
};
use towergate_oauth_server::{
    KeyRing,
    account::{Account, AccountResolver, Claims, Context, ResolverError},
};
use towergate_oauth_types::Scope;

/// Where the one client may be answered.
pub const CALLBACKS: [&str; 3] =
    ["https://shop.example/callback?a=b", "http://127.0.0.1/callback", "com.example.shop:/callback"];

/// A moment, always the same.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A public client with each kind of address.
pub fn shop() -> Client {
    let mut metadata = ClientMetadata::default();
    metadata.redirect_uris = CALLBACKS.map(String::from).to_vec();
    metadata.scope = Scope::parse("openid email").expect("a scope");
    let id = ClientId::parse("shop").expect("an identifier");
    Client::unchecked(id, None, metadata)
}

/// Where a fact comes from.
pub fn origin() -> Origin {
    Origin::detached(NOW, &InsecureSeededRandom::new(1)).expect("seeded randomness")
}

/// The answer of a service over stores in memory, which never waits.
pub fn answer<S>(service: S, request: Request<Full<Bytes>>) -> Response<Full<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let Ok(answer) = at_once(service.oneshot(request));
    answer
}

/// A store with one person, who has no password, and the cookie of their session.
pub fn people_and_cookie() -> (People, String) {
    let (store, random) = (People::new(), InsecureSeededRandom::new(2));
    let user = UserId::fresh(NOW, &random).expect("seeded randomness");
    let email = EmailAddress::parse("alice@example.com").expect("an address");
    let alice = User { id: user, email, password: None, state: UserState::Active, created_at: NOW, confirmed_at: None };
    at_once(store.add_user(alice, origin())).expect("a store in memory");
    let token = OpaqueToken::mint(PREFIX, NOW, &random).expect("seeded randomness");
    let later = NOW.plus(Duration::from_secs(3600));
    let session = SessionRecord {
        id: SessionId::from_uuid(token.id()),
        digest: token.digest(),
        sign_in: SignInId::fresh(NOW, &random).expect("seeded randomness"),
        user,
        stage: SessionStage::Complete,
        methods: [].into(),
        passkey: None,
        authenticated_at: NOW,
        created_at: NOW,
        last_seen_at: NOW,
        idle_expires_at: later,
        absolute_expires_at: later,
    };
    let login = Establishment { session, replaces: None, is_login: true, rests_on_replaced: false, visit: Default::default() };
    at_once(store.establish_session(login, origin())).expect("a store in memory");
    (store, format!("__Host-tgs={}", token.reveal().expose()))
}

/// A store with the one client.
pub fn grants() -> Grants {
    let store = Grants::new();
    at_once(store.put_client(shop(), origin())).expect("a store in memory");
    store
}

/// A ring of keys, made once: to make one is slow, and no target is about it.
pub fn keys() -> KeyRing {
    static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
        let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
        let (clock, random) = (ManualClock::at(NOW), InsecureSeededRandom::new(3));
        // Keys are made in a thread of their own, which is waited for.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(KeyRing::open(&Grants::new(), &sealing, &clock, &random)).expect("a store in memory")
    });
    KEYS.clone()
}

/// A host where nobody is signed in.
pub struct Nobody;

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

fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a store in memory has nothing to wait for")
}
