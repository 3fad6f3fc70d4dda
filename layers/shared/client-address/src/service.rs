//! The service.

use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use crate::{decide::client_address, extension::ClientAddress, layer::ClientAddressLayer};

/// Says from which address each request comes. Made by [`ClientAddressLayer`].
#[derive(Debug, Clone)]
pub struct ClientAddressService<S> {
    pub(crate) inner: S,
    pub(crate) settings: ClientAddressLayer,
}

impl<S> ClientAddressService<S> {
    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside, to change.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for ClientAddressService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let ClientAddressLayer { peer, proxies, by } = &self.settings;
        let address = peer(request.extensions()).map_or(ClientAddress::UNKNOWN, |peer| {
            ClientAddress::from(client_address(peer.ip(), request.headers(), proxies, *by))
        });
        request.extensions_mut().insert(address);
        self.inner.call(request)
    }
}
