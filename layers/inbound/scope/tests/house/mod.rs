//! What the tests share: a store with one person, signed in or half signed in.

use std::sync::Arc;

use towergate_core::{
    Clock, Timestamp, audit::Origin, clock::ManualClock, random::InsecureSeededRandom, token::OpaqueToken,
};
use towergate_identity::{
    ports::{SessionStore, UserStore, memory::MemoryStore, session::Establishment},
    rules::{
        email::EmailAddress,
        login_proof::Method,
        session::{PREFIX, SessionId, SessionRecord, SessionStage, SignInId},
        user::{User, UserId, UserState},
    },
};
use towergate_session::SessionLayer;

pub(crate) struct House {
    store: MemoryStore,
    pub(crate) clock: Arc<ManualClock>,
    random: Arc<InsecureSeededRandom>,
    pub(crate) alice: UserId,
}

impl House {
    pub(crate) async fn new() -> Self {
        let (store, random) = (MemoryStore::new(), Arc::new(InsecureSeededRandom::new(1)));
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let alice = UserId::fresh(now, &*random).unwrap();
        let user = User {
            id: alice,
            email: EmailAddress::parse("alice@example.com").unwrap(),
            password: None,
            state: UserState::Active,
            created_at: now,
            confirmed_at: None,
        };
        store.add_user(user, Origin::detached(now, &*random).unwrap()).await.unwrap();
        Self { store, clock: Arc::new(ManualClock::at(now)), random, alice }
    }

    pub(crate) fn layer(&self) -> SessionLayer<MemoryStore> {
        SessionLayer::new(self.store.clone()).clock(self.clock.clone()).random(self.random.clone())
    }

    /// The `Cookie` header of Alice's browser, and her session.
    pub(crate) async fn session(&self, stage: SessionStage) -> (String, SessionRecord) {
        self.session_by(stage, &[Method::Password]).await
    }

    /// The same, after these methods.
    pub(crate) async fn session_by(
        &self,
        stage: SessionStage,
        methods: &[Method],
    ) -> (String, SessionRecord) {
        let now = self.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*self.random).unwrap();
        let end = Timestamp::from_unix_seconds(1_700_003_600);
        let session = SessionRecord {
            id: SessionId::from_uuid(token.id()),
            digest: token.digest(),
            sign_in: SignInId::fresh(now, &*self.random).unwrap(),
            user: self.alice,
            stage,
            methods: methods.into(),
            passkey: None,
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: end,
            absolute_expires_at: end,
        };
        let new = Establishment {
            session: session.clone(),
            replaces: None,
            is_login: true,
            rests_on_replaced: false,
            visit: Default::default(),
        };
        let origin = Origin::detached(now, &*self.random).unwrap();
        self.store.establish_session(new, origin).await.unwrap();
        (format!("{}={}", towergate_session::NAME, token.reveal().expose()), session)
    }
}
