use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{rejection::PlainAccountRejection, service::WithAccount};
use crate::server::AuthorizationServer;

/// Asks the host who is signed in and leaves a [`CurrentAccount`](super::CurrentAccount); see the
/// [module](super) for the rules.
pub struct AccountLayer<R, J = PlainAccountRejection> {
    resolver: Arc<R>,
    rejection: J,
}

impl<R> AccountLayer<R> {
    /// A layer that asks `resolver`.
    #[must_use]
    pub fn new(resolver: Arc<R>) -> Self {
        Self { resolver, rejection: PlainAccountRejection }
    }
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// The layer that asks this server's resolver who is signed in. Mount it directly outside
    /// [`browser`](Self::browser).
    #[must_use]
    pub fn account(&self) -> AccountLayer<R> {
        AccountLayer::new(Arc::clone(self.resolver()))
    }
}

impl<R, J> AccountLayer<R, J> {
    /// The same layer with another way to say that the host could not answer.
    #[must_use]
    pub fn with_rejection<K>(self, rejection: K) -> AccountLayer<R, K> {
        AccountLayer { resolver: self.resolver, rejection }
    }
}

impl<S, R, J: Clone> Layer<S> for AccountLayer<R, J> {
    type Service = WithAccount<S, R, J>;

    fn layer(&self, inner: S) -> Self::Service {
        WithAccount::new(inner, Arc::clone(&self.resolver), self.rejection.clone())
    }
}

impl<R, J: Clone> Clone for AccountLayer<R, J> {
    fn clone(&self) -> Self {
        Self { resolver: Arc::clone(&self.resolver), rejection: self.rejection.clone() }
    }
}

impl<R, J> fmt::Debug for AccountLayer<R, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountLayer").finish_non_exhaustive()
    }
}
