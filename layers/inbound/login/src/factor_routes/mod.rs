//! The layer that answers the pages of second factors and passes all else on.
//!
//! The rules, in order:
//!
//! 1. A request for `/mfa` or `/account/security` is answered here; any other passes to the inner service untouched. Other
//!    paths can be [set](crate::Site::paths_mut).
//! 2. `/mfa` asks whoever is half signed in for a code of their app or a backup code, and whoever is signed in with one
//!    factor, when something asks for two. A success answers 303 to `return_to`, with a new session in the same sign-in; a
//!    failure 422 with the form again; too many 429 with `Retry-After`. Without a session: 303 to the sign-in page.
//! 3. `/account/security` enrols an app (a picture and a text of its secret, then a first code), hands out backup codes, once,
//!    and removes both. Each change needs a proof of the last five minutes, by two factors of whoever has an app; who has
//!    none that fresh is sent to prove it and comes back. Enrolling and removing end every other session of the person.
//! 4. Forms over 64 KiB or with a field twice are not read. A store that is away: 503 with `Retry-After`.
//! 5. The layer stands inside `SessionLayer` and a defence against forged posts; without the first it answers 500 with a
//!    sentence that names it.
//!
//! ```
//! # use std::{convert::Infallible, sync::Arc};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_core::{Secret, seal::{SealingKey, SealingRing}};
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{FactorRoutes, Site, factor_pages::*, pages::*};
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
//! impl FactorPages for Plain {
//!     fn second_factor(&self, view: &SecondFactorView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn security(&self, view: &SecurityView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32]))); // a key of your own, kept outside the database
//! let hello = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let routes = FactorRoutes::new(store.clone(), sealing, "Example", Site::new(Plain));
//! let app = SessionLayer::new(store).layer(routes.layer(hello));
//!
//! let passed = app.clone().oneshot(Request::get("/other").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//!
//! // A stranger has nothing to complete.
//! let refused = app.oneshot(Request::get("/mfa?return_to=%2Fhome").body(Full::default())?).await?;
//! assert_eq!(refused.status(), StatusCode::SEE_OTHER);
//! assert_eq!(refused.headers()[header::LOCATION], "/login?return_to=%2Fhome");
//! # Ok(())
//! # }
//! ```

mod layer;
mod mfa;
mod security;
mod service;

pub use layer::FactorRoutes;
pub use service::{Factors, Route};
