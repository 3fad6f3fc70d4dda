//! The layer that answers the page of changing an address, and passes all else on.
//!
//! It stands inside `SessionLayer`, as [`LoginRoutes`](crate::LoginRoutes) does, and inside a defence against forged posts. The
//! rules are those of [`email_change`](crate::email_change); a request for another path passes to the inner service untouched.
//!
//! 1. `GET` shows the form, behind the [gate](crate::sensitive); with `token`, to whoever is signed in, what the link proves; with
//!    `undo`, to anybody, what it puts back. None does anything.
//! 2. `POST` with `email` asks, behind the gate: 303 back to the page. With `code` or `token` it changes the address, behind the
//!    gate as of the moment of asking: 200, 422 where it is not good, 429 with `Retry-After` where codes were wrong too often.
//!    With `action=cancel` it calls the change
//!    off. With `undo` it puts the address back.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_core::Secret;
//! use towergate_identity::ports::memory::MemoryStore;
//! use towergate_login::{
//!     EmailChangeRoutes, Site,
//!     email_change::{EmailChangePages, EmailUndoView, EmailView},
//!     mail::Mailroom,
//!     pages::{LoginPages, LoginView, ProblemView},
//! };
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//! # impl LoginPages for Plain {
//! #     fn login(&self, _: &LoginView) -> String { String::new() }
//! #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
//! # }
//!
//! impl EmailChangePages for Plain {
//!     fn email(&self, view: &EmailView) -> String {
//!         view.current.clone()
//!     }
//!     fn email_undo(&self, view: &EmailUndoView) -> String {
//!         view.email.clone()
//!     }
//! }
//!
//! # async fn hello(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
//! #     Ok(Response::new(Full::from("hello")))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let room = Mailroom::new("https://example.com", &Secret::new([7; 32]))?; // 32 random bytes that no store holds
//! let store = MemoryStore::new();
//! let routes = EmailChangeRoutes::new(store.clone(), room, Site::new(Plain));
//! let app = SessionLayer::new(store).layer(routes.layer(service_fn(hello)));
//!
//! // A stranger signs in first; a way back that nobody was mailed leads nowhere.
//! let shown = app.clone().oneshot(Request::get("/account/email").body(Full::default())?).await?;
//! assert_eq!(shown.headers()[header::LOCATION], "/login?return_to=%2Faccount%2Femail");
//! let undone = Request::post("/account/email")
//!     .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!     .body(Full::from("undo=guess"))?;
//! assert_eq!(app.oneshot(undone).await?.status(), StatusCode::UNPROCESSABLE_ENTITY);
//! # Ok(())
//! # }
//! ```

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::{
    ports::IdentityStore,
    rules::{lockout::LockoutPolicy, mail::MailLimit},
};

use crate::{
    email_change::{AddressChange, pages::EmailChangePages, service::EmailPage},
    logout::OnLogout,
    mail::Mailroom,
    site::Site,
};

/// Answers `/account/email`. See the [module's documentation](self).
#[must_use]
pub struct EmailChangeRoutes<S, P, H = ()> {
    change: AddressChange<S>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> EmailChangeRoutes<S, P, H> {
    /// Changes the addresses of the people in `store`, with mail from `room`.
    pub fn new(store: S, room: Mailroom, site: Site<P, H>) -> Self {
        Self { change: AddressChange::new(store, room).at(&site), site }
    }

    /// Lets a person ask so often.
    pub fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.change.limit = limit;
        self
    }

    /// Counts wrong codes by `policy`.
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.change.lockout = policy;
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for EmailChangeRoutes<S, P, H> {
    type Service = Mounted<Arc<EmailChanges<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let page = EmailPage { change: self.change.clone(), site: self.site.clone() };
        Mounted::new(Arc::new(EmailChanges { page }), inner)
    }
}

impl<S: Clone, P, H> Clone for EmailChangeRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { change: self.change.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for EmailChangeRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailChangeRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The endpoint that [`EmailChangeRoutes`] mounts. A change whose form was read runs to its end, even when its future is dropped.
pub struct EmailChanges<S, P, H = ()> {
    page: EmailPage<S, P, H>,
}

impl<S, P, H, B> SharedEndpoints<B> for EmailChanges<S, P, H>
where
    S: IdentityStore,
    P: EmailChangePages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        (path == self.page.site.paths.email.as_str()).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "email"
    }

    async fn answer(&self, (): (), request: Request<B>) -> Response<Bytes> {
        self.page.answer(request).await
    }
}

impl<S, P, H> fmt::Debug for EmailChanges<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailChanges").finish_non_exhaustive()
    }
}
