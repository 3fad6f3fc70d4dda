//! The page that asks for a second factor.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{LocalPath, Secret, StoreError, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::{level::Level, means::Means, session::SessionStage},
};
use towergate_session::{Session, SessionError};

use crate::{
    answer,
    factor_pages::{FactorPages, SecondFactorView},
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    password::{SECOND_FACTOR_MISSING, TOO_MANY_SESSIONS, TOO_MANY_TRIES},
    query,
    second_factor::{REFUSED, SecondFactor, SecondFactorError},
    site::Site,
};

/// The page at one path.
pub(super) struct Mfa<S, P, H> {
    pub(super) factor: SecondFactor<S>,
    pub(super) site: Site<P, H>,
}

impl<S: IdentityStore, P: FactorPages, H: OnLogout> Mfa<S, P, H> {
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes>
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
        let reading = match parts.method {
            Method::GET | Method::HEAD => {
                let query = parts.uri.query().unwrap_or_default();
                form::parse(query.as_bytes(), ["return_to"]).map(|[return_to]| (None, return_to, false))
            }
            Method::POST => form::read(&parts.headers, body, ["code", "return_to", "trust"]).await.and_then(
                |[code, return_to, trust]| {
                    Ok((Some(code.ok_or(FormError::Missing)?), return_to, trust.is_some()))
                },
            ),
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let (code, return_to, trust) = match reading {
            Ok(read) => read,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let return_to = destination(return_to.as_ref().map(|value| value.expose().as_str()));
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let means = match self.means(&session, &return_to).await {
            Ok(means) => means,
            Err(elsewhere) => return *elsewhere,
        };
        if trust {
            session.ask_for_trust();
        }
        match code {
            None => self.form(StatusCode::OK, means, &return_to, (None, &session)),
            Some(code) => self.attempt(&code, &session, means, &return_to, origin).await,
        }
    }

    /// What somebody can prove themself by; or where whoever has nothing to prove here goes: to the sign-in page without a
    /// session, to enrol without an app and a passkey.
    async fn means(&self, session: &Session, return_to: &LocalPath) -> Result<Means, Box<Response<Bytes>>> {
        let failed = |error: StoreError| Box::new(answer::store_failed(&error, self.pages()));
        // Nobody goes on with a sign-in in which no client would be served any more.
        let record = match session.record() {
            Some(record) if !self.site.hook.has_ended(record.sign_in).await.map_err(failed)? => record,
            _ => {
                if let Err(error) = session.end().await {
                    tracing::warn!(%error, "a session whose sign-in has ended could not be ended");
                }
                return Err(Box::new(answer::see_other_first(&self.site.paths.login, return_to)));
            }
        };
        if record.stage == SessionStage::Leaving {
            return Err(Box::new(answer::see_other(&self.site.paths.delete)));
        }
        let means = self.site.means(self.factor.store(), record.user).await.map_err(failed)?;
        let is_due = record.stage == SessionStage::AwaitsSecondFactor;
        // Beside a cookie alone, a second factor is only the first, unless it is two at once.
        if !is_due && !means.verifying_key && Level::of(&record.methods) <= Some(Level::Remembered) {
            return Err(Box::new(answer::see_other_first(&self.site.paths.login, return_to)));
        }
        if !is_due && !means.has_second_factor() {
            let enrol = query::with_return_to(&self.site.paths.security, return_to);
            return Err(Box::new(answer::see_other(&enrol)));
        }
        Ok(means)
    }

    async fn attempt(
        &self,
        code: &Secret<String>,
        session: &Session,
        means: Means,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Response<Bytes> {
        match self.factor.attempt(code, session, origin).await {
            Ok(_) => answer::see_other(return_to),
            Err(SecondFactorError::Refused) => {
                self.form(StatusCode::UNPROCESSABLE_ENTITY, means, return_to, (Some(REFUSED), session))
            }
            Err(SecondFactorError::TooManyTries { until }) => {
                let told = (Some(TOO_MANY_TRIES), session);
                let page = self.form(StatusCode::TOO_MANY_REQUESTS, means, return_to, told);
                answer::waiting(page, until, origin.at)
            }
            Err(
                SecondFactorError::NoSession
                | SecondFactorError::Session(SessionError::Gone | SessionError::UserRefused),
            ) => answer::see_other_first(&self.site.paths.login, return_to),
            Err(SecondFactorError::Store(error) | SecondFactorError::Session(SessionError::Store(error))) => {
                answer::store_failed(&error, self.pages())
            }
            Err(SecondFactorError::Session(SessionError::TooMany)) => {
                self.form(StatusCode::FORBIDDEN, means, return_to, (Some(TOO_MANY_SESSIONS), session))
            }
            Err(SecondFactorError::Session(SessionError::SecondFactorMissing)) => {
                self.form(StatusCode::FORBIDDEN, means, return_to, (Some(SECOND_FACTOR_MISSING), session))
            }
            Err(
                error @ (SecondFactorError::Seal(_)
                | SecondFactorError::Session(_)
                | SecondFactorError::Stopped),
            ) => {
                tracing::error!(%error, "a second factor could not be proven");
                answer::broken(self.pages())
            }
        }
    }

    fn form(
        &self,
        status: StatusCode,
        means: Means,
        return_to: &LocalPath,
        (message, session): (Option<&str>, &Session),
    ) -> Response<Bytes> {
        // Whoever is half signed in by a key that proves no more is not asked for it again.
        let adds = session.record().is_none_or(|record| {
            record.stage != SessionStage::AwaitsSecondFactor || means.key_makes_two_of(&record.methods)
        });
        let places = self.site.passkeys.as_ref().filter(|_| means.key && adds);
        let view = SecondFactorView {
            action: self.site.paths.second_factor.to_string(),
            return_to: return_to.to_string(),
            message: message.map(str::to_owned),
            offers_trust: session.offers_trust(),
            code: means.app,
            backup_code: means.codes && !means.app,
            passkeys: places.map(|places| places.to_complete()),
            start_over: self.site.paths.logout.to_string(),
        };
        self.site.offering(status, self.pages().second_factor(&view), view.passkeys.as_ref())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}
