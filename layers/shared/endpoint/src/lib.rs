//! Endpoints in front of an inner service, whichever wing they belong to.
//!
//! - [`Endpoints`] says which paths are answered and how; [`Mounted`] is the service that answers those and passes any
//!   other request to the inner service untouched. It is ready when the inner service is.
//! - [`SharedEndpoints`] are endpoints behind an `Arc`, which is how most are kept.
//! - [`OptionalLayer`] mounts endpoints or does not, as a configuration says.
//! - [`body`] reads the form of a request, bounded, before anything looks into it.
//! - [`page`] builds the pages, lines and redirects that a browser gets, each with the headers that keep it from being
//!   framed, kept, or told on.
//! - [`Document`] answers what is the same for everybody, with an `ETag`.
//! - [`health`] answers whether the process lives, and whether it is ready; [`closing`] ends it without losing a request.
//! - [`origin`] says in which request a fact was established.
//!
//! The crate knows no wing: neither how people sign in, nor what a client is.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceExt, service_fn};
//! use towergate_endpoint::{Answer, Endpoints, Mounted, page};
//!
//! /// Answers `/door`, to whoever knocks with a `GET`.
//! #[derive(Clone)]
//! struct Door;
//!
//! impl<B: Send + 'static> Endpoints<B> for Door {
//!     type Route = ();
//!
//!     fn route(&self, path: &str) -> Option<()> {
//!         (path == "/door").then_some(())
//!     }
//!
//!     fn name(&self, _: &()) -> &'static str {
//!         "door"
//!     }
//!
//!     fn answer(self, _: (), request: Request<B>) -> Answer {
//!         if request.method() == http::Method::GET {
//!             return Answer::at_hand(page::plain(StatusCode::OK, "come in\n"));
//!         }
//!         Answer::at_hand(page::plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::from("the host's"))));
//! let service = Mounted::new(Door, host);
//!
//! let passed = service.clone().oneshot(Request::get("/other").body(())?).await?;
//! assert_eq!(passed.into_body(), "the host's");
//! let answered = service.clone().oneshot(Request::get("/door").body(())?).await?;
//! assert_eq!(answered.into_body(), "come in\n");
//! let refused = service.oneshot(Request::post("/door").body(())?).await?;
//! assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
//! # Ok(())
//! # }
//! ```

mod answer;
pub mod body;
pub mod closing;
mod document;
mod future;
pub mod health;
mod optional;
mod origin;
pub mod page;
mod service;
mod shared;

pub use answer::Answer;
pub use document::Document;
pub use future::ResponseFuture;
pub use health::HealthLayer;
pub use optional::OptionalLayer;
pub use origin::origin;
pub use service::{Endpoints, Mounted};
pub use shared::SharedEndpoints;
