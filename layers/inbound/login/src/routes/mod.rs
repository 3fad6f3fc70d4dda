//! The layer that answers the sign-in page and the way out, and passes all else on.
//!
//! The rules, in order:
//!
//! 1. A request for the sign-in path or the sign-out path is answered here; any other request passes to the inner
//!    service untouched. The paths match whole, so whoever strips a prefix must give the layer what is left of them; the
//!    form posts to the sign-in path as it is given.
//! 2. `GET` of the sign-in path shows the form; `return_to` says where to go afterwards, when it is a
//!    [`LocalPath`](towergate_core::LocalPath), and `login_hint` fills in the address.
//! 3. `POST` of the sign-in path signs in: 303 to `return_to`, with a new session, or 422 with the form again and one
//!    sentence, the same for every reason. A form over 64 KiB, or with a field twice, is not read.
//! 4. `POST` of the sign-out path tells [`OnLogout`](crate::OnLogout), ends the session and answers 303. No link can do
//!    it: any other method is answered 405.
//! 5. Too much to do, or a store that is away: 503 with `Retry-After`.
//! 6. Both need `SessionLayer` outside; where it is missing, they answer 500 with a sentence that names it.
//!
//! The layer is ready when the inner service is. A sign-in or sign-out whose form was read runs to its end, even when
//! its future is dropped.
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_core::{Clock, Secret, audit::Origin, system::{OsRandom, SystemClock}};
//! use towergate_identity::{
//!     ports::{UserStore, memory::MemoryStore},
//!     rules::{password::{HashParams, Password}, user::User},
//! };
//! use towergate_login::{LoginRoutes, PasswordHasher, Site, pages::{LoginPages, LoginView, ProblemView}};
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//!
//! impl LoginPages for Plain {
//!     fn login(&self, view: &LoginView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn problem(&self, view: &ProblemView) -> String {
//!         view.message.clone()
//!     }
//! }
//!
//! # async fn hello(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
//! #     Ok(Response::new(Full::from("hello")))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (clock, random) = (SystemClock, Arc::new(OsRandom::new()));
//! let hasher = PasswordHasher::new(HashParams::default(), random.clone())?;
//! let store = MemoryStore::new();
//! let now = clock.now();
//! let hash = hasher.hash(Password::parse(&Secret::from("correct horse battery"))?).await?;
//! let alice = User::fresh("alice@example.com".parse()?, hash, now, &random)?;
//! store.add_user(alice, Origin::detached(now, &random)?).await?;
//!
//! let routes = LoginRoutes::new(store.clone(), hasher, Site::new(Plain));
//! let app = SessionLayer::new(store).layer(routes.layer(service_fn(hello)));
//!
//! let post = |form: &'static str| {
//!     Request::post("/login")
//!         .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!         .body(Full::from(form))
//! };
//! let right = post("email=alice%40example.com&password=correct+horse+battery&return_to=%2Fhome")?;
//! let answer = app.clone().oneshot(right).await?;
//! assert_eq!(answer.status(), StatusCode::SEE_OTHER);
//! assert_eq!(answer.headers()[header::LOCATION], "/home");
//! assert!(answer.headers().contains_key(header::SET_COOKIE));
//!
//! let wrong = post("email=alice%40example.com&password=guess")?;
//! let answer = app.oneshot(wrong).await?;
//! assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
//! assert!(!answer.headers().contains_key(header::SET_COOKIE));
//! # Ok(())
//! # }
//! ```

mod layer;
mod service;

pub use layer::LoginRoutes;
pub use service::{Route, SignInAndOut};
