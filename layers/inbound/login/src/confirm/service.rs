//! The page where an address is confirmed.
//!
//! 1. `GET` shows what can be done and does nothing: mail programs fetch links ahead of their reader. With the `token` of a
//!    link it shows a button; without, fields for address and code.
//! 2. `POST` uses the link or the code: 200 when the address is confirmed, 422 with the page again when not. With `resend` it
//!    has the mail sent once more, if there is anybody to send it to; the answer is the same when there is not.
//! 3. Whoever opens the mail in another browser than the one that asked for it types the password that was chosen.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, request::Parts};
use towergate_core::{LocalPath, Secret, audit::Origin};
use towergate_identity::{ports::IdentityStore, rules::email};
use towergate_session::Session;

use crate::{
    answer,
    confirm::{ConfirmError, Confirmation, Evidence, Ground, Prospect},
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    query,
    register::{
        Registration,
        pages::{ConfirmView, ConfirmedView, RegisterPages},
        service::failed,
    },
    site::Site,
};

/// What the person is told of a link that is not good.
pub(crate) const DEAD_LINK: &str = "This link is not good any more: it was used, a newer one was sent, or a day has passed. You can have a new one sent.";
/// What the person is told of a code that is not good.
pub(crate) const WRONG_CODE: &str =
    "This code is wrong or not good any more. After five tries a new one is needed.";
const ASKS_PASSWORD: &str = "Please type the password that you chose when you registered.";
const WRONG_PASSWORD: &str = "The password is wrong.";

/// The page at one path. Part of [`RegisterRoutes`](crate::RegisterRoutes).
pub(crate) struct ConfirmPage<S, P, H> {
    pub(crate) confirmation: Confirmation<S>,
    pub(crate) registration: Registration<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: RegisterPages, H: OnLogout> ConfirmPage<S, P, H> {
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
        let browser = self.site.cookie.read(&parts.headers).map(|token| token.digest());
        let ground = Ground { browser, password: None, user: session.user() };
        match parts.method {
            Method::GET | Method::HEAD => {
                drop(body);
                self.show(&parts, ground, origin).await
            }
            Method::POST => {
                let names = ["token", "email", "code", "password", "return_to", "action"];
                match form::read(&parts.headers, body, names).await {
                    Ok(fields) => self.act(fields, ground, origin).await,
                    Err(error) => answer::unreadable(error, self.pages()),
                }
            }
            _ => answer::wrong_method("GET, HEAD, POST", self.pages()),
        }
    }

    async fn show(&self, parts: &Parts, ground: Ground, origin: Origin) -> Response<Bytes> {
        let query = parts.uri.query().unwrap_or_default();
        let [token, return_to] = match form::parse(query.as_bytes(), ["token", "return_to"]) {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let mut view = self.view(&return_to, &ground);
        let Some(token) = token else {
            if let Some(user) = ground.user {
                match self.confirmation.store.find_user(user).await {
                    Ok(user) => view.email = user.map(|user| user.email.to_string()).unwrap_or_default(),
                    Err(error) => return answer::store_failed(&error, self.pages()),
                }
            }
            return self.page(StatusCode::OK, &view);
        };
        match self.confirmation.look(token.expose(), &ground, origin).await {
            Ok(Prospect::Dead) => {
                view.message = Some(DEAD_LINK.to_owned());
                self.page(StatusCode::OK, &view)
            }
            Ok(prospect) => {
                view.token = Some(token.expose().clone());
                view.asks_password = prospect == Prospect::AsksPassword;
                self.page(StatusCode::OK, &view)
            }
            Err(error) => self.failed(&error),
        }
    }

    async fn act(&self, fields: form::Fields<6>, mut ground: Ground, origin: Origin) -> Response<Bytes> {
        let [token, email, code, password, return_to, action] = fields;
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let mut view = self.view(&return_to, &ground);
        let typed = email.as_ref().map(|email| email.expose().trim()).unwrap_or_default();
        view.email = Self::short(typed, email::MAX_LENGTH);
        if action.is_some_and(|action| action.expose() == "resend") {
            return match self.registration.resend(typed, &return_to, origin).await {
                Ok(()) => {
                    view.sent = true;
                    self.page(StatusCode::OK, &view)
                }
                Err(error) => failed(&error, self.pages()),
            };
        }
        let password = password.filter(|password| !password.expose().is_empty());
        let asked = password.is_some();
        ground.password = password;
        let user = ground.user;
        let evidence = match (token, email, code) {
            (Some(token), _, _) => Evidence::Link(token),
            (None, Some(email), Some(code)) => Evidence::Code { email: email.expose().clone(), code },
            (None, _, _) => return answer::unreadable(FormError::Missing, self.pages()),
        };
        let link = match &evidence {
            Evidence::Link(link) => Some(link.clone()),
            Evidence::Code { .. } => None,
        };
        match self.confirmation.confirm(evidence, ground, origin).await {
            Ok(confirmed) => self.confirmed(&return_to, user == Some(confirmed)),
            Err(ConfirmError::AsksPassword) => {
                view.token = link.as_ref().map(Secret::expose).cloned();
                view.asks_password = true;
                let message = if asked { WRONG_PASSWORD } else { ASKS_PASSWORD };
                view.message = Some(message.to_owned());
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            Err(ConfirmError::Refused) => {
                let message = if link.is_some() { DEAD_LINK } else { WRONG_CODE };
                view.message = Some(message.to_owned());
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            Err(error) => self.failed(&error),
        }
    }

    fn confirmed(&self, return_to: &LocalPath, signed_in: bool) -> Response<Bytes> {
        let login = query::with_return_to(&self.site.paths.login, return_to);
        let next = if signed_in { return_to } else { &login };
        let view = ConfirmedView { next: next.to_string(), signed_in };
        answer::page(StatusCode::OK, self.pages().confirmed(&view), self.pages())
    }

    fn view(&self, return_to: &LocalPath, ground: &Ground) -> ConfirmView {
        ConfirmView {
            action: self.site.paths.confirm.to_string(),
            token: None,
            email: String::new(),
            return_to: return_to.to_string(),
            login: query::with_return_to(&self.site.paths.login, return_to).to_string(),
            asks_password: ground.browser.is_none() && ground.user.is_none(),
            sent: false,
            message: None,
        }
    }

    fn failed(&self, error: &ConfirmError) -> Response<Bytes> {
        match error {
            ConfirmError::Overloaded => answer::unavailable(self.pages()),
            ConfirmError::Store(error) => answer::store_failed(error, self.pages()),
            error => {
                tracing::error!(%error, "confirming failed");
                answer::broken(self.pages())
            }
        }
    }

    /// What was typed, unless it is too long to be worth showing again.
    pub(crate) fn short(typed: &str, most: usize) -> String {
        if typed.len() > most { String::new() } else { typed.to_owned() }
    }

    fn page(&self, status: StatusCode, view: &ConfirmView) -> Response<Bytes> {
        answer::page(status, self.pages().confirm(view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}
