//! What a host's own tests need (feature `test-util`): a clock that stands still, a mailbox, people in every state, and, with
//! feature `passkeys`, an authenticator in software.
//!
//! - [`Guests`] makes people who are signed in, half signed in, stepped up, locked out, unconfirmed or asked to enrol a second
//!   factor, each with the cookie of their browser. They take the steps that people take: no proof is made up here.
//! - [`Mailbox`] is a [`Mailer`](towergate_login::mail::Mailer) that keeps mail and finds the link and the code in it.
//! - [`ManualClock`] is the time, moved by the test; give the same one to every layer.
//! - [`InsecureSeededRandom`] draws the same numbers each time.
//! - `SoftPasskey` answers the challenges of a page as a browser with an authenticator would.
//!
//! Switch it on for tests alone, in `[dev-dependencies]`:
//!
//! ```toml
//! towergate = { version = "0.1", features = ["test-util"] }
//! ```
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, sync::Arc};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::COOKIE};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate::{
//!     Stack, audit::AuditLayer, core::Timestamp, identity::ports::memory::MemoryStore,
//!     scope::{CurrentScope, ScopeLayer}, session::SessionLayer, test_util::{Guests, ManualClock, Standing},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let (store, clock) = (MemoryStore::new(), Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000))));
//! let session = SessionLayer::new(store.clone()).clock(clock.clone());
//!
//! // The host under test: a page for whoever is signed in.
//! let stack = Stack::new(AuditLayer::new()).session(session.clone()).scope(ScopeLayer::new());
//! let app = ServiceBuilder::new().layer(stack).service_fn(async |request: Request<Full<Bytes>>| {
//!     let somebody = CurrentScope::from_extensions(request.extensions()).is_ok_and(|scope| scope.user().is_some());
//!     let mut response = Response::new(Full::<Bytes>::default());
//!     *response.status_mut() = if somebody { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
//!     Ok::<_, Infallible>(response)
//! });
//!
//! let guests = Guests::new(store).clock(clock).session(session);
//! for standing in Standing::ALL {
//!     let guest = guests.arrive(&format!("{standing:?}@example.com"), standing).await?;
//!     let mut visit = Request::get("/");
//!     if let Some(cookie) = &guest.cookie {
//!         visit = visit.header(COOKIE, cookie);
//!     }
//!     let answer = app.clone().oneshot(visit.body(Full::default())?).await?;
//!     assert_eq!(answer.status() == StatusCode::OK, standing.is_somebody(), "{standing:?}");
//! }
//! # Ok(())
//! # }
//! ```

mod guests;
mod mailbox;

pub use guests::{Guest, Guests, PASSWORD, Standing, TestError};
pub use mailbox::Mailbox;
#[doc(no_inline)]
pub use towergate_core::{clock::ManualClock, random::InsecureSeededRandom};
#[cfg(feature = "passkeys")]
#[doc(no_inline)]
pub use towergate_passkey::soft::{Make, SoftPasskey};
