//! The layer that answers the pages of registering and confirming, and passes all else on.
//!
//! It stands inside `SessionLayer`, as [`LoginRoutes`](crate::LoginRoutes) does, and inside a defence against forged posts.
//! The rules are those of [`register`](crate::register) and [`confirm`](crate::confirm); a request for another path passes to
//! the inner service untouched.
//!
//! ```
//! use std::convert::Infallible;
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceExt, service_fn};
//! use tower_layer::Layer;
//! use towergate_core::{Secret, system::OsRandom};
//! use towergate_identity::{ports::memory::MemoryStore, rules::password::HashParams};
//! use towergate_login::{
//!     PasswordHasher, RegisterRoutes,
//!     mail::Mailroom,
//!     pages::{LoginPages, LoginView, ProblemView},
//!     register::{ConfirmView, ConfirmedView, RegisterPages, RegisterView},
//! };
//! use towergate_session::SessionLayer;
//!
//! struct Plain;
//! # impl LoginPages for Plain {
//! #     fn login(&self, _: &LoginView) -> String { String::new() }
//! #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
//! # }
//!
//! impl RegisterPages for Plain {
//!     fn register(&self, view: &RegisterView) -> String {
//!         view.message.clone().unwrap_or_default()
//!     }
//!     fn confirm(&self, _: &ConfirmView) -> String {
//!         String::from("look into your mail")
//!     }
//!     fn confirmed(&self, _: &ConfirmedView) -> String {
//!         String::from("thank you")
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
//! let store = MemoryStore::new();
//! let routes = RegisterRoutes::new(store.clone(), hasher, room, Plain);
//! let app = SessionLayer::new(store).layer(routes.layer(service_fn(hello)));
//!
//! let post = |form: &'static str| {
//!     Request::post("/register")
//!         .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!         .body(Full::from(form))
//! };
//! let asked = post("email=alice%40example.com&password=plenty+of+characters")?;
//! assert_eq!(app.clone().oneshot(asked).await?.status(), StatusCode::OK);
//! let short = post("email=alice%40example.com&password=too+short")?;
//! assert_eq!(app.oneshot(short).await?.status(), StatusCode::UNPROCESSABLE_ENTITY);
//! # Ok(())
//! # }
//! ```

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use towergate_core::{Clock, LocalPath, Random};
use towergate_endpoint::{Endpoints, Mounted};
use towergate_identity::{
    ports::IdentityStore,
    rules::{mail::MailLimit, password::PasswordPolicy},
};

use crate::{
    browser_cookie::BrowserCookie,
    confirm::{ConfirmPage, Confirmation},
    hasher::PasswordHasher,
    mail::Mailroom,
    register::{Registration, pages::RegisterPages, service::RegisterPage},
    setting::Setting,
};

/// Answers `/register` and `/confirm`. See the [module's documentation](self).
#[must_use]
pub struct RegisterRoutes<S, P> {
    registration: Registration<S>,
    register_path: LocalPath,
    cookie: BrowserCookie,
    setting: Setting<P>,
}

impl<S: IdentityStore, P: RegisterPages> RegisterRoutes<S, P> {
    /// Takes people into `store`, with mail from `room`.
    pub fn new(store: S, hasher: PasswordHasher, room: Mailroom, pages: P) -> Self {
        Self {
            registration: Registration::new(store, hasher, room),
            register_path: LocalPath::parse("/register").unwrap_or_else(LocalPath::root),
            cookie: BrowserCookie::Secure,
            setting: Setting::new(pages),
        }
    }
}

impl<S, P> RegisterRoutes<S, P> {
    /// Where accounts are made: a path without a query.
    pub fn register_path(mut self, path: LocalPath) -> Self {
        self.register_path = path;
        self
    }

    /// Where addresses are confirmed: a path without a query.
    pub fn confirm_path(mut self, path: LocalPath) -> Self {
        self.registration.confirm_path = path;
        self
    }

    /// Where the sign-in page is, to which people go on.
    pub fn login_path(mut self, path: LocalPath) -> Self {
        self.registration.login_path = path;
        self
    }

    /// Asks this of new passwords.
    pub fn policy(mut self, policy: PasswordPolicy) -> Self {
        self.registration.policy = policy;
        self
    }

    /// Sends a person at most so many mails of a kind.
    pub fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.registration.limit = limit;
        self
    }

    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.setting.clock = clock;
        self
    }

    /// Draws identifiers, links and codes from `random`.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.registration.random = Arc::clone(&random);
        self.setting.random = random;
        self
    }

    /// Knows browsers by a cookie that goes over plain http: for a developer's own machine.
    pub fn insecure_cookie(mut self) -> Self {
        self.cookie = BrowserCookie::Insecure;
        self
    }
}

impl<Inner, S: Clone, P> Layer<Inner> for RegisterRoutes<S, P> {
    type Service = Mounted<RegisterAndConfirm<S, P>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let Registration { store, hasher, room, .. } = &self.registration;
        let confirmation = Confirmation { store: store.clone(), hasher: hasher.clone(), room: room.clone() };
        let register = RegisterPage {
            registration: self.registration.clone(),
            path: self.register_path.clone(),
            cookie: self.cookie,
            setting: self.setting.clone(),
        };
        let confirm = ConfirmPage {
            confirmation,
            registration: self.registration.clone(),
            cookie: self.cookie,
            setting: self.setting.clone(),
        };
        Mounted::new(RegisterAndConfirm { pages: Arc::new((register, confirm)) }, inner)
    }
}

impl<S: Clone, P> Clone for RegisterRoutes<S, P> {
    fn clone(&self) -> Self {
        Self {
            registration: self.registration.clone(),
            register_path: self.register_path.clone(),
            cookie: self.cookie,
            setting: self.setting.clone(),
        }
    }
}

impl<S, P> fmt::Debug for RegisterRoutes<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterRoutes").field("register_path", &self.register_path).finish_non_exhaustive()
    }
}

/// The endpoints that [`RegisterRoutes`] mounts.
pub struct RegisterAndConfirm<S, P> {
    pages: Arc<(RegisterPage<S, P>, ConfirmPage<S, P>)>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// Where addresses are confirmed.
    Confirm,
    /// Where accounts are made.
    Register,
}

impl<S, P, B> Endpoints<B> for RegisterAndConfirm<S, P>
where
    S: IdentityStore,
    P: RegisterPages,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let (register, _) = &*self.pages;
        if path == register.path.as_str() {
            return Some(Route::Register);
        }
        (path == register.registration.confirm_path.as_str()).then_some(Route::Confirm)
    }

    async fn answer(self, route: Route, request: Request<B>) -> Response<Bytes> {
        let (register, confirm) = &*self.pages;
        match route {
            Route::Register => register.answer(request).await,
            Route::Confirm => confirm.answer(request).await,
        }
    }
}

impl<S, P> Clone for RegisterAndConfirm<S, P> {
    fn clone(&self) -> Self {
        Self { pages: Arc::clone(&self.pages) }
    }
}

impl<S, P> fmt::Debug for RegisterAndConfirm<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterAndConfirm").finish_non_exhaustive()
    }
}
