//! From which address a request comes, told to whoever asks further in by [`ClientAddress`].
//!
//! # The rules, in order
//!
//! 1. The server loop says who connected: it puts [`PeerAddress`] into the request's extensions, or the host names
//!    [where else it stands](ClientAddressLayer::peer_in). Where nobody said, the address is unknown, and no header makes
//!    it known.
//! 2. Unless the host [names its proxies](ClientAddressLayer::behind), the address is that of the peer. No header is
//!    read.
//! 3. A peer that is no trusted proxy is the client, whatever its headers say.
//! 4. A trusted proxy is asked by one header, the one of the configuration: [`ForwardedBy::XForwardedFor`], or
//!    [`ForwardedBy::Forwarded`] ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)). It is read from the right, several
//!    lines of it as one list. The first address that is no trusted proxy is the client.
//! 5. What cannot be read as an address ends the search: `unknown`, a name that hides an address, nothing between two
//!    commas, garbage. The address is then that of the proxy that wrote it. What stands further to the left is nobody's word.
//! 6. At most [`MAX_HOPS`] proxies are followed.
//! 7. An IPv4 address that is written as IPv6 is IPv4, in the peer, in headers and in the list of proxies alike.
//!
//! The layer refuses nothing. It stands outside whatever limits by address.
//!
//! Deployment caveat: each trusted proxy must append to the header (or replace it), and must not pass on the other
//! header as it came in the place of this one. A proxy that reaches the host through a Unix socket has no address: let the server loop
//! say that the peer is `127.0.0.1`.
//!
//! # Example
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_client_address::{ClientAddress, ClientAddressLayer, ForwardedBy, PeerAddress, TrustedProxies};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let proxies: TrustedProxies = "10.0.0.0/8 2001:db8::/32".parse()?;
//! let app = ServiceBuilder::new()
//!     .layer(ClientAddressLayer::new().behind(proxies, ForwardedBy::XForwardedFor))
//!     .service_fn(async |request: Request<()>| {
//!         let address = ClientAddress::from_extensions(request.extensions()).map(|address| address.to_string());
//!         Ok::<_, Infallible>(Response::new(address.unwrap_or_default()))
//!     });
//! // What the server loop does for each connection.
//! let from = |peer: &str| {
//!     let request = Request::builder().header("x-forwarded-for", "6.6.6.6, 192.0.2.1");
//!     request.extension(PeerAddress(peer.parse().expect("an address")))
//! };
//!
//! // The proxy says who asked it; what stood there before is not believed.
//! let response = app.clone().oneshot(from("10.0.0.1:443").body(())?).await?;
//! assert_eq!(response.body(), "192.0.2.1");
//!
//! // Anybody else speaks for themself alone.
//! let response = app.oneshot(from("203.0.113.7:4711").body(())?).await?;
//! assert_eq!(response.body(), "203.0.113.7");
//! # Ok(())
//! # }
//! ```
//!
//! With axum, `into_make_service_with_connect_info::<SocketAddr>()` says who connected, and the layer is told where:
//!
//! ```ignore
//! ClientAddressLayer::new().peer_in(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0))
//! ```

mod decide;
mod extension;
mod layer;
mod node;
mod proxies;
mod service;

pub use decide::{ForwardedBy, MAX_HOPS, client_address};
pub use extension::{ClientAddress, MissingClientAddressLayer, PeerAddress};
pub use layer::ClientAddressLayer;
pub use proxies::{InvalidProxies, TrustedProxies};
pub use service::ClientAddressService;
