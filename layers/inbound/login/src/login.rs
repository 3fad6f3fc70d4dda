//! The sign-in page.
//!
//! 1. `GET` shows the form. `return_to` says where to go afterwards, when it is a path of this host; `login_hint`
//!    fills in the address. Somebody half signed in goes on to prove the second factor instead; so does whoever is signed in
//!    too weakly for the `acr_values` that are asked for, and has one.
//! 2. `POST` reads the form (64 KiB at most, no field twice) and [tries](PasswordLogin::attempt).
//! 3. A success answers 303 to the path, with a new session; whoever was signed in and proved themself again keeps
//!    their sign-in; over the page for the second factor if that is due. A failure answers 422 with the form again and one sentence, the same for every reason. 401 would
//!    have to name an HTTP authentication scheme, and this is none.
//! 4. Who failed too often lately is told so, with 429 and `Retry-After`, whether anybody has the address or not.
//! 5. Too much to do, or a store that is away, answers 503 with `Retry-After`.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{LocalPath, StoreError};
use towergate_identity::{
    ports::IdentityStore,
    rules::{email, level::Level, session::SessionStage},
};
use towergate_session::{Session, SessionError};

use crate::{
    answer,
    form::{self, FormError},
    logout::OnLogout,
    pages::{LoginLink, LoginLinkKind, LoginPages, LoginView},
    password::{
        LoginError, PasswordLogin, REFUSED, SECOND_FACTOR_MISSING, TOO_MANY_SESSIONS, TOO_MANY_TRIES,
    },
    query, sensitive,
    site::{Paths, Site},
};

/// The page at one path. Part of [`LoginRoutes`](crate::LoginRoutes).
pub(crate) struct Login<S, P, H> {
    pub(crate) login: PasswordLogin<S>,
    pub(crate) site: Site<P, H>,
    pub(crate) links: Vec<LoginLinkKind>,
}

