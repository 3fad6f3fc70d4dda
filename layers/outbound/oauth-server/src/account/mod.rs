//! The seam between the authorization server and the host's accounts.
//!
//! The host implements [`AccountResolver`]. The layer asks it once per browser request:
//!
//! 1. [`AccountResolver::current_account`] reads what outer layers left in the request's extensions; it does no I/O.
//! 2. Its answer goes into the extensions as [`CurrentAccount`]; the services further in read nothing else.
//!    When it is nobody, [`AccountResolver::candidates`] says who are signed in beside each other, for a host that holds several
//!    accounts at once; they go there as [`Candidates`].
//! 3. When it errs or panics, the request stops here: 500 `server_error` for the peer, the reason for the operator
//!    (a `tracing` error, and [`AccountFailure`] in the response's extensions).
//!
//! The layer writes nothing and waits for nothing: it is ready when the inner service is, and a request that is
//! dropped midway leaves no trace of it.
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, request::Parts};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use towergate_core::{LocalPath, Timestamp};
//! use towergate_oauth::rules::grant::{SignIn, Subject};
//! use towergate_oauth_server::account::{
//!     Account, AccountFailure, AccountLayer, AccountResolver, Claims, Context, CurrentAccount, ResolverError,
//! };
//!
//! /// What the host's own session layer leaves in the extensions.
//! #[derive(Clone)]
//! struct SignedIn(&'static str);
//!
//! struct Accounts;
//!
//! impl AccountResolver for Accounts {
//!     fn current_account(&self, parts: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
//!         let Some(SignedIn(id)) = parts.extensions.get() else { return Ok(None) };
//!         let subject = Subject::parse(id).map_err(|e| ResolverError::caused_by("a bad id", e))?;
//!         let auth_time = Timestamp::from_unix_seconds(1_700_000_000);
//!         let sign_in = SignIn { auth_time, acr: None, amr: Vec::new(), sid: None };
//!         Ok(Some(Account { subject, sign_in, display_name: String::from("Alice") }))
//!     }
//! #   async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
//! #       Ok(Some(subject.clone()))
//! #   }
//! #   async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
//! #       Ok(Claims::default())
//! #   }
//! #   fn login_redirect(&self, _: &Context) -> LocalPath { LocalPath::root() }
//!     // account, claims, login_redirect ...
//! }
//!
//! # async fn run() {
//! let greet = service_fn(async |request: Request<Full<Bytes>>| {
//!     let CurrentAccount(account) = request.extensions().get().expect("the account layer is outside");
//!     let name = account.as_ref().map_or("nobody", |account| account.subject.as_str()).to_owned();
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(name)))
//! });
//! let service = ServiceBuilder::new().layer(AccountLayer::new(Arc::new(Accounts))).service(greet);
//!
//! let mut request = Request::new(Full::default());
//! request.extensions_mut().insert(SignedIn("user-1"));
//! assert_eq!(service.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
//!
//! let mut request = Request::new(Full::default());
//! request.extensions_mut().insert(SignedIn("alice@example.com"));
//! let refused = service.oneshot(request).await.unwrap();
//! assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
//! assert_eq!(refused.extensions().get::<AccountFailure>().unwrap().to_string(), "a bad id: \
//!     a subject must be 1 to 255 visible ASCII characters and not an e-mail address");
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run());
//! ```

pub mod calls;
mod future;
mod layer;
mod rejection;
mod resolver;
mod service;

pub use future::ResponseFuture;
pub use layer::AccountLayer;
pub use rejection::{AccountFailure, AccountRejection, PlainAccountRejection};
pub use resolver::{
    Account, AccountResolver, Candidate, Candidates, Claims, Context, CurrentAccount, Ending, Purpose,
    ResolverError, UserCodeVerdict,
};
pub use service::WithAccount;
