//! Step-up: lets through only who signed in strongly enough, and not too long ago.
//!
//! # The rules, in order
//!
//! 1. Without [`CurrentScope`](crate::CurrentScope) the request is answered 500, naming `ScopeLayer`.
//! 2. Nobody signed in, or somebody half signed in: as [`RequireUserLayer`](crate::RequireUserLayer) answers.
//! 3. The last proof must be of the [`Level`](towergate_identity::rules::level::Level) asked for, or above: one factor
//!    unless [told otherwise](RequireLevelLayer::level).
//! 4. It must be no older than [`max_age`](RequireLevelLayer::max_age), if one is set. One that lies more than a minute ahead
//!    of the clock counts as too old: a clock that was set back must not keep a proof fresh.
//! 5. Who does not pass but navigates (`GET`, accepts `text/html`) is sent to the sign-in page, which asks again (for two
//!    factors, by `acr_values`, where two are asked for and missing), and comes back; every other request is answered 403. The reason,
//!    [`NotSteppedUp`], is in the response's extensions, and in the text. A host answers otherwise by [`RejectNotSteppedUp`].
//! 6. [`SteppedUp`] goes into the request's extensions, and the inner service is called.
//!
//! A form behind this layer is best shown behind it too: a `POST` that comes too late is not repeated after signing in.
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, sync::Arc, time::Duration};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::{ACCEPT, COOKIE, LOCATION}};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_core::{LocalPath, clock::ManualClock};
//! use towergate_identity::{ports::memory::MemoryStore, rules::level::Level};
//! use towergate_scope::{RequireLevelLayer, ScopeLayer, SteppedUp};
//! use towergate_session::SessionLayer;
//! # use towergate_core::{Clock, audit::Origin, system::{OsRandom, SystemClock}, token::OpaqueToken};
//! # use towergate_identity::ports::{SessionStore, UserStore, session::Establishment};
//! # use towergate_identity::rules::{email::EmailAddress, login_proof::Method, session::*, user::*};
//!
//! # async fn sign_alice_in(store: &MemoryStore) -> Result<String, Box<dyn std::error::Error>> {
//! #     let (now, random) = (SystemClock.now(), OsRandom::new());
//! #     let (origin, user) = (Origin::detached(now, &random)?, UserId::fresh(now, &random)?);
//! #     let email = EmailAddress::parse("alice@example.com")?;
//! #     store.add_user(User { id: user, email, password: None, state: UserState::Active, created_at: now, confirmed_at: None }, origin).await?;
//! #     let token = OpaqueToken::mint(PREFIX, now, &random)?;
//! #     let end = now.plus(SessionLifetime::default().idle);
//! #     let session = SessionRecord {
//! #         id: SessionId::from_uuid(token.id()), digest: token.digest(), sign_in: SignInId::fresh(now, &random)?, user,
//! #         stage: SessionStage::Complete, methods: [Method::Password].into(), passkey: None, authenticated_at: now, created_at: now,
//! #         last_seen_at: now, idle_expires_at: end, absolute_expires_at: end,
//! #     };
//! #     store.establish_session(Establishment { session, replaces: None, is_login: true, rests_on_replaced: false, visit: Default::default() }, origin).await?;
//! #     Ok(format!("__Host-tgs={}", token.reveal().expose()))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let cookie = sign_alice_in(&store).await?; // by password, just now
//! # let clock = Arc::new(ManualClock::at(SystemClock.now()));
//!
//! let login = LocalPath::parse("/login").ok_or("a local path")?;
//! let fresh = RequireLevelLayer::new(login).max_age(Duration::from_secs(300)).clock(clock.clone());
//! let app = ServiceBuilder::new()
//!     .layer(SessionLayer::new(store))
//!     .layer(ScopeLayer::new())
//!     .layer(fresh)
//!     .service_fn(async |request: Request<()>| {
//!         let proof = SteppedUp::from_extensions(request.extensions());
//!         assert!(proof.is_ok_and(|proof| proof.level() == Level::OneFactor));
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//!     });
//! let visit = || Request::builder().uri("/transfer").header(COOKIE, &cookie).header(ACCEPT, "text/html").body(());
//!
//! // Alice signed in a moment ago.
//! assert_eq!(app.clone().oneshot(visit()?).await?.status(), StatusCode::OK);
//!
//! // Five minutes later she is still signed in, but is asked to prove it again, and comes back.
//! clock.advance(Duration::from_secs(301));
//! let response = app.oneshot(visit()?).await?;
//! assert_eq!(response.status(), StatusCode::SEE_OTHER);
//! assert_eq!(response.headers()[LOCATION], "/login?return_to=%2Ftransfer");
//! # Ok(())
//! # }
//! ```

mod decide;
mod layer;
mod rejection;
mod service;

pub use decide::{MissingRequireLevelLayer, NotSteppedUp, SteppedUp};
pub use layer::RequireLevelLayer;
pub use rejection::RejectNotSteppedUp;
pub use service::RequireLevel;
