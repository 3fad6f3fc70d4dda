//! The layers in front of every page that a browser asks for, in whichever framework the page is written.

use std::{convert::Infallible, error::Error, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Layer, Service, ServiceBuilder, util::BoxCloneSyncService};
use towergate::{
    Stack,
    audit::AuditLayer,
    endpoint::OptionalLayer,
    identity::ports::{ApiTokenStore, IdentityStore},
    oauth::ports::OAuthStore,
    scope::ScopeLayer,
};

use crate::host::Host;

/// A service whose layers have been forgotten: one box per request here, and a compiler that need not look through them all at
/// once.
pub type Room<B, R> = BoxCloneSyncService<Request<B>, Response<R>, Infallible>;

impl<I: IdentityStore + ApiTokenStore, O: OAuthStore> Host<I, O> {
    /// The pages of signing in, of the account and of the authorization server, in front of `pages`, the host's own.
    pub fn rooms<S, B, R>(&self, pages: S) -> Room<B, R>
    where
        S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        R: From<Bytes> + Send + 'static,
    {
        let pages = BoxCloneSyncService::new(self.server.browser().layer(pages));
        let account = ServiceBuilder::new()
            .layer(self.login())
            .layer(self.factors())
            .layer(self.devices())
            .layer(self.account())
            .layer(self.api_token_page())
            .layer(self.passwords())
            .layer(OptionalLayer::new(self.passkeys()))
            .layer(OptionalLayer::new(self.registration()))
            .layer(OptionalLayer::new(self.magic()))
            .layer(OptionalLayer::new(self.email_change()))
            .layer(OptionalLayer::new(self.social()))
            .layer(OptionalLayer::new(self.dev_mailbox()))
            .service(pages);
        let stack = self
            .letting_apple_in(Stack::new(AuditLayer::new().clock(Arc::clone(&self.clock))))
            .client_address(self.addresses())
            .rate_limit(self.limits())
            .session(self.sessions())
            .remember(self.remember())
            .scope(ScopeLayer::new())
            .authorization_server(&self.server);
        let browser = ServiceBuilder::new()
            .layer(stack)
            .layer(self.server.browser_state())
            .service(BoxCloneSyncService::new(account));
        BoxCloneSyncService::new(browser)
    }
}
