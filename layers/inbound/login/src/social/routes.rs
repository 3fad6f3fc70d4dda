//! The layer.

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_core::seal::SealingRing;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_guarded_http::GuardedClient;
use towergate_identity::ports::IdentityStore;

use super::{SocialLogin, exchange::Desk, known::Known, pages::SocialPages, provider::Provider};
use crate::{logout::OnLogout, site::Site};

/// Answers `/social/NAME`, `/social/NAME/callback` and `/account/identities`. See the [module's documentation](super).
#[must_use]
pub struct SocialRoutes<S, P, H = ()> {
    login: SocialLogin<S>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> SocialRoutes<S, P, H> {
    /// Signs in the people of `store` by `providers`, which are asked through `outbound` and send people back to `origin`, such as
    /// `https://example.com`. Of two providers of one name the later one counts.
    pub fn new(
        store: S,
        providers: impl IntoIterator<Item = Provider>,
        outbound: GuardedClient,
        origin: &str,
        site: Site<P, H>,
    ) -> Self {
        let desks: BTreeMap<_, _> = providers
            .into_iter()
            .map(|provider| (provider.name.clone(), Desk { provider, known: Known::default() }))
            .collect();
        let login = SocialLogin {
            store,
            desks: Arc::new(desks),
            outbound,
            origin: origin.trim_end_matches('/').into(),
            path: site.paths.social.clone(),
            tokens: None,
            other_ways: 0,
            herald: site.herald(),
            random: Arc::clone(&site.random),
        };
        Self { login, site }
    }

    /// Keeps the tokens that providers give, sealed, for the host's own use ([`open_tokens`](super::open_tokens)). They are thrown
    /// away by default.
    pub fn keep_tokens(mut self, sealing: SealingRing) -> Self {
        self.login.tokens = Some(sealing);
        self
    }

    /// Says that people have so many ways in that the store does not know of, such as links that the host mails: whoever has
    /// one may remove the last account elsewhere.
    pub fn other_ways_in(mut self, ways: u32) -> Self {
        self.login.other_ways = ways;
        self
    }

    #[cfg(test)]
    pub(crate) fn refusal(&self, error: &super::SocialError) -> Response<Bytes>
    where
        P: SocialPages,
        H: OnLogout,
    {
        let social = Social { login: self.login.clone(), site: self.site.clone() };
        social.refused(error, &towergate_core::LocalPath::root())
    }

    /// The same as plain calls.
    #[must_use]
    pub fn calls(&self) -> SocialLogin<S> {
        self.login.clone()
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for SocialRoutes<S, P, H> {
    type Service = Mounted<Arc<Social<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let social = Social { login: self.login.clone(), site: self.site.clone() };
        Mounted::new(Arc::new(social), inner)
    }
}

impl<S: Clone, P, H> Clone for SocialRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { login: self.login.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for SocialRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocialRoutes").field("login", &self.login).finish_non_exhaustive()
    }
}

/// The endpoints that [`SocialRoutes`] mounts.
pub struct Social<S, P, H = ()> {
    pub(super) login: SocialLogin<S>,
    pub(super) site: Site<P, H>,
}

/// Which page a request is for.
#[derive(Debug, Clone)]
pub enum Route {
    /// To the provider of this name.
    Leave(String),
    /// Back from it.
    Callback(String),
    /// The accounts elsewhere of a person.
    Identities,
}

impl<S, P, H, B> SharedEndpoints<B> for Social<S, P, H>
where
    S: IdentityStore,
    P: SocialPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let paths = self.site.paths();
        if path == paths.identities.as_str() {
            return Some(Route::Identities);
        }
        let rest = path.strip_prefix(paths.social.as_str())?.strip_prefix('/')?;
        let (name, is_callback) = match rest.strip_suffix("/callback") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        self.login.desks.contains_key(name).then(|| {
            let name = name.to_owned();
            if is_callback { Route::Callback(name) } else { Route::Leave(name) }
        })
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Leave(_) => "social",
            Route::Callback(_) => "social_callback",
            Route::Identities => "identities",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Leave(name) => self.leave(&name, request).await,
            Route::Callback(name) => self.callback(&name, request).await,
            Route::Identities => self.identities(request).await,
        }
    }
}

impl<S, P, H> fmt::Debug for Social<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Social").field("login", &self.login).finish_non_exhaustive()
    }
}
