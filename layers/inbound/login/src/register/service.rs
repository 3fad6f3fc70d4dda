//! The page where people ask for an account.
//!
//! 1. `GET` shows the form; `return_to` says where to go in the end.
//! 2. `POST` reads it (64 KiB at most, no field twice) and [asks](Registration::register). What cannot be anybody's address
//!    or password answers 422 with the form again; everything else answers 200 with the page that waits for the code, the
//!    same whoever has the address.
//! 3. The browser gets a secret, by which it is known when the mail is opened in it.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use towergate_core::{LocalPath, token::OpaqueToken};
use towergate_identity::{
    ports::IdentityStore,
    rules::{email, email_token::BROWSER_PREFIX},
};
use towergate_session::Session;

use crate::{
    answer,
    confirm::ConfirmPage,
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    new_password::NewPasswordError,
    query,
    register::{
        Applicant, RegisterError, Registration,
        pages::{ConfirmView, RegisterPages, RegisterView},
    },
    site::Site,
};

/// The page at one path. Part of [`RegisterRoutes`](crate::RegisterRoutes).
pub(crate) struct RegisterPage<S, P, H> {
    pub(crate) registration: Registration<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: RegisterPages, H: OnLogout> RegisterPage<S, P, H> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        match *request.method() {
            Method::GET | Method::HEAD => {
                match form::parse(request.uri().query().unwrap_or_default().as_bytes(), ["return_to"]) {
                    Ok([return_to]) => {
                        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
                        self.form(StatusCode::OK, "", &return_to, None)
                    }
                    Err(error) => answer::unreadable(error, self.pages()),
                }
            }
            Method::POST => self.ask(request).await,
            _ => answer::wrong_method("GET, HEAD, POST", self.pages()),
        }
    }

    async fn ask<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        if let Err(missing) = Session::of(&parts.extensions) {
            return answer::misbuilt(missing.to_string());
        }
        let form = form::read(&parts.headers, body, ["email", "password", "return_to"]).await;
        let [email, password, return_to] = match form {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let (Some(email), Some(password)) = (email, password) else {
            return answer::unreadable(FormError::Missing, self.pages());
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let brought = self.site.cookie.read(&parts.headers);
        let fresh = || OpaqueToken::mint(BROWSER_PREFIX, self.site.clock.now(), &self.site.random);
        let browser = match brought.clone().map_or_else(fresh, Ok) {
            Ok(browser) => browser,
            Err(error) => {
                tracing::error!(%error, "no secret for a browser");
                return answer::broken(self.pages());
            }
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let applicant = Applicant {
            email: email.expose().clone(),
            password,
            browser: Some(browser.digest()),
            return_to: return_to.clone(),
        };
        match self.registration.register(applicant, origin).await {
            Ok(()) => {
                let mut response = self.wait(email.expose().trim(), &return_to);
                if brought.is_none()
                    && let Some(cookie) = self.site.cookie.give(&browser)
                {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                response
            }
            Err(RegisterError::Email(error)) => {
                let message = RegisterError::Email(error).to_string();
                self.form(StatusCode::UNPROCESSABLE_ENTITY, email.expose(), &return_to, Some(&message))
            }
            Err(RegisterError::Password(error)) if error.advice().is_some() => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                self.form(status, email.expose(), &return_to, error.advice().as_deref())
            }
            Err(error) => failed(&error, self.pages()),
        }
    }

    /// The page that waits for the code.
    fn wait(&self, email: &str, return_to: &LocalPath) -> Response<Bytes> {
        let view = ConfirmView {
            action: self.site.paths.confirm.to_string(),
            token: None,
            email: email.to_owned(),
            return_to: return_to.to_string(),
            login: query::with_return_to(&self.site.paths.login, return_to).to_string(),
            asks_password: false,
            sent: true,
            message: None,
        };
        answer::page(StatusCode::OK, self.pages().confirm(&view), self.pages())
    }

    fn form(
        &self,
        status: StatusCode,
        email: &str,
        return_to: &LocalPath,
        message: Option<&str>,
    ) -> Response<Bytes> {
        let view = RegisterView {
            action: self.site.paths.register.to_string(),
            email: ConfirmPage::<S, P, H>::short(email, email::MAX_LENGTH),
            return_to: return_to.to_string(),
            login: query::with_return_to(&self.site.paths.login, return_to).to_string(),
            minimum: self.registration.passwords.minimum(false),
            message: message.map(str::to_owned),
        };
        answer::page(status, self.pages().register(&view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

/// What is answered where something failed.
pub(crate) fn failed<P: RegisterPages>(error: &RegisterError, pages: &P) -> Response<Bytes> {
    match error {
        RegisterError::Password(NewPasswordError::Overloaded | NewPasswordError::Unchecked) => {
            answer::unavailable(pages)
        }
        RegisterError::Store(error) => answer::store_failed(error, pages),
        error => {
            tracing::error!(%error, "registering failed");
            answer::broken(pages)
        }
    }
}
