//! The layer that lets an address ask so often, and no more.
//!
//! # The rules, in order
//!
//! 1. A request whose method and path no [guard](RateLimitLayer::guard) names passes untouched. Paths match whole; one that
//!    ends in `/*` stands for all that is below.
//! 2. Without [`ClientAddress`](towergate_client_address::ClientAddress) it is answered 500, naming `ClientAddressLayer`.
//! 3. The address and its network are counted, of all guards that name the request, in one store step. Whoever's address is unknown is counted with all
//!    who are.
//! 4. Where there is room, the inner service is called. What it answers changes nothing: no success empties a bucket.
//! 5. Where there is none, the body is not read, nothing is counted, and the answer is 429 with `Retry-After`. The reason,
//!    [`RateLimited`](crate::RateLimited), is in the response's extensions. A host answers otherwise by [`RejectRateLimited`].
//! 6. A store that fails lets nobody through: 503 with `Retry-After` when it is away, 500 when it is broken.
//!
//! # Readiness and cancellation
//!
//! Readiness is that of the inner service; the one that was ready is called. A future that is dropped has been counted, or not.
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, net::SocketAddr, time::Duration};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::RETRY_AFTER};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_client_address::{ClientAddressLayer, PeerAddress};
//! use towergate_rate_limit::{Limit, MemoryStore, RateLimitLayer, RateLimited};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limit = Limit::new("search", 2, Duration::from_secs(60));
//! let app = ServiceBuilder::new()
//!     .layer(ClientAddressLayer::new())
//!     .layer(RateLimitLayer::new(MemoryStore::new()).post("/search", limit))
//!     .service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
//! // What the server loop does for each connection.
//! let peer = |address: &str| PeerAddress(address.parse().expect("an address"));
//! let search = |address: &str| Request::post("/search").extension(peer(address)).body(());
//!
//! for _ in 0..2 {
//!     assert_eq!(app.clone().oneshot(search("192.0.2.1:1")?).await?.status(), StatusCode::OK);
//! }
//! let refused = app.clone().oneshot(search("192.0.2.1:2")?).await?;
//! assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(refused.headers()[RETRY_AFTER], "30");
//! assert!(matches!(refused.extensions().get(), Some(RateLimited::TooMany { limit: "search", .. })));
//!
//! // Somebody else is somebody else.
//! assert_eq!(app.oneshot(search("192.0.2.2:1")?).await?.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```

mod future;
mod guard;
#[expect(clippy::module_inception, reason = "the layer's own file, as in every layer")]
mod layer;
mod rejection;
mod service;

pub use future::ResponseFuture;
pub use layer::RateLimitLayer;
pub use rejection::{PlainRefusal, RejectRateLimited};
pub use service::RateLimit;
