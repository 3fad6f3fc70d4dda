//! The layer that answers the pages of passwords and passes all else on.
//!
//! The rules, in order:
//!
//! 1. A request for `/account/password`, and where [mail can be sent](PasswordRoutes::with_reset) for `/forgot` and `/reset`, is
//!    answered here; any other passes to the inner service untouched. Other paths can be [set](crate::Site::paths_mut).
//! 2. `/.well-known/change-password` leads to `/account/password`, for
//!    [password managers](https://www.w3.org/TR/change-password-url/).
//! 3. `/forgot` and `/reset` set a forgotten password anew: the rules are those of [`reset`](crate::reset).
//! 4. `/account/password` changes it, or sets the first: the rules are those of [`change`](crate::change).
//! 5. Forms over 64 KiB or with a field twice are not read. Too much to do, or a store that is away: 503 with `Retry-After`.
//! 6. The layer stands inside `SessionLayer` and a defence against forged posts; without the first it answers 500 with a
//!    sentence that names it.
//!
//! ```
//! # use std::{convert::Infallible, sync::Arc};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_core::{Secret, seal::{SealingKey, SealingRing}, system::OsRandom};
//! use towergate_identity::{ports::memory::MemoryStore, rules::password::HashParams};
//! use towergate_login::{PasswordHasher, PasswordRoutes, Site, mail::Mailroom, pages::*, password_pages::*};
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//! # impl LoginPages for Plain {
//! #     fn login(&self, _: &LoginView) -> String { String::new() }
//! #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
//! # }
//!
//! impl PasswordPages for Plain {
//!     fn forgot(&self, view: &ForgotView) -> String {
//!         String::from(if view.sent { "look into your mail" } else { "which address?" })
//!     }
//!     fn reset(&self, view: &ResetView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn password(&self, view: &PasswordView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn password_done(&self, _: &PasswordDoneView) -> String {
//!         String::from("done")
//!     }
//! }
//!
//! # async fn hello(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
//! #     Ok(Response::new(Full::from("hello")))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hasher = PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new()))?;
//! let room = Mailroom::new("https://example.com", &Secret::new([7; 32]))?; // 32 random bytes that no store holds
//! let sealing = SealingRing::new(SealingKey::new(Secret::new([8; 32]))); // another key of your own
//! let store = MemoryStore::new();
//! let routes = PasswordRoutes::new(store.clone(), hasher, Site::new(Plain)).with_reset(room, sealing);
//! let app = SessionLayer::new(store).layer(routes.layer(service_fn(hello)));
//!
//! // Nobody has this address, and nobody learns that.
//! let asked = Request::post("/forgot")
//!     .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!     .body(Full::from("email=alice%40example.com"))?;
//! assert_eq!(app.clone().oneshot(asked).await?.status(), StatusCode::OK);
//!
//! // A stranger has no password to change.
//! let refused = app.oneshot(Request::get("/account/password").body(Full::default())?).await?;
//! assert_eq!(refused.status(), StatusCode::SEE_OTHER);
//! assert_eq!(refused.headers()[header::LOCATION], "/login?return_to=%2Faccount%2Fpassword");
//! # Ok(())
//! # }
//! ```

mod layer;
mod service;

pub use layer::PasswordRoutes;
pub use service::{Passwords, Route};
