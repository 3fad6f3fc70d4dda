//! The layer that answers the page of tokens, and passes all else on.
//!
//! The rules, in order:
//!
//! 1. `GET` and `POST` of `/account/tokens`, or where the [`Site`](towergate_login::Site) says, are answered here; any other request
//!    passes to the inner service untouched.
//! 2. The page stands behind the gate of sensitive changes ([`Site::admit`](towergate_login::Site::admit)): whoever has no proof that
//!    is strong and fresh enough is sent to give one, and comes back.
//! 3. `POST` makes a token and shows its text once, in the answer to that very form; or revokes one, or all, and answers 303. What is
//!    wrong with a new one is said in a sentence: 422, or 409 where there are too many.
//! 4. A form over 64 KiB, or with a field twice, is not read.
//! 5. The layer stands inside `SessionLayer` and a defence against forged posts; without the first it answers 500 with a sentence
//!    that names it.
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_api_token::{ApiTokenRoutes, ApiTokens, PermissionList, RootKey, RootKeys, pages::*};
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{Site, pages::*};
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//!
//! impl LoginPages for Plain {
//!     fn login(&self, _: &LoginView) -> String {
//!         String::new()
//!     }
//!     fn problem(&self, view: &ProblemView) -> String {
//!         view.message.clone()
//!     }
//! }
//!
//! impl ApiTokenPages for Plain {
//!     fn api_tokens(&self, view: &ApiTokensView) -> String {
//!         format!("{} tokens", view.tokens.len())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let seed = towergate_core::Secret::new([7; 32]);
//! let store = MemoryStore::new();
//! let keys = RootKeys::new(RootKey::from_seed(1, &seed).ok_or("a key")?);
//! let tokens = ApiTokens::new(store.clone(), keys, PermissionList::new([("reports:read", "Read reports")])?);
//! let hello = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let app = SessionLayer::new(store).layer(ApiTokenRoutes::new(tokens, Site::new(Plain)).layer(hello));
//!
//! let passed = app.clone().oneshot(Request::get("/other").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//! let stranger = app.oneshot(Request::get("/account/tokens").body(Full::default())?).await?;
//! assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
//! assert_eq!(stranger.headers()[header::LOCATION], "/login?return_to=%2Faccount%2Ftokens");
//! # Ok(())
//! # }
//! ```

mod day;
mod layer;
mod page;

pub use layer::{ApiTokenEndpoints, ApiTokenRoutes};
