//! Ending sign-ins, and telling clients of it.
//!
//! A sign-in ends at `end_session` of the [browser side](crate::browser), or at the host's own way out, which calls
//! [`AuthorizationServer::end_sign_in`]. In one store step that revokes what clients hold of it and writes down who is to
//! be told. Then:
//!
//! - directly: [`AuthorizationServer::deliver_logouts`] tells each client that registered a `backchannel_logout_uri`, and
//!   tries again until it has heard it or there is no hope. The library has no thread of its own: the host calls it on a
//!   schedule, and at once when [`AuthorizationServer::logout_queued`] says that there is something to tell;
//! - through the browser: the farewell page holds a frame of each client that registered a `frontchannel_logout_uri`.
//!   `end_session` leads there; the host's own way out does so by [`AuthorizationServer::farewell`];
//! - by themselves: with [`session_management`](crate::ServerConfig::session_management), clients see in the browser that
//!   the sign-in changed. [`BrowserStateLayer`] keeps the cookie in step that they compare with.
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use towergate_oauth::ports::memory::MemoryStore;
//! use towergate_oauth_server::{AuthorizationServer, Issuer, KeyRing, ServerConfig};
//! # use http::request::Parts;
//! # use towergate_core::{LocalPath, Secret, Timestamp, seal::{SealingKey, SealingRing}, system::{OsRandom, SystemClock}};
//! # use towergate_oauth::rules::grant::{SignIn, Subject};
//! # use towergate_oauth_server::account::{Account, AccountResolver, Claims, Context, ResolverError};
//! # use towergate_oauth_server::pages::{ConsentView, ErrorView, OAuthPages};
//! # struct Alice;
//! # impl AccountResolver for Alice {
//! #     fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
//! #         let (auth_time, sid) = (Timestamp::from_unix_seconds(1_700_000_000), Some(String::from("sid-1")));
//! #         let sign_in = SignIn { auth_time, acr: None, amr: Vec::new(), sid };
//! #         let subject = Subject::parse("alice")?;
//! #         Ok(Some(Account { subject, sign_in, display_name: String::from("Alice") }))
//! #     }
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
//! # let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
//! # let keys = KeyRing::open(&store, &sealing, &clock, &random).await?;
//! let mut config = ServerConfig::new(Issuer::https("https://id.example")?);
//! config.session_management = true;
//! let server = AuthorizationServer::new(store, keys, Arc::new(Alice), Pages, config);
//! let host = service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the host's own page")))
//! });
//! let get = |path: &str| Request::get(path).body(Full::<Bytes>::default());
//!
//! // Alice is signed in: her browser is given the cookie that clients compare with.
//! let stack = ServiceBuilder::new().layer(server.account()).layer(server.browser_state()).layer(server.browser());
//! let service = stack.service(host);
//! let page = service.clone().oneshot(get("/")?).await?;
//! assert!(page.headers()[header::SET_COOKIE].to_str()?.starts_with("__Host-tgbs="));
//!
//! // A link alone signs nobody out: she is asked. Nor does it lead anywhere else.
//! assert_eq!(service.clone().oneshot(get("/oauth/end_session")?).await?.status(), StatusCode::OK);
//! let elsewhere = get("/oauth/end_session?post_logout_redirect_uri=https%3A%2F%2Fevil.example")?;
//! assert_eq!(service.oneshot(elsewhere).await?.status(), StatusCode::BAD_REQUEST);
//!
//! // Without the account layer nobody knows who is signed in.
//! let misbuilt = ServiceBuilder::new().layer(server.browser_state()).service(host);
//! assert_eq!(misbuilt.oneshot(get("/")?).await?.status(), StatusCode::INTERNAL_SERVER_ERROR);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```

mod browser_state;
pub(crate) mod check_session;
mod deliver;
mod farewell;
#[cfg(test)]
mod tests;

pub(crate) use browser_state::cleared;
pub use browser_state::{BrowserStateLayer, ResponseFuture, WithBrowserState};
pub use deliver::{Deliveries, DeliveryError};
pub(crate) use farewell::Farewell;

use towergate_core::{LocalPath, StoreError, audit::Origin};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{client::gate, grant::Subject, logout::Frame},
};

use crate::server::AuthorizationServer;

impl<S: OAuthStore, R, P> AuthorizationServer<S, R, P> {
    /// Ends what clients hold of the sign-in `sid`, and writes down who is to be told of it; answers how many grants died.
    /// Nothing happens when it has ended before.
    ///
    /// # Errors
    /// When the store fails: nothing has ended then.
    pub async fn end_sign_in(&self, sid: &str, origin: Origin) -> Result<u64, StoreError> {
        let died = self.store().end_session_grants(sid.to_owned(), origin).await?;
        self.logouts().notify_one();
        Ok(died)
    }

    /// Ends everything that clients hold of `subject`, whose account is closed, forgets what they consented to, and writes down
    /// who is to be told; answers how many grants died.
    ///
    /// # Errors
    /// When the store fails: nothing has ended then.
    pub async fn end_subject(&self, subject: &Subject, origin: Origin) -> Result<u64, StoreError> {
        let died = self.store().end_subject(subject.clone(), origin).await?;
        self.logouts().notify_one();
        Ok(died)
    }

    /// Waits until a sign-in has ended here since the last time.
    pub async fn logout_queued(&self) {
        self.logouts().notified().await;
    }

    /// The page that tells clients through the browser that the sign-in `sid` ended, and goes on to `then`; `None` when
    /// nobody is told this way. For the host's own way out. It says so for ten minutes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn farewell(&self, sid: &str, then: &LocalPath) -> Result<Option<LocalPath>, StoreError> {
        if self.frames(sid).await?.is_empty() {
            return Ok(None);
        }
        let farewell =
            Farewell { sid: Some(sid.to_owned()), then: Some(then.clone()), ..Farewell::default() };
        match farewell.path(self) {
            Ok(path) => Ok(LocalPath::parse(&path)),
            Err(error) => {
                tracing::error!(%error, "the farewell page cannot be named");
                Ok(None)
            }
        }
    }

    /// The frames of all clients that are told through the browser that the sign-in ended.
    pub(crate) async fn frames(&self, sid: &str) -> Result<Vec<Frame>, StoreError> {
        let mut frames = Vec::new();
        for id in self.store().clients_of_session(sid).await? {
            let client = self.store().find_client(&id).await?;
            let client = client.filter(|client| gate::active(client).is_ok());
            frames.extend(client.and_then(|client| Frame::of(&client.metadata, &self.config().issuer, sid)));
        }
        Ok(frames)
    }
}
