//! The authorization server: what all its endpoints share.

use std::{fmt, sync::Arc};

use http::Extensions;
use tokio::sync::Notify;
use towergate_core::{
    Clock, Random, RandomUnavailable, Timestamp,
    audit::Origin,
    random::DrawnAhead,
    system::{OsRandom, SystemClock},
};
use towergate_guarded_http::GuardedClient;
use towergate_oauth::rules::{client::Client, grant::Subject};

use crate::{
    account::AccountResolver,
    client_documents::DocumentFetches,
    client_keys::FetchedKeys,
    config::ServerConfig,
    key_ring::KeyRing,
    pages::OAuthPages,
    protocol::{MAX_LOOKUPS, MAX_LOOKUPS_AT_ONE_HOST},
    turns::Turns,
};

/// An authorization server inside the host. To clone it is to point at the same one.
pub struct AuthorizationServer<S, R, P> {
    shared: Arc<Shared<S, R, P>>,
    clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// The same, drawn ahead: for the names of requests and tokens, never for a secret.
    pub(crate) names: Arc<dyn Random>,
    outbound: Option<GuardedClient>,
}

struct Shared<S, R, P> {
    store: S,
    keys: KeyRing,
    resolver: Arc<R>,
    pages: P,
    config: ServerConfig,
    fetched_keys: FetchedKeys,
    document_fetches: DocumentFetches,
    sector_lookups: Turns,
    /// Told whenever a sign-in has ended.
    logouts: Notify,
}

impl<S, R: AccountResolver, P: OAuthPages> AuthorizationServer<S, R, P> {
    /// A server over `store` that signs with `keys`, asks `resolver` about accounts and shows `pages`.
    pub fn new(store: S, keys: KeyRing, resolver: Arc<R>, pages: P, config: ServerConfig) -> Self {
        let random: Arc<dyn Random> = Arc::new(OsRandom::new());
        Self {
            shared: Arc::new(Shared {
                store,
                keys,
                resolver,
                pages,
                config,
                fetched_keys: FetchedKeys::default(),
                document_fetches: DocumentFetches::default(),
                sector_lookups: Turns::new(MAX_LOOKUPS, MAX_LOOKUPS_AT_ONE_HOST),
                logouts: Notify::new(),
            }),
            clock: Arc::new(SystemClock),
            names: Arc::new(DrawnAhead::new(Arc::clone(&random))),
            random,
            outbound: None,
        }
    }
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// Asks `clock` for the time, instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Draws codes, tokens and identifiers from `random`, instead of the system's.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.names = Arc::new(DrawnAhead::new(Arc::clone(&random)));
        self.random = random;
        self
    }

    /// Speaks to clients' own addresses through `client`. Without one it speaks to none: keys behind a `jwks_uri`, for
    /// example, are out of its reach.
    #[must_use]
    pub fn outbound(mut self, client: GuardedClient) -> Self {
        self.outbound = Some(client);
        self
    }

    /// What the host said about it.
    #[must_use]
    pub fn config(&self) -> &ServerConfig {
        &self.shared.config
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The keys that it signs with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.shared.keys
    }

    /// The host's accounts.
    #[must_use]
    pub fn resolver(&self) -> &Arc<R> {
        &self.shared.resolver
    }

    /// The clock that it asks.
    #[must_use]
    pub fn time_source(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The `sub` under which `client` knows `subject`: whatever leaves for a client names the person so, and whatever a
    /// client sends names them so.
    #[must_use]
    pub fn sub_of(&self, client: &Client, subject: &Subject) -> Subject {
        self.shared.keys.pairwise().sub(client, subject)
    }

    /// What it speaks outwards through, if it may.
    pub(crate) const fn outbound_client(&self) -> Option<&GuardedClient> {
        self.outbound.as_ref()
    }

    pub(crate) fn fetched_keys(&self) -> &FetchedKeys {
        &self.shared.fetched_keys
    }

    pub(crate) fn document_fetches(&self) -> &DocumentFetches {
        &self.shared.document_fetches
    }

    /// As many places as sectors may be looked up at a time.
    pub(crate) fn sector_lookups(&self) -> &Turns {
        &self.shared.sector_lookups
    }

    pub(crate) fn logouts(&self) -> &Notify {
        &self.shared.logouts
    }

    pub(crate) fn pages(&self) -> &P {
        &self.shared.pages
    }

    /// Where the facts of a request come from: the identifier that the audit layer left, or a fresh one.
    pub(crate) fn origin(
        &self,
        extensions: &Extensions,
        now: Timestamp,
    ) -> Result<Origin, RandomUnavailable> {
        towergate_endpoint::origin(extensions, now, &self.names)
    }
}

impl<S, R, P> Clone for AuthorizationServer<S, R, P> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            names: Arc::clone(&self.names),
            outbound: self.outbound.clone(),
        }
    }
}

impl<S, R, P> fmt::Debug for AuthorizationServer<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
