//! The record of a request: [`AuditLayer`] gives each request an identifier that every audit event of it carries, and
//! sinks hear of every event.
//!
//! # The rules, in order
//!
//! 1. Each request gets a fresh [`RequestId`](towergate_core::audit::RequestId) in its extensions. Whoever asks does not
//!    choose it: an `x-request-id` that came along is removed.
//! 2. The inner service runs in a `tracing` span (target `towergate::request`, level `info`) with the identifier, the
//!    method and the path. The query, headers and bodies are never recorded.
//! 3. The answer carries the identifier as `x-request-id`, so that a person can quote it to an operator. One event closes
//!    the record: the status, or that the service failed, or that nobody waited for the answer.
//! 4. Who held off what tried to get around a defence leaves [`Attempted`](towergate_core::audit::Attempted) in the extensions of the
//!    answer: the [sink](AuditLayer::sink) is told, under the identifier of the request. So it is with forms of other sites, cookies
//!    that were tampered with, forms that no page of the house sends, and whoever asks too often.
//! 5. Of two of these layers around each other the outer one keeps the record: the inner one goes by its identifier, and says nothing
//!    but to a sink of its own.
//! 6. Without randomness there is no identifier: the request goes on, and whoever needs one for an event fails by itself.
//!
//! The layer goes outermost. It refuses nothing; what a refusal looks like here is an event with
//! [`Outcome::Refused`](towergate_core::audit::Outcome::Refused) under the identifier of its request.
//!
//! Deployment caveat: a path is logged as it is. A host whose paths hold personal data filters the target
//! `towergate::request`.
//!
//! # Sinks
//!
//! A store writes its events with the change they tell of, and then tells its [`Sink`](towergate_core::audit::Sink):
//! [`TracingSink`] speaks through `tracing`, [`Fanout`] tells several.
//!
//! # Proof
//!
//! A [`Sealer`] signs what is written, in batches that are linked to each other, and [`verify`] finds the first place where a log is not what was
//! sealed. The rules are those of [`chain`](towergate_core::audit::chain).
//!
//! # Readiness and cancellation
//!
//! Readiness is that of the inner service. A future that is dropped closes its record as abandoned.
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, sync::{Arc, Mutex}};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_audit::{AuditLayer, Fanout, REQUEST_ID, TracingSink};
//! use towergate_core::audit::{Event, Origin, Outcome, Party, RequestId, Sink};
//! # use towergate_core::{Clock, system::SystemClock};
//!
//! /// Keeps what it hears.
//! #[derive(Clone, Default)]
//! struct Kept(Arc<Mutex<Vec<Event>>>);
//!
//! impl Sink for Kept {
//!     fn record(&self, event: &Event) {
//!         self.0.lock().expect("nobody panics here").push(event.clone());
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kept = Kept::default();
//! let sink = Arc::new(Fanout::new().and(TracingSink).and(kept.clone()));
//!
//! // In a real stack a store does this, with the change it tells of.
//! let app = ServiceBuilder::new().layer(AuditLayer::new()).service_fn(move |request: Request<()>| {
//!     let request_id = request.extensions().get::<RequestId>().copied();
//!     let sink = sink.clone();
//!     async move {
//!         let mut response = Response::new(Full::<Bytes>::default());
//!         if let (Some(request), "/login") = (request_id, request.uri().path()) {
//!             let origin = Origin { request, at: SystemClock.now() };
//!             let nobody = Party::anonymous();
//!             sink.record(&Event::refused(origin, "login.failed", nobody.clone(), nobody, "unknown_user"));
//!             *response.status_mut() = StatusCode::UNAUTHORIZED;
//!         }
//!         Ok::<_, Infallible>(response)
//!     }
//! });
//!
//! // A pass: the answer names its request.
//! let response = app.clone().oneshot(Request::new(())).await?;
//! assert!(response.headers().contains_key(REQUEST_ID));
//!
//! // A refusal: the event carries the identifier that the answer names.
//! let response = app.oneshot(Request::builder().uri("/login").body(())?).await?;
//! let events = kept.0.lock().expect("nobody panics here");
//! assert_eq!(events[0].outcome, Outcome::Refused);
//! assert_eq!(events[0].origin.request.to_string(), response.headers()[REQUEST_ID].to_str()?);
//! # Ok(())
//! # }
//! ```

mod fanout;
mod future;
mod layer;
mod sealer;
mod service;
mod tracing_sink;
mod verify;

pub use fanout::Fanout;
pub use future::ResponseFuture;
pub use layer::AuditLayer;
pub use sealer::Sealer;
pub use service::{AuditService, REQUEST_ID};
pub use tracing_sink::TracingSink;
pub use verify::{NotProven, verify};
