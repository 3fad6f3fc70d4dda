//! Who is signed in, for everything further in: [`ScopeLayer`] sets [`CurrentScope`], [`RequireUserLayer`] turns away
//! whoever is not signed in, and [`RequireLevelLayer`] whoever did not sign in strongly or lately enough
//! ([its rules](require_level)).
//!
//! # The rules, in order
//!
//! 1. Without a [`SessionLayer`](towergate_session::SessionLayer) outside it, `ScopeLayer` answers 500 and says what to
//!    add; the inner service is not called.
//! 2. [`CurrentScope`] is what the session was when the request came in. Who signs in during a request is known from the
//!    next one on.
//! 3. Who is remembered by a cookie alone is somebody, of the level `Remembered`: `RequireUserLayer` lets them in,
//!    `RequireLevelLayer` does not. Somebody who owes a second factor, or must enrol one, is nobody: no user, no sign-in, no
//!    methods.
//! 4. Without `ScopeLayer` outside it, `RequireUserLayer` answers 500 and says what to add.
//! 5. Nobody signed in: a person who navigates (`GET`, accepts `text/html`) is sent to the sign-in page with
//!    `return_to`, which must be a [`LocalPath`](towergate_core::LocalPath); any other request gets 401. The reason,
//!    [`NoUser`], is in the response's extensions. A host answers otherwise by [`RejectNoUser`].
//!
//! `return_to` is the path as the layer sees it: where a router strips a prefix, put the layer outside of that router.
//!
//! # Readiness and cancellation
//!
//! Readiness is that of the inner service. The layers do no I/O and hold nothing: a dropped future loses nothing.
//!
//! # Example
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header::{ACCEPT, COOKIE, LOCATION}};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_core::LocalPath;
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_scope::{CurrentScope, RequireUserLayer, ScopeLayer};
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
//! let cookie = sign_alice_in(&store).await?; // as a browser sends it
//! let login = LocalPath::parse("/login").ok_or("a local path")?;
//!
//! let app = ServiceBuilder::new()
//!     .layer(SessionLayer::new(store))
//!     .layer(ScopeLayer::new())
//!     .layer(RequireUserLayer::new(login))
//!     .service_fn(async |request: Request<()>| {
//!         assert!(request.extensions().get::<CurrentScope>().is_some_and(|scope| scope.user().is_some()));
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//!     });
//!
//! // Alice passes.
//! let request = Request::builder().uri("/files").header(COOKIE, cookie).body(())?;
//! assert_eq!(app.clone().oneshot(request).await?.status(), StatusCode::OK);
//!
//! // A person who is not signed in is sent to sign in, and comes back.
//! let request = Request::builder().uri("/files?page=2").header(ACCEPT, "text/html").body(())?;
//! let response = app.clone().oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::SEE_OTHER);
//! assert_eq!(response.headers()[LOCATION], "/login?return_to=%2Ffiles%3Fpage%3D2");
//!
//! // A program is told.
//! let response = app.oneshot(Request::builder().uri("/files").body(())?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```

mod current;
mod future;
mod layer;
pub mod require_level;
mod require_user;
mod service;
mod to_login;

pub use current::{CurrentScope, MissingScopeLayer};
pub use future::ResponseFuture;
pub use layer::ScopeLayer;
pub use require_level::{
    MissingRequireLevelLayer, NotSteppedUp, RejectNotSteppedUp, RequireLevel, RequireLevelLayer, SteppedUp,
};
pub use require_user::{NoUser, RejectNoUser, RequireUser, RequireUserLayer};
pub use service::ScopeService;
pub use to_login::ToLogin;
