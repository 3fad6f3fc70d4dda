//! What a browser is remembered for: [`RememberLayer`] keeps people signed in where they ask for it, spares them the second
//! factor in browsers that they trust, and knows in which they signed in before.
//!
//! # The rules, in order
//!
//! 1. The layer stands right inside [`SessionLayer`](crate::SessionLayer), outside of whoever asks who is signed in. Without it
//!    the layer answers 500 and says what to add.
//! 2. Who has a living session is not remembered: the cookies are looked at, and nothing is asked of the store.
//! 3. No session, but a cookie `__Host-tgr` (30 days): it is [traded](towergate_identity::rules::remember), in one store step, for the
//!    next one and a session of [`Method::Remembered`](towergate_identity::rules::login_proof::Method::Remembered) alone.
//!    `RequireUser` lets such a person in; whatever asks for a level, for a fresh proof, or guards a sensitive change does not, and
//!    the time of the proof stays that of the last one. The request goes on with that session, whatever its method.
//! 4. Requests that come at once with the same cookie get the same answer for 30 seconds. Later, or with an older cookie, it is a
//!    copy: the family ends with its sessions, and the person is told, through [`Notices`].
//! 5. A cookie that is good for nothing is cleared. A store that fails is answered 503, and the cookies stay.
//! 6. Whoever signs in is known in that browser for 90 days, by the cookie `__Host-tgt`, and is told by mail of a sign-in in one
//!    where they are not; not of their first. A browser that somebody has trusted, for 30 days, is known by the same cookie.
//!
//! A family ends, and trust with it, with every change of passwords and factors; families also with a sign-out in that browser.
//!
//! # Example
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::{COOKIE, SET_COOKIE}};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_session::{RememberLayer, Session, SessionLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let app = ServiceBuilder::new()
//!     .layer(SessionLayer::new(store.clone()))
//!     .layer(RememberLayer::new(store.clone()))
//!     .service_fn(async |request: Request<()>| {
//!         let offered = Session::of(request.extensions()).is_ok_and(Session::offers_remembering);
//!         let mut response = Response::new(Full::<Bytes>::default());
//!         *response.status_mut() = if offered { StatusCode::OK } else { StatusCode::NOT_FOUND };
//!         Ok::<_, Infallible>(response)
//!     });
//!
//! let response = app.clone().oneshot(Request::new(())).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! // A cookie that nobody gave is cleared.
//! let forged = format!("__Host-tgr=tgr_{}.{}", "A".repeat(22), "A".repeat(43));
//! let response = app.oneshot(Request::builder().header(COOKIE, forged).body(())?).await?;
//! assert!(response.headers()[SET_COOKIE].to_str()?.starts_with("__Host-tgr=;"));
//!
//! // Where people must prove who they are each time, nobody is remembered.
//! let strict = RememberLayer::new(store.clone()).remember_for(None);
//! let app = ServiceBuilder::new().layer(SessionLayer::new(store)).layer(strict).service_fn(
//!     async |request: Request<()>| {
//!         let offered = Session::of(request.extensions()).is_ok_and(Session::offers_remembering);
//!         assert!(!offered);
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//!     },
//! );
//! app.oneshot(Request::new(())).await?;
//! # Ok(())
//! # }
//! ```

mod door;
mod future;
mod layer;
mod notices;
mod redeem;
mod service;

pub(crate) use door::BrowserDoor;
pub use future::RememberFuture;
pub use layer::RememberLayer;
pub use notices::{NoNotices, Notices, Writing};
pub use service::RememberService;
