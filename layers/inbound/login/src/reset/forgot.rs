//! The page where people say that they forgot their password.
//!
//! 1. `GET` shows the form.
//! 2. `POST` reads it (64 KiB at most, no field twice) and [asks](PasswordReset::ask): 422 for what cannot be anybody's address,
//!    200 for everything else, the same whoever has the address.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::LocalPath;
use towergate_identity::{ports::IdentityStore, rules::email};

use super::{PasswordReset, ResetError, service::failed};
use crate::{
    answer,
    form::{self, FormError},
    login::destination,
    password_pages::{ForgotView, PasswordPages},
    query,
    site::Site,
};

/// The page at one path. Part of [`PasswordRoutes`](crate::PasswordRoutes).
pub(crate) struct ForgotPage<S, P, H> {
    pub(crate) reset: PasswordReset<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: PasswordPages, H> ForgotPage<S, P, H> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let reading = match parts.method {
            Method::GET | Method::HEAD => {
                let query = parts.uri.query().unwrap_or_default();
                form::parse(query.as_bytes(), ["return_to"]).map(|[return_to]| (None, return_to))
            }
            Method::POST => form::read(&parts.headers, body, ["email", "return_to"])
                .await
                .and_then(|[email, return_to]| Ok((Some(email.ok_or(FormError::Missing)?), return_to))),
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let (email, return_to) = match reading {
            Ok(read) => read,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let mut view = self.view(&return_to);
        let Some(email) = email else { return self.page(StatusCode::OK, &view) };
        let typed = email.expose().trim();
        view.email = if typed.len() > email::MAX_LENGTH { String::new() } else { typed.to_owned() };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        match self.reset.ask(typed, &return_to, origin).await {
            Ok(()) => {
                view.sent = true;
                self.page(StatusCode::OK, &view)
            }
            Err(error @ ResetError::Email(_)) => {
                view.message = Some(error.to_string());
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            Err(error) => failed(&error, self.pages()),
        }
    }

    fn view(&self, return_to: &LocalPath) -> ForgotView {
        ForgotView {
            action: self.site.paths.forgot.to_string(),
            email: String::new(),
            return_to: return_to.to_string(),
            login: query::with_return_to(&self.site.paths.login, return_to).to_string(),
            sent: false,
            message: None,
        }
    }

    fn page(&self, status: StatusCode, view: &ForgotView) -> Response<Bytes> {
        answer::page(status, self.pages().forgot(view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}
