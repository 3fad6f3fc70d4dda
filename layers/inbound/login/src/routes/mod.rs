//! The layer that answers the sign-in page and the way out, and passes all else on.
//!
//! 1. A request for the sign-in path is answered as `login.rs` says, one for the sign-out path as `logout.rs` says.
//!    The paths match whole, so whoever strips a prefix must give the layer what is left of them; the form posts to the
//!    sign-in path as it is given.
//! 2. All else goes to the inner service untouched.
//! 3. Both need `SessionLayer` outside; where it is missing, they answer 500 with a sentence that names it.
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
//! use towergate_login::{LoginRoutes, PasswordHasher, pages::{LoginPages, LoginView, ProblemView}};
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
//! let routes = LoginRoutes::new(store.clone(), hasher, Plain);
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
