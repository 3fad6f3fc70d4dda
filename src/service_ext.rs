//! The layers as methods of [`tower::ServiceBuilder`].

use tower::ServiceBuilder;
use tower_layer::Stack as Inside;
use towergate_audit::AuditLayer;
use towergate_client_address::ClientAddressLayer;

/// Adds towergate's layers to a [`ServiceBuilder`] by name.
///
/// [`Stack`](crate::Stack) is the safer way, since it fixes the order; this is for a host that puts layers of its own in
/// between. A layer that misses another one answers 500 and names it.
pub trait ServiceBuilderExt<L>: sealed::Sealed + Sized {
    /// Opens a record for each request.
    fn audit(self, layer: AuditLayer) -> ServiceBuilder<Inside<AuditLayer, L>>;

    /// Says from which address each request comes.
    fn client_address(self, layer: ClientAddressLayer) -> ServiceBuilder<Inside<ClientAddressLayer, L>>;

    /// Lets each address ask so often, and no more.
    fn rate_limit<S, R>(
        self,
        layer: towergate_rate_limit::RateLimitLayer<S, R>,
    ) -> ServiceBuilder<Inside<towergate_rate_limit::RateLimitLayer<S, R>, L>>;

    /// Knows the session of each request.
    #[cfg(feature = "inbound")]
    fn session<S, R>(
        self,
        layer: towergate_session::SessionLayer<S, R>,
    ) -> ServiceBuilder<Inside<towergate_session::SessionLayer<S, R>, L>>;

    /// Knows who is signed in.
    #[cfg(feature = "inbound")]
    fn scope(
        self,
        layer: towergate_scope::ScopeLayer,
    ) -> ServiceBuilder<Inside<towergate_scope::ScopeLayer, L>>;

    /// Lets through only who signed in strongly enough, and not too long ago.
    #[cfg(feature = "inbound")]
    fn step_up<R>(
        self,
        layer: towergate_scope::RequireLevelLayer<R>,
    ) -> ServiceBuilder<Inside<towergate_scope::RequireLevelLayer<R>, L>>;

    /// Knows the account that the authorization server acts for.
    #[cfg(feature = "outbound")]
    fn account<R, J>(
        self,
        layer: towergate_oauth_server::account::AccountLayer<R, J>,
    ) -> ServiceBuilder<Inside<towergate_oauth_server::account::AccountLayer<R, J>, L>>;
}

impl<L> ServiceBuilderExt<L> for ServiceBuilder<L> {
    fn audit(self, layer: AuditLayer) -> ServiceBuilder<Inside<AuditLayer, L>> {
        self.layer(layer)
    }

    fn client_address(self, layer: ClientAddressLayer) -> ServiceBuilder<Inside<ClientAddressLayer, L>> {
        self.layer(layer)
    }

    fn rate_limit<S, R>(
        self,
        layer: towergate_rate_limit::RateLimitLayer<S, R>,
    ) -> ServiceBuilder<Inside<towergate_rate_limit::RateLimitLayer<S, R>, L>> {
        self.layer(layer)
    }

    #[cfg(feature = "inbound")]
    fn session<S, R>(
        self,
        layer: towergate_session::SessionLayer<S, R>,
    ) -> ServiceBuilder<Inside<towergate_session::SessionLayer<S, R>, L>> {
        self.layer(layer)
    }

    #[cfg(feature = "inbound")]
    fn scope(
        self,
        layer: towergate_scope::ScopeLayer,
    ) -> ServiceBuilder<Inside<towergate_scope::ScopeLayer, L>> {
        self.layer(layer)
    }

    #[cfg(feature = "inbound")]
    fn step_up<R>(
        self,
        layer: towergate_scope::RequireLevelLayer<R>,
    ) -> ServiceBuilder<Inside<towergate_scope::RequireLevelLayer<R>, L>> {
        self.layer(layer)
    }

    #[cfg(feature = "outbound")]
    fn account<R, J>(
        self,
        layer: towergate_oauth_server::account::AccountLayer<R, J>,
    ) -> ServiceBuilder<Inside<towergate_oauth_server::account::AccountLayer<R, J>, L>> {
        self.layer(layer)
    }
}

mod sealed {
    pub trait Sealed {}
    impl<L> Sealed for tower::ServiceBuilder<L> {}
}
