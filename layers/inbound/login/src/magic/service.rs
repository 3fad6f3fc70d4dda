//! The page where people sign in by mail.
//!
//! 1. `GET` shows what can be done and does nothing: a field for the address; with the `token` of a link a button.
//! 2. `POST` with an `email` alone has a mail sent and answers 200 with the page that waits for the code, the same whoever
//!    has the address; the browser gets a secret by which it is known. What is no address answers 422.
//! 3. `POST` with a `token`, or an `email` and a `code`, [signs in](MagicLink::attempt): 303 with a new session, over the page
//!    for the second factor if that is due; 422 with the page again; 429 with `Retry-After` where codes were wrong too often.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Parts};
use towergate_core::{LocalPath, Secret, Timestamp, audit::Origin, token::OpaqueToken};
use towergate_identity::{
    ports::IdentityStore,
    rules::{email, email_token::BROWSER_PREFIX},
};
use towergate_session::{Session, SessionError};

use crate::{
    answer,
    confirm::Evidence,
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    magic::{
        MagicError, MagicLink, MagicProspect, Standing,
        pages::{MagicPages, MagicView},
    },
    mail::moment,
    password::{SECOND_FACTOR_MISSING, TOO_MANY_SESSIONS, TOO_MANY_TRIES},
    query,
    site::Site,
};

const DEAD_LINK: &str =
    "This link is not good any more: it was used, a newer one was sent, or ten minutes have passed.";
const WRONG_CODE: &str = "This code is wrong or not good any more, or it was asked for in another browser. After five tries a new one is needed.";
const WRONG_ADDRESS: &str = "This is not the address that the link was mailed to.";

/// The page at one path. Part of [`MagicRoutes`](crate::MagicRoutes).
pub(crate) struct MagicPage<S, P, H> {
    pub(crate) link: MagicLink<S>,
    pub(crate) site: Site<P, H>,
}

