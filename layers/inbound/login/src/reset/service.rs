//! The page where a forgotten password is set anew.
//!
//! 1. `GET` with the `token` of a mailed link moves it into a cookie of this browser and answers 303 to the same page without it:
//!    the address that stays in the browser, its history and its screenshots holds no secret. Nothing is spent: mail
//!    programs fetch links ahead of their reader.
//! 2. `GET` shows the form, or says that the link is not good.
//! 3. `POST` with `token`, `new_password` and, where a second factor is due, `code` sets the password: 200 with a page that leads
//!    to the sign-in page; 422 with the form again when something is not good; 429 with `Retry-After` after too many wrong
//!    codes.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use towergate_core::{LocalPath, Secret, audit::Origin, token::OpaqueToken};
use towergate_identity::{
    ports::IdentityStore,
    rules::{email_token::PREFIX, user::UserId},
};
use towergate_session::Session;

use super::{PasswordReset, ResetError, cookie};
use crate::{
    answer,
    form::{self, FormError},
    login::destination,
    new_password::NewPasswordError,
    password::TOO_MANY_TRIES,
    password_pages::{PasswordDoneView, PasswordPages, ResetView},
    query,
    second_factor::REFUSED,
    site::Site,
};

/// What the person is told of a link that is not good.
pub(crate) const DEAD_LINK: &str =
    "This link is not good any more: it was used, a newer one was sent, or an hour has passed.";
const ASKS_CODE: &str = "Please type a code of your authenticator app, or a backup code, too.";

/// The page at one path. Part of [`PasswordRoutes`](crate::PasswordRoutes).
pub(crate) struct ResetPage<S, P, H> {
    pub(crate) reset: PasswordReset<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: PasswordPages, H> ResetPage<S, P, H> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        match parts.method {
            Method::GET | Method::HEAD => {
                drop(body);
                self.show(&parts, origin).await
            }
            Method::POST => {
                match form::read(&parts.headers, body, ["token", "new_password", "code", "return_to"]).await {
                    Ok(fields) => self.act(fields, &session, origin).await,
                    Err(error) => answer::unreadable(error, self.pages()),
                }
            }
            _ => answer::wrong_method("GET, HEAD, POST", self.pages()),
        }
    }

    async fn show(&self, parts: &Parts, origin: Origin) -> Response<Bytes> {
        let query = parts.uri.query().unwrap_or_default();
        let [token, return_to] = match form::parse(query.as_bytes(), ["token", "return_to"]) {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        if let Some(token) = token {
            let Some(token) = OpaqueToken::parse(PREFIX, token.expose()) else {
                return self.dead(StatusCode::OK, &return_to);
            };
            let here = query::with_return_to(&self.site.paths.reset, &return_to);
            let mut response = answer::see_other(&here);
            if let Some(cookie) = cookie::give(self.site.cookie, &token) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return response;
        }
        let Some(token) = cookie::read(self.site.cookie, &parts.headers) else {
            return self.dead(StatusCode::OK, &return_to);
        };
        match self.view(&token.reveal(), &return_to, origin).await {
            Ok(Some(view)) => self.page(StatusCode::OK, &view),
            Ok(None) => self.dead(StatusCode::OK, &return_to),
            Err(error) => failed(&error, self.pages()),
        }
    }

    async fn act(&self, fields: form::Fields<4>, session: &Session, origin: Origin) -> Response<Bytes> {
        let [token, password, code, return_to] = fields;
        let (Some(token), Some(password)) = (token, password) else {
            return answer::unreadable(FormError::Missing, self.pages());
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let code = code.filter(|code| !code.expose().trim().is_empty());
        let error = match self.reset.reset(&token, &password, code.as_ref(), origin).await {
            Ok(user) => return self.done(user, session, &return_to).await,
            Err(error) => error,
        };
        let message = match &error {
            ResetError::Dead => return self.dead(StatusCode::UNPROCESSABLE_ENTITY, &return_to),
            ResetError::SecondFactorDue => ASKS_CODE.to_owned(),
            ResetError::FactorRefused => REFUSED.to_owned(),
            ResetError::TooManyTries { .. } => TOO_MANY_TRIES.to_owned(),
            ResetError::Password(error) => match error.advice() {
                Some(advice) => advice,
                None => return answer::unavailable(self.pages()),
            },
            error => return failed(error, self.pages()),
        };
        let mut view = match self.view(&token, &return_to, origin).await {
            Ok(Some(view)) => view,
            Ok(None) => return self.dead(StatusCode::UNPROCESSABLE_ENTITY, &return_to),
            Err(error) => return failed(&error, self.pages()),
        };
        view.message = Some(message);
        let page = self.page(StatusCode::UNPROCESSABLE_ENTITY, &view);
        match error {
            ResetError::TooManyTries { until } => answer::waiting(page, until, origin.at),
            _ => page,
        }
    }

    /// The password is set: every session has ended, that of this browser too if it was of the same person.
    async fn done(&self, user: UserId, session: &Session, return_to: &LocalPath) -> Response<Bytes> {
        if session.record().is_some_and(|record| record.user == user)
            && let Err(error) = session.end().await
        {
            tracing::warn!(%error, "the session of a browser that set a password anew could not be ended");
        }
        let next = query::with_return_to(&self.site.paths.login, return_to).to_string();
        let view = PasswordDoneView { next, signed_in: false };
        let page = answer::page(StatusCode::OK, self.pages().password_done(&view), self.pages());
        self.forgotten(page)
    }

    fn dead(&self, status: StatusCode, return_to: &LocalPath) -> Response<Bytes> {
        let view = ResetView { message: Some(DEAD_LINK.to_owned()), ..self.blank(return_to) };
        let page = self.page(status, &view);
        self.forgotten(page)
    }

    /// Takes the token away from the browser.
    fn forgotten(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        if let Some(cookie) = cookie::clear(self.site.cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    async fn view(
        &self,
        token: &Secret<String>,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<Option<ResetView>, ResetError> {
        let Some(opened) = self.reset.look(token.expose(), origin).await? else { return Ok(None) };
        Ok(Some(ResetView {
            token: Some(token.expose().clone()),
            email: opened.email.to_string(),
            asks_code: opened.asks_code,
            minimum: opened.minimum,
            ..self.blank(return_to)
        }))
    }

    fn blank(&self, return_to: &LocalPath) -> ResetView {
        ResetView {
            action: self.site.paths.reset.to_string(),
            token: None,
            email: String::new(),
            return_to: return_to.to_string(),
            forgot: query::with_return_to(&self.site.paths.forgot, return_to).to_string(),
            asks_code: false,
            minimum: self.reset.passwords.minimum(false),
            message: None,
        }
    }

    fn page(&self, status: StatusCode, view: &ResetView) -> Response<Bytes> {
        answer::page(status, self.pages().reset(view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

/// What is answered where something failed.
pub(crate) fn failed(error: &ResetError, pages: &impl PasswordPages) -> Response<Bytes> {
    match error {
        ResetError::Store(error) => answer::store_failed(error, pages),
        ResetError::Password(NewPasswordError::Overloaded | NewPasswordError::Unchecked) => {
            answer::unavailable(pages)
        }
        error => {
            tracing::error!(%error, "a forgotten password could not be set anew");
            answer::broken(pages)
        }
    }
}
