//! The browser side: the authorization endpoint and the pages between it and the answer.
//!
//! [`BrowserLayer`] answers its own paths and passes any other request on:
//!
//! 1. `GET` and `POST /oauth/authorize` read the parameters, load the client and bind the address; decide; then send
//!    the browser to the host's sign-in page, to the consent page, or back to the client. What the client
//!    [pushed](towergate_oauth::rules::pushed_request) is opened by its `request_uri`, and nothing beside that counts.
//! 2. `GET /interaction/{id}` goes on when the interaction is alive, the browser the same, the person the same and
//!    the sign-in fresh enough; a remembered consent answers at once, else the consent page is shown.
//! 3. `POST /interaction/{id}` checks all of it again and closes the interaction in one step of the store.
//!
//! 4. `GET` and `POST /oauth/end_session` sign out: unasked when an ID token of the present sign-in came along, else after
//!    a question, which `POST`s to a path below that no other site may post to. What clients hold ends first, then the
//!    host's own session; then the browser goes, over a page that tells clients if need be, to the client's registered
//!    address or to a farewell. See [`logout`](crate::logout).
//!
//! It belongs inside the session stack, behind the [account layer](crate::account) and a defence against cross-site
//! form posts. Without the account layer it answers 500 and says which layer to add.
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use towergate_oauth::ports::memory::MemoryStore;
//! use towergate_oauth_server::{AuthorizationServer, Issuer, KeyRing, ServerConfig};
//! # use http::request::Parts;
//! # use towergate_core::{LocalPath, Secret, seal::{SealingKey, SealingRing}, system::{OsRandom, SystemClock}};
//! # use towergate_oauth::rules::grant::Subject;
//! # use towergate_oauth_server::account::{Account, AccountResolver, Claims, Context, ResolverError};
//! # use towergate_oauth_server::pages::{ConsentView, ErrorView, OAuthPages};
//! # struct Accounts;
//! # impl AccountResolver for Accounts {
//! #     fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> { Ok(None) }
//! #     async fn account(&self, _: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> { Ok(None) }
//! #     async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> { Ok(Claims::default()) }
//! #     fn login_redirect(&self, _: &Context) -> LocalPath { LocalPath::root() }
//! # }
//! # struct Pages;
//! # impl OAuthPages for Pages {
//! #     fn consent(&self, view: &ConsentView) -> String { view.client_name.clone() }
//! #     fn error(&self, view: &ErrorView) -> String { view.message.clone() }
//! # }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let store = MemoryStore::new();
//! # let (clock, random) = (SystemClock, OsRandom::new());
//! let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
//! let keys = KeyRing::open(&store, &sealing, &clock, &random).await?;
//! let config = ServerConfig::new(Issuer::https("https://id.example")?);
//! let server = AuthorizationServer::new(store, keys, Arc::new(Accounts), Pages, config);
//! let host = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the host's own page")))
//! });
//! let service = ServiceBuilder::new().layer(server.account()).layer(server.browser()).service(host);
//!
//! let passed = service.clone().oneshot(Request::get("/").body(Full::default())?).await?;
//! assert_eq!(passed.status(), StatusCode::OK);
//!
//! let stranger = Request::get("/oauth/authorize?client_id=stranger").body(Full::default())?;
//! let refused = service.oneshot(stranger).await?;
//! assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```

mod answer;
mod authorize;
mod consent;
mod cookie;
mod grounds;
mod interaction;
mod layer;
mod login;
mod logout;
mod problem;
mod pushed;
mod respond;
mod service;
#[cfg(test)]
mod tests;
mod visit;

pub use layer::BrowserLayer;
pub use service::{Browser, Route};
