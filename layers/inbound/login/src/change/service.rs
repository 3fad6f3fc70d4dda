//! The page where people change their password, or set the first.
//!
//! 1. Only whoever passes the [gate](crate::sensitive) sees it; anybody else is sent to prove who they are, and comes back.
//! 2. `POST` with `new_password`, and `password` of whoever has one, sets it: 200 with a page that says so, and the session goes on
//!    under a new identifier; 422 with the form again when something is not good; 429 with `Retry-After` after too many wrong
//!    passwords.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{Secret, audit::Origin};
use towergate_identity::{ports::IdentityStore, rules::session::SessionRecord};
use towergate_session::{Session, SessionError};

use super::{ChangeError, PasswordChange, WRONG_PASSWORD};
use crate::{
    answer,
    form::{self, FormError},
    logout::OnLogout,
    new_password::NewPasswordError,
    password::TOO_MANY_TRIES,
    password_pages::{PasswordDoneView, PasswordPages, PasswordView},
    sensitive::Admission,
    site::Site,
};

/// The page at one path. Part of [`PasswordRoutes`](crate::PasswordRoutes).
pub(crate) struct PasswordPage<S, P, H> {
    pub(crate) change: PasswordChange<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: PasswordPages, H: OnLogout> PasswordPage<S, P, H> {
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
        let typed = match parts.method {
            Method::GET | Method::HEAD => None,
            Method::POST => match form::read(&parts.headers, body, ["password", "new_password"]).await {
                Ok([current, Some(new)]) => Some((current, new)),
                Ok([_, None]) => return answer::unreadable(FormError::Missing, self.pages()),
                Err(error) => return answer::unreadable(error, self.pages()),
            },
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let here = &self.site.paths.password;
        let record = match self.site.admit(&self.change.store, &session, here, origin.at).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        match typed {
            None => self.form(StatusCode::OK, &record, None).await,
            Some((current, new)) => self.act(&session, &record, current, new, origin).await,
        }
    }

    async fn act(
        &self,
        session: &Session,
        record: &SessionRecord,
        current: Option<Secret<String>>,
        new: Secret<String>,
        origin: Origin,
    ) -> Response<Bytes> {
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        match self.change.change(record, current.as_ref(), &new, origin).await {
            Ok(()) => self.done(session).await,
            Err(ChangeError::WrongPassword) => self.form(wrong, record, Some(WRONG_PASSWORD)).await,
            Err(ChangeError::TooManyTries { until }) => {
                let page = self.form(StatusCode::TOO_MANY_REQUESTS, record, Some(TOO_MANY_TRIES)).await;
                answer::waiting(page, until, origin.at)
            }
            Err(ChangeError::Password(error)) if error.advice().is_some() => {
                self.form(wrong, record, error.advice().as_deref()).await
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Whoever has copied the cookie before holds nothing any more.
    async fn done(&self, session: &Session) -> Response<Bytes> {
        match session.renew_id().await {
            Ok(_) => {}
            Err(SessionError::Gone | SessionError::UserRefused) => {
                return answer::see_other_first(&self.site.paths.login, &self.site.paths.password);
            }
            Err(error) => {
                tracing::warn!(%error, "a session keeps its identifier after its person changed their password");
            }
        }
        let view = PasswordDoneView { next: self.site.paths.security.to_string(), signed_in: true };
        answer::page(StatusCode::OK, self.pages().password_done(&view), self.pages())
    }

    async fn form(
        &self,
        status: StatusCode,
        record: &SessionRecord,
        message: Option<&str>,
    ) -> Response<Bytes> {
        let asked = match self.change.asked(record).await {
            Ok(asked) => asked,
            Err(error) => return self.failed(&error),
        };
        let view = PasswordView {
            action: self.site.paths.password.to_string(),
            email: asked.email,
            asks_current: asked.current,
            minimum: asked.minimum,
            message: message.map(str::to_owned),
        };
        answer::page(status, self.pages().password(&view), self.pages())
    }

    fn failed(&self, error: &ChangeError) -> Response<Bytes> {
        match error {
            ChangeError::Store(error) => answer::store_failed(error, self.pages()),
            ChangeError::Password(NewPasswordError::Overloaded | NewPasswordError::Unchecked) => {
                answer::unavailable(self.pages())
            }
            // Somebody was quicker, elsewhere: the page says how things stand, to whoever may still see it.
            ChangeError::Overtaken => answer::see_other(&self.site.paths.password),
            ChangeError::UserRefused => {
                answer::see_other_first(&self.site.paths.login, &self.site.paths.password)
            }
            error => {
                tracing::error!(%error, "a password could not be changed");
                answer::broken(self.pages())
            }
        }
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}
