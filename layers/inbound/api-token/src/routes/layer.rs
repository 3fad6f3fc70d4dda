//! The layer.

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::ports::{ApiTokenStore, IdentityStore};
use towergate_login::{OnLogout, Site};

use crate::{api_tokens::ApiTokens, pages::ApiTokenPages};

/// Answers the page of tokens. See the [module's documentation](super).
#[must_use]
pub struct ApiTokenRoutes<S, P, H = ()> {
    endpoints: Arc<ApiTokenEndpoints<S, P, H>>,
}

impl<S: IdentityStore + ApiTokenStore, P, H> ApiTokenRoutes<S, P, H> {
    /// Answers for `tokens`, at the path that `site` names. People are told of new ones as the site tells them.
    pub fn new(tokens: ApiTokens<S>, site: Site<P, H>) -> Self {
        let tokens = tokens.herald(site.herald());
        Self { endpoints: Arc::new(ApiTokenEndpoints { tokens, site }) }
    }
}

impl<Inner, S, P, H> Layer<Inner> for ApiTokenRoutes<S, P, H> {
    type Service = Mounted<Arc<ApiTokenEndpoints<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        Mounted::new(Arc::clone(&self.endpoints), inner)
    }
}

impl<S, P, H> Clone for ApiTokenRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { endpoints: Arc::clone(&self.endpoints) }
    }
}

impl<S, P, H> fmt::Debug for ApiTokenRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokenRoutes").field("endpoints", &self.endpoints).finish()
    }
}

/// The endpoint that [`ApiTokenRoutes`] mounts.
pub struct ApiTokenEndpoints<S, P, H = ()> {
    pub(super) tokens: ApiTokens<S>,
    pub(super) site: Site<P, H>,
}

impl<S, P, H, B> SharedEndpoints<B> for ApiTokenEndpoints<S, P, H>
where
    S: IdentityStore + ApiTokenStore,
    P: ApiTokenPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        (path == self.site.paths().api_tokens.as_str()).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "api_tokens"
    }

    async fn answer(&self, _: (), request: Request<B>) -> Response<Bytes> {
        self.page(request).await
    }
}

impl<S, P, H> fmt::Debug for ApiTokenEndpoints<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokenEndpoints").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}