impl<S: IdentityStore, P: MagicPages, H: OnLogout> MagicPage<S, P, H> {
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
                self.show(&parts, &session, origin).await
            }
            Method::POST => {
                let names = ["token", "email", "code", "return_to", "action", "remember"];
                match form::read(&parts.headers, body, names).await {
                    Ok(fields) => self.act(fields, &parts.headers, session, origin).await,
                    Err(error) => answer::unreadable(error, self.pages()),
                }
            }
            _ => answer::wrong_method("GET, HEAD, POST", self.pages()),
        }
    }

    async fn show(&self, parts: &Parts, session: &Session, origin: Origin) -> Response<Bytes> {
        let query = parts.uri.query().unwrap_or_default();
        let [token, return_to] = match form::parse(query.as_bytes(), ["token", "return_to"]) {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let mut view = self.view(session, return_to.as_ref(), "");
        let Some(token) = token else { return self.page(StatusCode::OK, &view) };
        let standing = Standing { browser: self.browser(&parts.headers), address: None };
        match self.link.look(token.expose(), &standing, session, origin).await {
            Ok(MagicProspect::Dead) => view.message = Some(DEAD_LINK.to_owned()),
            Ok(MagicProspect::Good) => view.token = Some(token.expose().clone()),
            Ok(MagicProspect::AsksAddress(at)) => asks_address(&mut view, &token, Some(at)),
            Err(error) => return self.failed(&error),
        }
        self.page(StatusCode::OK, &view)
    }

    async fn act(
        &self,
        fields: form::Fields<6>,
        headers: &HeaderMap,
        session: Session,
        origin: Origin,
    ) -> Response<Bytes> {
        let [token, email, code, return_to, action, remember] = fields;
        let typed = email.as_ref().map(|email| email.expose().trim().to_owned());
        let mut view = self.view(&session, return_to.as_ref(), typed.as_deref().unwrap_or_default());
        let resend = action.is_some_and(|action| action.expose() == "resend");
        let evidence = match (token, &typed, code) {
            (Some(token), _, _) => Evidence::Link(token),
            (None, Some(email), Some(code)) if !resend => Evidence::Code { email: email.clone(), code },
            (None, Some(email), _) => return self.ask(email, headers, view, origin).await,
            (None, None, _) => return answer::unreadable(FormError::Missing, self.pages()),
        };
        if remember.is_some() {
            session.ask_to_be_remembered();
        }
        let return_to = destination(Some(&view.return_to));
        let standing = Standing { browser: self.browser(headers), address: typed.clone() };
        let (link, shown, entered) = (self.link.clone(), evidence.clone(), session.clone());
        let way = async move { link.attempt(&shown, &standing, &entered, origin).await };
        match (self.site.sign_in(&session, origin, way).await, evidence) {
            (Ok(signed_in), _) => self.site.welcome(signed_in.stage, &return_to),
            (Err(MagicError::AsksAddress), Evidence::Link(token)) => {
                view.message = typed.map(|_| WRONG_ADDRESS.to_owned());
                asks_address(&mut view, &token, None);
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            (Err(MagicError::Refused | MagicError::AsksAddress), evidence) => {
                view.sent = matches!(evidence, Evidence::Code { .. });
                view.message = Some(if view.sent { WRONG_CODE } else { DEAD_LINK }.to_owned());
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            (Err(MagicError::Session(SessionError::SecondFactorMissing)), _) => {
                view.message = Some(SECOND_FACTOR_MISSING.to_owned());
                self.page(StatusCode::FORBIDDEN, &view)
            }
            (Err(MagicError::Session(SessionError::TooMany)), _) => {
                view.message = Some(TOO_MANY_SESSIONS.to_owned());
                self.page(StatusCode::FORBIDDEN, &view)
            }
            (Err(MagicError::TooManyTries { until }), _) => {
                (view.sent, view.message) = (true, Some(TOO_MANY_TRIES.to_owned()));
                answer::waiting(self.page(StatusCode::TOO_MANY_REQUESTS, &view), until, origin.at)
            }
            (Err(error), _) => self.failed(&error),
        }
    }

    /// Has a mail sent, and the browser known.
    async fn ask(
        &self,
        email: &str,
        headers: &HeaderMap,
        mut view: MagicView,
        origin: Origin,
    ) -> Response<Bytes> {
        let brought = self.site.cookie.read(headers);
        let fresh = || OpaqueToken::mint(BROWSER_PREFIX, origin.at, &self.site.random);
        let browser = match brought.clone().map_or_else(fresh, Ok) {
            Ok(browser) => browser,
            Err(error) => {
                tracing::error!(%error, "no secret for a browser");
                return answer::broken(self.pages());
            }
        };
        let return_to = destination(Some(&view.return_to));
        match self.link.ask(email, Some(browser.digest()), &return_to, origin).await {
            Ok(()) => view.sent = true,
            Err(MagicError::Email(invalid)) => {
                view.message = Some(MagicError::Email(invalid).to_string());
                return self.page(StatusCode::UNPROCESSABLE_ENTITY, &view);
            }
            Err(error) => return self.failed(&error),
        }
        let mut response = self.page(StatusCode::OK, &view);
        if brought.is_none()
            && let Some(cookie) = self.site.cookie.give(&browser)
        {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn view(&self, session: &Session, return_to: Option<&Secret<String>>, email: &str) -> MagicView {
        let return_to = destination(return_to.map(|value| value.expose().as_str()));
        let login = query::with_return_to(&self.site.paths.login, &return_to);
        MagicView {
            action: self.site.paths.magic.to_string(),
            token: None,
            asks_address: false,
            asked_at: None,
            // What is too long to be an address is not worth showing again.
            email: if email.len() > email::MAX_LENGTH { String::new() } else { email.to_owned() },
            return_to: LocalPath::to_string(&return_to),
            login: login.to_string(),
            sent: false,
            offers_remembering: session.offers_remembering(),
            message: None,
        }
    }

    fn browser(&self, headers: &HeaderMap) -> Option<towergate_core::Digest> {
        self.site.cookie.read(headers).map(|token| token.digest())
    }

    fn failed(&self, error: &MagicError) -> Response<Bytes> {
        match error {
            MagicError::Store(error) | MagicError::Session(SessionError::Store(error)) => {
                answer::store_failed(error, self.pages())
            }
            error => {
                tracing::error!(%error, "signing in by mail failed");
                answer::broken(self.pages())
            }
        }
    }

    fn page(&self, status: StatusCode, view: &MagicView) -> Response<Bytes> {
        answer::page(status, self.pages().magic(view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

fn asks_address(view: &mut MagicView, token: &Secret<String>, at: Option<Timestamp>) {
    view.token = Some(token.expose().clone());
    view.asks_address = true;
    view.asked_at = at.map(moment);
}
