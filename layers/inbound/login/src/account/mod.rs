//! The layer that answers the pages of the account and passes all else on.
//!
//! The rules, in order:
//!
//! 1. A request for `/account`, `/account/export` or `/account/delete` is answered here; any other passes to the inner service
//!    untouched. Other paths can be [set](crate::Site::paths_mut).
//! 2. `/account` shows whoever is signed in their address and links to the pages that the host has
//!    ([`AccountRoutes::offering`]). Anybody else: 303 to prove what they lack, and back.
//! 3. `/account/export` answers `POST` with a file of all that is [kept](crate::export) of the person. It asks for a proof of
//!    the last five minutes, by two factors of whoever has an app.
//! 4. `/account/delete` asks for the same, and for the address to be typed: then the account is
//!    [closed](crate::goodbye), the person is signed out everywhere, and after the days of grace it ends. Whoever signs in
//!    meanwhile sees nothing but this page, and may keep the account: they then sign in anew.
//! 5. Forms over 64 KiB or with a field twice are not read. A store that is away: 503 with `Retry-After`.
//! 6. The layer stands inside `SessionLayer` and a defence against forged posts; without the first it answers 500 with a
//!    sentence that names it.
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{AccountRoutes, Site, account::*, pages::*};
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
//! impl AccountPages for Plain {
//!     fn account(&self, view: &AccountView) -> String {
//!         view.email.clone()
//!     }
//!     fn delete(&self, view: &DeleteView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn export(&self, view: &ExportView) -> String {
//!         view.action.clone()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let hello = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let routes = AccountRoutes::new(store.clone(), Site::new(Plain)).offering([AccountPage::Security]);
//! let app = SessionLayer::new(store).layer(routes.layer(hello));
//!
//! let passed = app.clone().oneshot(Request::get("/other").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//!
//! // A stranger has no account.
//! let refused = app.oneshot(Request::get("/account").body(Full::default())?).await?;
//! assert_eq!(refused.status(), StatusCode::SEE_OTHER);
//! assert_eq!(refused.headers()[header::LOCATION], "/login?return_to=%2Faccount");
//! # Ok(())
//! # }
//! ```

mod delete;
mod layer;
mod overview;
mod pages;
mod take_along;

pub use layer::{Account, AccountRoutes, Route};
pub use pages::{AccountLink, AccountPage, AccountPages, AccountView, DeleteState, DeleteView, ExportView};
