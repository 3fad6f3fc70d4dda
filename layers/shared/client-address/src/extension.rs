//! What stands in a request's extensions.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::Extensions;

/// Who connected, as the server loop says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

/// From which address a request comes, as far as anybody trusted knows. Only
/// [`ClientAddressLayer`](crate::ClientAddressLayer) puts it into a request; tests make it from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(Option<IpAddr>);

/// No [`ClientAddressLayer`](crate::ClientAddressLayer) stands outside the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "ClientAddressLayer is missing: add `ClientAddressLayer::new()` of `towergate::client_address` outside this layer, and let the \
     server loop put `PeerAddress` into each request's extensions"
)]
pub struct MissingClientAddressLayer;

impl ClientAddress {
    /// Nobody knows.
    pub const UNKNOWN: Self = Self(None);

    /// The one in a request's extensions.
    ///
    /// # Errors
    /// When no [`ClientAddressLayer`](crate::ClientAddressLayer) put one there.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, MissingClientAddressLayer> {
        extensions.get().copied().ok_or(MissingClientAddressLayer)
    }

    /// The address; `None` where nobody said who connected. IPv4 is never written as IPv6.
    #[must_use]
    pub const fn ip(self) -> Option<IpAddr> {
        self.0
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(ip: IpAddr) -> Self {
        Self(Some(ip.to_canonical()))
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ip) => ip.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}
