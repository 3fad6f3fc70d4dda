//! Sessions: [`SessionLayer`] recognises whose session a cookie is, and [`Session::establish`] is the one door that
//! turns a [`LoginProof`](towergate_identity::rules::login_proof::LoginProof) into a session.
//!
//! # The rules, in order
//!
//! 1. No cookie: the visitor is anonymous, and the store is not asked.
//! 2. A cookie that cannot be ours (torn, or of another make): anonymous, the store is not asked, the cookie is cleared.
//! 3. The store loads the session by its identifier, if it is alive; the digest of the cookie's secret is compared in
//!    constant time. Unknown, ended, idle for too long, too old, or a wrong secret: anonymous, and the cookie is
//!    cleared. None of these is an error page.
//! 4. A note of activity that is due is written, at most every five minutes. A session that ended meanwhile is not
//!    revived by it.
//! 5. A store that fails is answered 503 with `Retry-After` (or 500 where an operator must look), by
//!    [`RejectSession`], with the [`SessionRejection`] in the response's extensions. The cookie stays.
//! 6. [`Session`] goes into the request's extensions, and the inner service is called.
//! 7. [`Session::establish`] asks the [`EnrolmentPolicy`] who must have a second factor, whichever way they came. Whoever must and
//!    has none is nobody until they have enrolled one, for an hour; or is refused; or has sessions that end when their days
//!    of grace do.
//! 8. An answer that sets or clears the cookie is `Cache-Control: no-store`. Cookies that others set stay.
//!
//! The cookie is `__Host-tgs`: `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`, gone when the browser closes.
//!
//! A request that waits for its session, or for a note of its activity, is boxed; one whose store answers at once, or that has no
//! cookie, is not.
//!
//! # Readiness, cancellation, loss
//!
//! Readiness is that of the inner service; the instance that was polled ready is the one called. The future may be
//! dropped at any moment: each step that a [`Session`] method makes is one store step, durable when the method returns.
//! A lost connection, a panic or an error status afterwards undoes nothing. If the connection is lost after
//! [`Session::establish`], the session exists and nobody holds its cookie; it idles out.
//!
//! A request that finds a cookie without a living session clears it, also when another request of the same browser
//! renewed the session at that very moment and the answers cross: that person signs in again. A sign-out ends the sign-in
//! under whatever identifier it goes by then, also when it comes with the old cookie while the answer with the new one is
//! still on its way: the store remembers the identifiers that a sign-in went by, and the digests of their secrets.
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, sync::{Arc, Mutex}};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::{COOKIE, SET_COOKIE}};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use towergate_identity::ports::memory::MemoryStore;
//! # use towergate_core::{Clock, Secret, audit::Origin, system::{OsRandom, SystemClock}};
//! # use towergate_identity::{ports::UserStore, rules::{email::EmailAddress, login_proof::LoginProof}};
//! # use towergate_identity::rules::password::{Decision, DummyHash, HashParams, Password, decide, hash};
//! # use towergate_identity::rules::user::{User, UserId, UserState};
//! use towergate_session::{Session, SessionLayer};
//!
//! # async fn alice(store: &MemoryStore) -> Result<LoginProof, Box<dyn std::error::Error>> {
//! #     let (now, random) = (SystemClock.now(), OsRandom::new());
//! #     let (cheap, typed) = (HashParams::insecure_new(8, 1, 1)?, Password::parse(&Secret::from("correct horse"))?);
//! #     let alice = User {
//! #         id: UserId::fresh(now, &random)?,
//! #         email: EmailAddress::parse("alice@example.com")?,
//! #         password: Some(hash(&typed, cheap, &random)?),
//! #         state: UserState::Active,
//! #         created_at: now,
//! #         confirmed_at: None,
//! #     };
//! #     store.add_user(alice.clone(), Origin::detached(now, &random)?).await?;
//! #     match decide(Some(&alice), &typed, now, &DummyHash::new(cheap, &random)?) {
//! #         Decision::Proven { proof, .. } => Ok(proof),
//! #         Decision::Failed(reason) => Err(reason.as_str().into()),
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let proof = alice(&store).await?; // what the password rule answers for the right password
//! # let proof = Arc::new(Mutex::new(Some(proof)));
//!
//! let app = ServiceBuilder::new().layer(SessionLayer::new(store)).service(service_fn(
//!     move |request: Request<()>| {
//!         let session = Session::of(request.extensions()).cloned();
//! #         let proof = proof.lock().ok().filter(|_| request.uri().path() == "/login").and_then(|mut p| p.take());
//!         async move {
//!             let session = session?;
//!             if let Some(proof) = proof {
//!                 session.establish(proof).await?;
//!             }
//!             let status = if session.is_anonymous() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
//!             let mut response = Response::new(Full::<Bytes>::default());
//!             *response.status_mut() = status;
//!             Ok::<_, Box<dyn std::error::Error>>(response)
//!         }
//!     },
//! ));
//!
//! // Signed in, and recognised again.
//! let response = app.clone().oneshot(Request::builder().uri("/login").body(())?).await?;
//! let set = response.headers()[SET_COOKIE].to_str()?;
//! let cookie = set.split(';').next().unwrap_or_default();
//! let response = app.clone().oneshot(Request::builder().header(COOKIE, cookie).body(())?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! // A torn cookie is nobody's, and is cleared.
//! let torn = cookie.trim_end_matches(|last| last != '.');
//! let response = app.oneshot(Request::builder().header(COOKIE, torn).body(())?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert!(response.headers()[SET_COOKIE].to_str()?.contains("Max-Age=0"));
//! # Ok(())
//! # }
//! ```

mod cookie;
mod door;
mod enrolment;
mod error;
mod future;
mod handle;
mod layer;
mod places;
mod record;
mod rejection;
pub mod remember;
mod service;

pub use cookie::{INSECURE_NAME, NAME};
pub use enrolment::EnrolmentPolicy;
pub use error::{MissingSessionLayer, SessionError};
pub use future::ResponseFuture;
pub use handle::{Begun, MAX_NAME_BYTES, MAX_VALUE_BYTES, Session};
pub use layer::SessionLayer;
pub use places::Places;
pub use rejection::{PlainRejection, RejectSession, SessionRejection};
pub use remember::{Notices, RememberLayer};
pub use service::SessionService;
