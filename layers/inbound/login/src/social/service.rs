//! The endpoints.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use towergate_core::{LocalPath, Secret, audit::Origin, token::OpaqueToken};
use towergate_endpoint::page;
use towergate_identity::{
    ports::IdentityStore,
    rules::{email_token::BROWSER_PREFIX, linked_identity::VisitPurpose},
};
use towergate_session::{Session, SessionError};
use url::form_urlencoded::Serializer;

use super::{
    Back, Failed, Leaving, Returned, Social,
    error::SocialError,
    pages::{SocialPages, SocialView},
};
use crate::{
    answer,
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    password::SignedIn,
    query,
    sensitive::Admission,
};

/// What a provider sends back; anything else is passed over.
const BACK: [&str; 4] = ["state", "code", "iss", "error"];

impl<S: IdentityStore, P: SocialPages, H: OnLogout> Social<S, P, H> {
    /// Off to the provider, by `POST` alone: no link or picture sends anybody there.
    pub(super) async fn leave<B>(&self, name: &str, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            return answer::wrong_method("POST", self.pages());
        }
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let names = ["action", "return_to", "remember"];
        let [action, return_to, remember] = match form::read(&parts.headers, body, names).await {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let links = action.is_some_and(|action| action.expose() == "link");
        let purpose = if links {
            let here = &self.site.paths().identities;
            match self.site.admit(&self.login.store, &session, here, origin.at).await {
                Ok(Admission::Admitted(record)) => {
                    VisitPurpose::Link { user: record.user, session: record.id }
                }
                Ok(Admission::Elsewhere(response)) => return *response,
                Err(error) => return answer::store_failed(&error, self.pages()),
            }
        } else {
            VisitPurpose::SignIn
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let brought = self.site.cookie.read(&parts.headers);
        let fresh = || OpaqueToken::mint(BROWSER_PREFIX, origin.at, &self.site.random);
        let browser = match brought.clone().map_or_else(fresh, Ok) {
            Ok(browser) => browser,
            Err(error) => return self.refused(&error.into(), &return_to),
        };
        let leaving = Leaving { purpose, remember: remember.is_some(), anew: session.user().is_some() };
        let location = match self.login.leave(name, leaving, &browser, &return_to, origin).await {
            Ok(location) => location,
            Err(error) => return self.refused(&error, &return_to),
        };
        let Ok(location) = HeaderValue::try_from(location) else {
            tracing::error!(provider = name, "a provider's address is no address");
            return answer::broken(self.pages());
        };
        let mut response = page::see_other(location);
        if brought.is_none()
            && let Some(cookie) = self.site.cookie.give(&browser)
        {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Back from the provider.
    pub(super) async fn callback<B>(&self, name: &str, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let read = match parts.method {
            // The query is not read ahead of time by anybody: it is good in one browser alone, and once.
            Method::GET => form::parse(parts.uri.query().unwrap_or_default().as_bytes(), BACK),
            // Another site's page posts it, and the browser leaves its cookies out.
            Method::POST => match form::read(&parts.headers, body, BACK).await {
                Ok(fields) => return self.come_round(name, &fields),
                Err(error) => Err(error),
            },
            _ => return answer::wrong_method("GET, POST", self.pages()),
        };
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let [state, code, iss, error] = match read {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let iss = iss.as_ref().map(Secret::expose).cloned();
        let back = Back { state, code, iss, failed: error.is_some() };
        let browser = self.site.cookie.read(&parts.headers);
        match self.login.come_back(name, &back, browser.as_ref(), origin).await {
            Ok(returned) => self.returned(returned, session, origin).await,
            Err(Failed { visit, error }) => {
                let return_to = visit.map_or_else(LocalPath::root, |(_, return_to)| return_to);
                self.refused(&error, &return_to)
            }
        }
    }

    async fn returned(&self, returned: Returned, session: Session, origin: Origin) -> Response<Bytes> {
        let return_to = returned.return_to.clone();
        match returned.purpose {
            VisitPurpose::SignIn => {
                if returned.remember {
                    session.ask_to_be_remembered();
                }
                let (login, entered) = (self.login.clone(), session.clone());
                let way = async move {
                    let proof = login.sign_in(returned, origin).await?;
                    let user = proof.user();
                    let begun = entered.establish(proof).await?;
                    let (session, sign_in) = (begun.session, begun.sign_in);
                    Ok(SignedIn { user, session, sign_in, stage: begun.stage, ended: begun.ended })
                };
                match self.site.sign_in(&session, origin, way).await {
                    Ok(signed_in) => self.site.welcome(signed_in.stage, &return_to),
                    Err(error) => self.refused(&error, &return_to),
                }
            }
            VisitPurpose::Link { .. } => {
                let here = &self.site.paths().identities;
                let record = match self.site.admit(&self.login.store, &session, here, origin.at).await {
                    Ok(Admission::Admitted(record)) => record,
                    Ok(Admission::Elsewhere(response)) => return *response,
                    Err(error) => return answer::store_failed(&error, self.pages()),
                };
                match self.login.link(returned, record.user, record.id, origin).await {
                    Ok(()) => answer::see_other(here),
                    Err(error) => self.refused(&error, here),
                }
            }
        }
    }

    /// The same by a GET of this host's own, which brings the browser's cookies.
    fn come_round(&self, name: &str, fields: &form::Fields<4>) -> Response<Bytes> {
        let mut query = Serializer::new(String::new());
        for (name, value) in BACK.iter().zip(fields) {
            if let Some(value) = value {
                query.append_pair(name, value.expose());
            }
        }
        let location = format!("{}/{name}/callback?{}", self.site.paths().social, query.finish());
        match HeaderValue::try_from(location) {
            Ok(location) => page::see_other(location),
            Err(_) => answer::unreadable(FormError::Encoding, self.pages()),
        }
    }

    /// What the person is told who did not come in, or did not link anything.
    pub(super) fn refused(&self, error: &SocialError, return_to: &LocalPath) -> Response<Bytes> {
        let paths = self.site.paths();
        let login = query::with_return_to(&paths.login, return_to);
        let own = query::with_return_to(&paths.login, &paths.identities);
        let (status, message, next, next_label) = match error {
            SocialError::Store(error) | SocialError::Session(SessionError::Store(error)) => {
                return answer::store_failed(error, self.pages());
            }
            SocialError::TooMany => return answer::unavailable(self.pages()),
            SocialError::Stranger | SocialError::UnknownProvider | SocialError::NotThere => {
                (StatusCode::UNPROCESSABLE_ENTITY, STRANGER, &login, "Begin again")
            }
            SocialError::Denied => (StatusCode::UNPROCESSABLE_ENTITY, DENIED, &login, "Sign in another way"),
            SocialError::Provider(_) => (StatusCode::BAD_GATEWAY, PROVIDER, &login, "Sign in another way"),
            SocialError::OwnLoginFirst => {
                (StatusCode::UNPROCESSABLE_ENTITY, OWN_LOGIN_FIRST, &own, "Sign in as you always do")
            }
            SocialError::NoAddress => {
                (StatusCode::UNPROCESSABLE_ENTITY, NO_ADDRESS, &paths.register, "Make an account")
            }
            SocialError::Taken => (StatusCode::UNPROCESSABLE_ENTITY, TAKEN, &paths.identities, "Back"),
            SocialError::LastWayIn => {
                (StatusCode::UNPROCESSABLE_ENTITY, LAST_WAY_IN, &paths.identities, "Back")
            }
            SocialError::UserRefused | SocialError::Session(SessionError::UserRefused) => {
                (StatusCode::FORBIDDEN, REFUSED, &login, "Sign in another way")
            }
            SocialError::Session(SessionError::TooMany) => {
                (StatusCode::FORBIDDEN, crate::password::TOO_MANY_SESSIONS, &login, "Sign in another way")
            }
            SocialError::Session(SessionError::SecondFactorMissing) => {
                (StatusCode::FORBIDDEN, crate::password::SECOND_FACTOR_MISSING, &login, "Sign in another way")
            }
            SocialError::Seal(_)
            | SocialError::Random(_)
            | SocialError::Session(_)
            | SocialError::Stopped(_) => {
                tracing::error!(%error, "signing in by a provider failed");
                return answer::broken(self.pages());
            }
        };
        let view = SocialView { message: message.to_owned(), next: next.to_string(), next_label };
        answer::page(status, self.pages().social(&view), self.pages())
    }

    pub(super) fn pages(&self) -> &P {
        &self.site.pages
    }
}

const STRANGER: &str = "This sign-in was begun in another browser, or too long ago, or is done already.";
const DENIED: &str = "You were not signed in: the other site was not allowed to say who you are.";
const PROVIDER: &str = "The other site did not answer as it should. Please try again later.";
const OWN_LOGIN_FIRST: &str = "There is an account here with the address of that account. Sign in as you always do, and link \
     the two in your account: an address alone opens nothing here.";
const NO_ADDRESS: &str = "The other site did not say which e-mail address is yours. Make an account here first, and link the \
     two in it.";
const TAKEN: &str = "That account opens somebody else's account here.";
pub(super) const LAST_WAY_IN: &str =
    "This is the only way you can sign in. Set a password or add a passkey first.";
const REFUSED: &str = "This account cannot be used.";