impl<S: IdentityStore, P: LoginPages, H: OnLogout> Login<S, P, H> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        match *request.method() {
            // Nobody could sign in with a form whose post will fail.
            Method::GET | Method::HEAD => match Session::of(request.extensions()) {
                Ok(session) => self.show(session.clone(), request.uri().query().unwrap_or_default()).await,
                Err(missing) => answer::misbuilt(missing.to_string()),
            },
            Method::POST => self.attempt(request).await,
            _ => answer::wrong_method("GET, HEAD, POST", self.pages()),
        }
    }

    async fn show(&self, session: Session, query: &str) -> Response<Bytes> {
        match form::parse(query.as_bytes(), ["return_to", "login_hint", "acr_values"]) {
            Ok([return_to, hint, levels]) => {
                let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
                let levels = levels.as_ref().map_or("", |levels| levels.expose());
                match self.lacks_only_a_second_factor(&session, levels).await {
                    Ok(Some(page)) => return answer::see_other_first(page, &return_to),
                    Ok(None) => {}
                    Err(error) => return answer::store_failed(&error, self.pages()),
                }
                self.form(
                    StatusCode::OK,
                    hint.as_ref().map_or("", |value| value.expose()),
                    &return_to,
                    (None, session.offers_remembering()),
                )
            }
            Err(error) => answer::unreadable(error, self.pages()),
        }
    }

    /// Where those go who lack only the second factor: it is due, or it is asked for by `levels`. Whoever has none enrols one.
    async fn lacks_only_a_second_factor(
        &self,
        session: &Session,
        levels: &str,
    ) -> Result<Option<&LocalPath>, StoreError> {
        let Some(record) = session.record() else { return Ok(None) };
        let Paths { second_factor, security, delete, .. } = self.site.paths();
        match record.stage {
            SessionStage::AwaitsSecondFactor => return Ok(Some(second_factor)),
            // That page asks for a proof as fresh as this.
            SessionStage::AwaitsEnrolment => {
                let means = self.site.means(self.login.store(), record.user).await?;
                if means.one_more_reaches(&record.methods, Level::TwoFactors) {
                    return Ok(Some(second_factor));
                }
                let (two, now) = (means.strongest() == Level::TwoFactors, self.site.clock.now());
                let is_fresh = sensitive::is_proven(&record, two, self.site.fresh_within(), now);
                return Ok(is_fresh.then_some(security));
            }
            SessionStage::Leaving => return Ok(Some(delete)),
            SessionStage::Complete => {}
        }
        // Whoever proved nothing lately signs in first.
        let wanted = levels.split(' ').filter_map(Level::parse).min();
        if wanted != Some(Level::TwoFactors) || Level::of(&record.methods) != Some(Level::OneFactor) {
            return Ok(None);
        }
        let means = self.site.means(self.login.store(), record.user).await?;
        if means.one_more_reaches(&record.methods, Level::TwoFactors) {
            return Ok(Some(second_factor));
        }
        // Two things that somebody has are one factor: whoever proved one of them signs in by what they know.
        Ok((means.strongest() == Level::OneFactor).then_some(security))
    }

    async fn attempt<B>(&self, request: Request<B>) -> Response<Bytes>
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
        let form = form::read(&parts.headers, body, ["email", "password", "return_to", "remember"]).await;
        let [email, password, return_to, remember] = match form {
            Ok(fields) => fields,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let (Some(email), Some(password)) = (email, password) else {
            return answer::unreadable(FormError::Missing, self.pages());
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };

        if remember.is_some() {
            session.ask_to_be_remembered();
        }
        let offers = session.offers_remembering();
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let (login, typed, entered) = (self.login.clone(), email.expose().clone(), session.clone());
        let way = async move { login.attempt(&typed, &password, &entered, origin).await };
        match self.site.sign_in(&session, origin, way).await {
            Ok(signed_in) => self.site.welcome(signed_in.stage, &return_to),
            Err(LoginError::Refused) => self.form(
                StatusCode::UNPROCESSABLE_ENTITY,
                email.expose(),
                &return_to,
                (Some(REFUSED), offers),
            ),
            Err(LoginError::TooManyTries { until }) => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let page = self.form(status, email.expose(), &return_to, (Some(TOO_MANY_TRIES), offers));
                answer::waiting(page, until, origin.at)
            }
            Err(LoginError::Overloaded) => answer::unavailable(self.pages()),
            Err(LoginError::Store(error) | LoginError::Session(SessionError::Store(error))) => {
                answer::store_failed(&error, self.pages())
            }
            Err(LoginError::Session(SessionError::SecondFactorMissing)) => self.form(
                StatusCode::FORBIDDEN,
                email.expose(),
                &return_to,
                (Some(SECOND_FACTOR_MISSING), offers),
            ),
            Err(LoginError::Session(SessionError::TooMany)) => self.form(
                StatusCode::FORBIDDEN,
                email.expose(),
                &return_to,
                (Some(TOO_MANY_SESSIONS), offers),
            ),
            Err(error @ (LoginError::Hasher(_) | LoginError::Session(_) | LoginError::Stopped(_))) => {
                tracing::error!(%error, "signing in failed");
                answer::broken(self.pages())
            }
        }
    }

    fn form(
        &self,
        status: StatusCode,
        email: &str,
        return_to: &LocalPath,
        (message, offers_remembering): (Option<&str>, bool),
    ) -> Response<Bytes> {
        let by_mail = self.site.signs_in_by_mail();
        let shown = |kind: &&LoginLinkKind| by_mail || **kind != LoginLinkKind::Magic;
        let view = LoginView {
            action: self.site.paths.login.to_string(),
            // What is too long to be an address is not worth showing again.
            email: if email.len() > email::MAX_LENGTH { String::new() } else { email.to_owned() },
            return_to: return_to.to_string(),
            providers: self.site.offered(),
            message: message.map(str::to_owned),
            offers_remembering,
            links: self.links.iter().filter(shown).map(|kind| self.link(*kind, return_to)).collect(),
            passkeys: self.site.passkeys.as_ref().map(|places| places.to_sign_in()),
        };
        self.site.offering(status, self.pages().login(&view), view.passkeys.as_ref())
    }

    fn link(&self, kind: LoginLinkKind, return_to: &LocalPath) -> LoginLink {
        let paths = &self.site.paths;
        let path = match kind {
            LoginLinkKind::Forgot => &paths.forgot,
            LoginLinkKind::Magic => &paths.magic,
            LoginLinkKind::Register => &paths.register,
        };
        LoginLink { kind, href: query::with_return_to(path, return_to).to_string() }
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

/// Where to go after signing in: a path of this host, or the front page.
pub(crate) fn destination(return_to: Option<&str>) -> LocalPath {
    return_to.and_then(LocalPath::parse).unwrap_or_else(LocalPath::root)
}
