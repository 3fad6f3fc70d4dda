//! The layer.

use std::{fmt, net::SocketAddr, sync::Arc};

use http::Extensions;
use tower_layer::Layer;

use crate::{
    decide::ForwardedBy, extension::PeerAddress, proxies::TrustedProxies, service::ClientAddressService,
};

/// Where a request's extensions say who connected.
pub(crate) type Peer = fn(&Extensions) -> Option<SocketAddr>;

/// Says from which address each request comes. See the [crate's documentation](crate).
#[derive(Clone)]
#[must_use]
pub struct ClientAddressLayer {
    pub(crate) peer: Peer,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) by: ForwardedBy,
}

impl ClientAddressLayer {
    /// The client is whoever connected.
    pub fn new() -> Self {
        Self {
            peer: |extensions| extensions.get::<PeerAddress>().map(|peer| peer.0),
            proxies: Arc::default(),
            by: ForwardedBy::Forwarded,
        }
    }

    /// The client is whom these proxies name, by this header.
    pub fn behind(self, proxies: TrustedProxies, by: ForwardedBy) -> Self {
        Self { proxies: Arc::new(proxies), by, ..self }
    }

    /// Looks for who connected elsewhere than in [`PeerAddress`].
    pub fn peer_in(self, peer: fn(&Extensions) -> Option<SocketAddr>) -> Self {
        Self { peer, ..self }
    }
}

impl Default for ClientAddressLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ClientAddressLayer {
    type Service = ClientAddressService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientAddressService { inner, settings: self.clone() }
    }
}

impl fmt::Debug for ClientAddressLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAddressLayer")
            .field("proxies", &self.proxies)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}
