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
//!     PasswordHasher, RegisterRoutes, Site,
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
//! let routes = RegisterRoutes::new(store.clone(), hasher, room, Site::new(Plain));
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
use towergate_endpoint::{Mounted, SharedEndpoints};
use towergate_identity::{
    ports::IdentityStore,
    rules::{mail::MailLimit, password::PasswordPolicy},
};

use crate::{
    confirm::{ConfirmPage, Confirmation},
    hasher::PasswordHasher,
    logout::OnLogout,
    mail::Mailroom,
    new_password::NewPasswords,
    register::{Registration, pages::RegisterPages, service::RegisterPage},
    site::Site,
};

/// Answers `/register` and `/confirm`. See the [module's documentation](self).
#[must_use]
pub struct RegisterRoutes<S, P, H = ()> {
    registration: Registration<S>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> RegisterRoutes<S, P, H> {
    /// Takes people into `store`, with mail from `room`.
    pub fn new(store: S, hasher: PasswordHasher, room: Mailroom, site: Site<P, H>) -> Self {
        let passwords = site.new_passwords(hasher.clone());
        let registration = Registration::new(store, hasher, room).at(&site).passwords(passwords);
        Self { registration, site }
    }
}

impl<S: IdentityStore, P, H> RegisterRoutes<S, P, H> {
    /// Asks this of new passwords.
    pub fn policy(mut self, policy: PasswordPolicy) -> Self {
        self.registration = self.registration.policy(policy);
        self
    }

    /// Takes new passwords by `passwords`.
    pub fn passwords(mut self, passwords: NewPasswords) -> Self {
        let passwords = passwords.must_be_looked_up(self.site.must_look_up());
        self.registration = self.registration.passwords(passwords);
        self
    }

    /// Sends a person at most so many mails of a kind.
    pub fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.registration.limit = limit;
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for RegisterRoutes<S, P, H> {
    type Service = Mounted<Arc<RegisterAndConfirm<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let Registration { store, passwords, room, .. } = &self.registration;
        let hasher = passwords.hasher().clone();
        let confirmation = Confirmation { store: store.clone(), hasher, room: room.clone() };
        let registration = self.registration.clone();
        let register = RegisterPage { registration: registration.clone(), site: self.site.clone() };
        let confirm = ConfirmPage { confirmation, registration, site: self.site.clone() };
        Mounted::new(Arc::new(RegisterAndConfirm { register, confirm }), inner)
    }
}

impl<S: Clone, P, H> Clone for RegisterRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { registration: self.registration.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for RegisterRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The endpoints that [`RegisterRoutes`] mounts.
pub struct RegisterAndConfirm<S, P, H = ()> {
    register: RegisterPage<S, P, H>,
    confirm: ConfirmPage<S, P, H>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// Where addresses are confirmed.
    Confirm,
    /// Where accounts are made.
    Register,
}

impl<S, P, H, B> SharedEndpoints<B> for RegisterAndConfirm<S, P, H>
where
    S: IdentityStore,
    P: RegisterPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let paths = self.register.site.paths();
        if path == paths.register.as_str() {
            return Some(Route::Register);
        }
        (path == paths.confirm.as_str()).then_some(Route::Confirm)
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Confirm => "confirm",
            Route::Register => "register",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Register => self.register.answer(request).await,
            Route::Confirm => self.confirm.answer(request).await,
        }
    }
}

impl<S, P, H> fmt::Debug for RegisterAndConfirm<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterAndConfirm").finish_non_exhaustive()
    }
}
