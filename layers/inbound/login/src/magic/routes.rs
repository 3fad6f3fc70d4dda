//! The layer that answers the page of signing in by mail, and passes all else on.
//!
//! It stands inside `SessionLayer`, as [`LoginRoutes`](crate::LoginRoutes) does, and inside a defence against forged posts:
//! without that, another site could have a mail of its own asked for in a visitor's browser. The rules are those of
//! [`magic`](crate::magic); a request for another path passes to the inner service untouched.
//!
//! Whether mail is enough of a first factor is the host's to decide: where this layer is not mounted, or the site keeps an
//! [assurance profile](towergate_identity::rules::assurance) that forbids it, nobody signs in by mail, and the path is the inner
//! service's. OWASP ASVS 5.0 at level 3 (6.3.6) and NIST SP 800-63B-4 (3.1.3.1) want it so.
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
//!     MagicRoutes, Site,
//!     magic::{MagicPages, MagicView},
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
//! impl MagicPages for Plain {
//!     fn magic(&self, view: &MagicView) -> String {
//!         view.message.clone().unwrap_or_default()
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
//! let routes = MagicRoutes::new(store.clone(), room, Site::new(Plain));
//! let app = SessionLayer::new(store).layer(routes.layer(service_fn(hello)));
//!
//! let post = |form: &'static str| {
//!     Request::post("/magic")
//!         .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!         .body(Full::from(form))
//! };
//! let asked = app.clone().oneshot(post("email=alice%40example.com")?).await?;
//! assert_eq!(asked.status(), StatusCode::OK); // whoever has the address
//! let guessed = app.oneshot(post("email=alice%40example.com&code=123456")?).await?;
//! assert_eq!(guessed.status(), StatusCode::UNPROCESSABLE_ENTITY);
//! # Ok(())
//! # }
//! ```

use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::{
    ports::IdentityStore,
    rules::{lockout::LockoutPolicy, mail::MailLimit},
};

use crate::{
    logout::OnLogout,
    magic::{MagicLink, pages::MagicPages, service::MagicPage},
    mail::Mailroom,
    site::Site,
};

/// Answers `/magic`. See the [module's documentation](self).
#[must_use]
pub struct MagicRoutes<S, P, H = ()> {
    link: MagicLink<S>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> MagicRoutes<S, P, H> {
    /// Signs in the people of `store` by mail from `room`.
    pub fn new(store: S, room: Mailroom, site: Site<P, H>) -> Self {
        Self { link: MagicLink::new(store, room).at(&site), site }
    }

    /// Lets a mail be good for so long, ten minutes at most.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.link = self.link.lifetime(lifetime);
        self
    }

    /// Sends a person at most so many mails.
    pub fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.link.limit = limit;
        self
    }

    /// Counts wrong codes by `policy`.
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.link.lockout = policy;
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for MagicRoutes<S, P, H> {
    type Service = Mounted<Arc<Magic<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let page = MagicPage { link: self.link.clone(), site: self.site.clone() };
        Mounted::new(Arc::new(Magic { page }), inner)
    }
}

impl<S: Clone, P, H> Clone for MagicRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { link: self.link.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for MagicRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MagicRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The endpoint that [`MagicRoutes`] mounts. A sign-in whose form was read runs to its end, even when its future is dropped.
pub struct Magic<S, P, H = ()> {
    page: MagicPage<S, P, H>,
}

impl<S, P, H, B> SharedEndpoints<B> for Magic<S, P, H>
where
    S: IdentityStore,
    P: MagicPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        let site = &self.page.site;
        (site.signs_in_by_mail() && path == site.paths.magic.as_str()).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "magic"
    }

    async fn answer(&self, (): (), request: Request<B>) -> Response<Bytes> {
        self.page.answer(request).await
    }
}

impl<S, P, H> fmt::Debug for Magic<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Magic").finish_non_exhaustive()
    }
}
