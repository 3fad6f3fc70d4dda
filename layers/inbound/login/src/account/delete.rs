//! The page of goodbye.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{Secret, Timestamp, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        email::EmailAddress,
        session::{SessionRecord, SessionStage},
        user::UserId,
    },
};
use towergate_session::Session;
use tracing::Instrument;

use super::{
    layer::Account,
    pages::{AccountPages, DeleteState, DeleteView},
};
use crate::{
    answer,
    form::{self, FormError},
    goodbye::{Goodbye, GoodbyeError, Parting},
    logout::OnLogout,
    sensitive::Admission,
};

const NOT_TYPED: &str = "This is not the e-mail address of this account. Nothing has changed.";

/// What a form asks for.
enum Wish {
    Delete(Option<Secret<String>>),
    Stay,
}

impl<S: IdentityStore, P: AccountPages, H: OnLogout, X> Account<S, P, H, X> {
    pub(super) async fn delete<B>(&self, request: Request<B>) -> Response<Bytes>
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
        let wish = match parts.method {
            Method::GET | Method::HEAD => None,
            Method::POST => match read(form::read(&parts.headers, body, ["action", "confirmation"]).await) {
                Ok(wish) => Some(wish),
                Err(error) => return answer::unreadable(error, self.pages()),
            },
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let leaving = session.record().filter(|record| record.stage == SessionStage::Leaving);
        let answered = match leaving {
            Some(record) => self.second_thoughts(&session, record.user, wish, origin).await,
            None => self.goodbye(&session, wish, origin).await,
        };
        answered.unwrap_or_else(|error| match error {
            GoodbyeError::Store(error) => answer::store_failed(&error, self.pages()),
            GoodbyeError::Seal(error) => {
                tracing::error!(%error, "the mail of a goodbye could not be sealed");
                answer::broken(self.pages())
            }
        })
    }

    /// For whoever is signed in, and may leave.
    async fn goodbye(
        &self,
        session: &Session,
        wish: Option<Wish>,
        origin: Origin,
    ) -> Result<Response<Bytes>, GoodbyeError> {
        let here = &self.site.paths.delete;
        let record: std::sync::Arc<SessionRecord> =
            match self.site.admit(&self.store, session, here, origin.at).await? {
                Admission::Admitted(record) => record,
                Admission::Elsewhere(response) => return Ok(*response),
            };
        let Some(person) = self.store.find_user(record.user).await? else {
            return Ok(answer::see_other_first(&self.site.paths.login, here));
        };
        let days = self.goodbye.how().grace.as_secs().div_ceil(24 * 3600);
        let may = || DeleteState::May { email: person.email.to_string(), grace_days: days };
        let typed = match wish {
            None => return Ok(self.show(StatusCode::OK, may(), None)),
            // Nobody keeps what they are not about to lose.
            Some(Wish::Stay) => return Ok(answer::see_other(&self.site.paths.account)),
            Some(Wish::Delete(typed)) => typed,
        };
        let typed = typed.and_then(|typed| EmailAddress::parse(typed.expose()).ok());
        if typed.as_ref() != Some(&person.email) {
            return Ok(self.show(StatusCode::UNPROCESSABLE_ENTITY, may(), Some(NOT_TYPED)));
        }
        let parting = spawned(self.goodbye.clone(), record.user, session.clone(), origin).await?;
        let state = match parting {
            Parting::Until(until) => DeleteState::Closed { until: moment(until) },
            Parting::Gone => DeleteState::Gone,
            Parting::Refused => return Ok(answer::see_other(&self.site.paths.login)),
        };
        Ok(self.show(StatusCode::OK, state, None))
    }

    /// For whoever is leaving, and may stay.
    async fn second_thoughts(
        &self,
        session: &Session,
        user: UserId,
        wish: Option<Wish>,
        origin: Origin,
    ) -> Result<Response<Bytes>, GoodbyeError> {
        let Some(until) = self.goodbye.of(user).await? else {
            forget(session).await;
            return Ok(answer::see_other(&self.site.paths.login));
        };
        if !matches!(wish, Some(Wish::Stay)) {
            return Ok(self.show(StatusCode::OK, DeleteState::Leaving { until: moment(until) }, None));
        }
        if !self.goodbye.withdraw(user, origin).await? {
            forget(session).await;
            return Ok(self.show(StatusCode::GONE, DeleteState::Gone, None));
        }
        forget(session).await;
        Ok(answer::see_other_first(&self.site.paths.login, &self.site.paths.account))
    }

    fn show(&self, status: StatusCode, state: DeleteState, message: Option<&str>) -> Response<Bytes> {
        let paths = &self.site.paths;
        let view = DeleteView {
            action: paths.delete.to_string(),
            state,
            account: paths.account.to_string(),
            export: paths.export.to_string(),
            logout: paths.logout.to_string(),
            message: message.map(str::to_owned),
        };
        answer::page(status, self.pages().delete(&view), self.pages())
    }
}

/// On its own task: whoever hangs up early has left whole all the same.
async fn spawned<S: IdentityStore, H: OnLogout>(
    goodbye: Goodbye<S, H>,
    user: UserId,
    session: Session,
    origin: Origin,
) -> Result<Parting, GoodbyeError> {
    let leaving = async move {
        let parting = goodbye.schedule(user, origin).await?;
        forget(&session).await;
        Ok(parting)
    };
    let stopped = |_| Err(towergate_core::StoreError::unavailable("the goodbye was stopped").into());
    tokio::spawn(leaving.in_current_span()).await.unwrap_or_else(stopped)
}

/// The session has ended in the store by now; the browser forgets it too.
async fn forget(session: &Session) {
    if let Err(error) = session.end().await {
        tracing::warn!(%error, "the cookie of a session that has ended could not be cleared");
    }
}

fn read(form: Result<form::Fields<2>, FormError>) -> Result<Wish, FormError> {
    let [action, confirmation] = form?;
    match action.as_ref().map(|action| action.expose().as_str()) {
        Some("delete") => Ok(Wish::Delete(confirmation)),
        Some("delete-cancel") => Ok(Wish::Stay),
        _ => Err(FormError::Missing),
    }
}

/// A moment as people read it, in UTC to the minute.
fn moment(when: Timestamp) -> String {
    when.to_rfc3339().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
