//! The endpoints.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Method, Request, Response};
use towergate_endpoint::SharedEndpoints;
use towergate_identity::ports::IdentityStore;

use crate::{
    answer,
    change::service::PasswordPage,
    logout::OnLogout,
    password_pages::PasswordPages,
    reset::{forgot::ForgotPage, service::ResetPage},
    site::Site,
};

/// Where password managers look for the page, [W3C change-password](https://www.w3.org/TR/change-password-url/).
const WELL_KNOWN: &str = "/.well-known/change-password";

/// The endpoints that [`PasswordRoutes`](super::PasswordRoutes) mounts.
pub struct Passwords<S, P, H = ()> {
    pub(super) password: PasswordPage<S, P, H>,
    pub(super) forgotten: Option<Forgotten<S, P, H>>,
    pub(super) site: Site<P, H>,
}

/// What is there where mail can be sent.
pub(super) struct Forgotten<S, P, H> {
    pub(super) forgot: ForgotPage<S, P, H>,
    pub(super) reset: ResetPage<S, P, H>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The one that password managers look for.
    ChangePassword,
    /// Where people say that they forgot their password.
    Forgot,
    /// Where they change it.
    Password,
    /// Where they set it anew.
    Reset,
}

impl<S, P, H, B> SharedEndpoints<B> for Passwords<S, P, H>
where
    S: IdentityStore,
    P: PasswordPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let paths = self.site.paths();
        if path == paths.password.as_str() {
            Some(Route::Password)
        } else if path == WELL_KNOWN {
            Some(Route::ChangePassword)
        } else if self.forgotten.is_none() {
            None
        } else if path == paths.forgot.as_str() {
            Some(Route::Forgot)
        } else {
            (path == paths.reset.as_str()).then_some(Route::Reset)
        }
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::ChangePassword => "change_password",
            Route::Forgot => "forgot",
            Route::Password => "password",
            Route::Reset => "reset",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match (route, &self.forgotten) {
            (Route::Forgot, Some(Forgotten { forgot, .. })) => forgot.answer(request).await,
            (Route::Reset, Some(Forgotten { reset, .. })) => reset.answer(request).await,
            (Route::ChangePassword, _) => match *request.method() {
                Method::GET | Method::HEAD => answer::see_other(&self.site.paths.password),
                _ => answer::wrong_method("GET, HEAD", &*self.site.pages),
            },
            (Route::Password | Route::Forgot | Route::Reset, _) => self.password.answer(request).await,
        }
    }
}

impl<S, P, H> fmt::Debug for Passwords<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}
