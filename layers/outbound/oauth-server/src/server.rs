//! The authorization server: what all its endpoints share.

use std::{fmt, sync::Arc};

use http::Extensions;
use towergate_core::{
    Clock, Random, RandomUnavailable, Timestamp,
    audit::{Origin, RequestId},
};

use crate::{account::AccountResolver, config::ServerConfig, pages::OAuthPages};

/// An authorization server inside the host. To clone it is to point at the same one.
pub struct AuthorizationServer<S, R, P> {
    shared: Arc<Shared<S, R, P>>,
}

struct Shared<S, R, P> {
    store: S,
    resolver: Arc<R>,
    pages: Arc<P>,
    config: ServerConfig,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl<S, R: AccountResolver, P: OAuthPages> AuthorizationServer<S, R, P> {
    /// A server over `store`, asking `resolver` about accounts and showing `pages`.
    pub fn new(
        store: S,
        resolver: Arc<R>,
        pages: Arc<P>,
        config: ServerConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { shared: Arc::new(Shared { store, resolver, pages, config, clock, random }) }
    }
}

impl<S, R, P> AuthorizationServer<S, R, P> {
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

    /// The host's accounts.
    #[must_use]
    pub fn resolver(&self) -> &Arc<R> {
        &self.shared.resolver
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn pages(&self) -> &P {
        &self.shared.pages
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.shared.random
    }

    /// Where the facts of a request come from: the identifier that the audit layer left, or a fresh one.
    pub(crate) fn origin(
        &self,
        extensions: &Extensions,
        now: Timestamp,
    ) -> Result<Origin, RandomUnavailable> {
        match extensions.get::<RequestId>() {
            Some(request) => Ok(Origin { request: *request, at: now }),
            None => Origin::detached(now, self.random()),
        }
    }
}

impl<S, R, P> Clone for AuthorizationServer<S, R, P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S, R, P> fmt::Debug for AuthorizationServer<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
