//! The page on which people enrol and remove their authenticator app.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{LocalPath, Secret, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        backup_code::BackupCode,
        level::Level,
        second_factor::{self, Spending},
        session::{SessionRecord, SessionStage},
    },
};
use towergate_session::Session;

use crate::{
    answer,
    authenticator::{Authenticator, AuthenticatorError, Enrolled},
    factor_pages::{AppView, FactorPages, SecurityView},
    form::{self, FormError},
    login::destination,
    logout::OnLogout,
    query,
    sensitive::Admission,
    site::Site,
};

const WRONG_CODE: &str =
    "This is not the code that the app shows for this secret. Is the clock of your device right?";

/// The page at one path.
pub(super) struct Security<S, P, H> {
    pub(super) authenticator: Authenticator<S>,
    pub(super) issuer: String,
    pub(super) site: Site<P, H>,
}

/// Who is there, and where they go from here.
struct Visit {
    session: Session,
    record: Arc<SessionRecord>,
    here: LocalPath,
    return_to: LocalPath,
    origin: Origin,
}

/// What a form asks for.
enum Change {
    Enrol,
    Confirm(Secret<String>),
    RenewCodes,
    Remove,
    AskForPasskey,
    AskForNoPasskey,
}

impl<S: IdentityStore, P: FactorPages, H: OnLogout> Security<S, P, H> {
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
                form::parse(query.as_bytes(), ["return_to"]).map(|[return_to]| (None, return_to))
            }
            Method::POST => {
                let form = form::read(&parts.headers, body, ["action", "code", "return_to"]).await;
                form.and_then(|[action, code, return_to]| Ok((Some(read(action.as_ref(), code)?), return_to)))
            }
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let (change, return_to) = match reading {
            Ok((change, return_to)) => {
                (change, destination(return_to.as_ref().map(|value| value.expose().as_str())))
            }
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(self.pages());
        };
        let here = &query::with_return_to(&self.site.paths.security, &return_to);
        let record = match self.site.admit(self.authenticator.store(), &session, here, origin.at).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return answer::store_failed(&error, self.pages()),
        };
        let visit = Visit { session, record, here: here.clone(), return_to, origin };
        match self.change(&visit, change).await {
            Ok(response) => response,
            Err(AuthenticatorError::Store(error)) => answer::store_failed(&error, self.pages()),
            // Somebody was quicker, elsewhere: the page says how things stand.
            Err(AuthenticatorError::AlreadyThere | AuthenticatorError::NotThere) => answer::see_other(here),
            Err(AuthenticatorError::UserRefused) => answer::see_other_first(&self.site.paths.login, here),
            Err(error) => {
                tracing::error!(%error, "an authenticator app could not be changed");
                answer::broken(self.pages())
            }
        }
    }

    async fn change(
        &self,
        visit: &Visit,
        change: Option<Change>,
    ) -> Result<Response<Bytes>, AuthenticatorError> {
        let (user, keeps, origin) = (visit.record.user, Some(visit.record.id), visit.origin);
        let enrolled = self.authenticator.of(user, origin).await?;
        let keeper = &self.authenticator;
        match change {
            None => self.show(StatusCode::OK, visit, &enrolled, None).await,
            Some(Change::Enrol) => {
                keeper.begin(user, origin).await?;
                Ok(answer::see_other(&visit.here))
            }
            Some(Change::Confirm(code)) => match keeper.confirm(user, &code, keeps, origin).await {
                Ok(codes) => {
                    self.complete(visit).await;
                    self.handed_out(visit, &codes).await
                }
                Err(AuthenticatorError::WrongCode) => {
                    self.show(StatusCode::UNPROCESSABLE_ENTITY, visit, &enrolled, Some(WRONG_CODE)).await
                }
                Err(error) => Err(error),
            },
            Some(Change::RenewCodes) => {
                self.handed_out(visit, &keeper.renew_backup_codes(user, origin).await?).await
            }
            Some(Change::Remove) => {
                keeper.remove(user, keeps, origin).await?;
                Ok(answer::see_other(&visit.here))
            }
            Some(Change::AskForPasskey) => match self.lacks_a_factor(visit).await? {
                Some(first) => Ok(answer::see_other_first(first, &visit.here)),
                None => {
                    let codes = keeper.ask_for_passkey(user, keeps, origin).await?;
                    self.handed_out(visit, &codes).await
                }
            },
            Some(Change::AskForNoPasskey) => {
                keeper.ask_for_no_passkey(user, keeps, origin).await?;
                Ok(answer::see_other(&visit.here))
            }
        }
    }

    /// Whoever has just shown the first code of their app has proven two factors. When that cannot be written, they have
    /// their app all the same, and prove it when they are asked to.
    async fn complete(&self, visit: &Visit) {
        let Visit { session, record, origin, .. } = visit;
        let Some(proof) = second_factor::decide(record, Spending::Spent, origin.at) else { return };
        if let Err(error) = session.establish(proof).await {
            tracing::warn!(%error, "a session could not be renewed after an app was enrolled");
        }
    }

    async fn show(
        &self,
        status: StatusCode,
        visit: &Visit,
        enrolled: &Enrolled,
        message: Option<&str>,
    ) -> Result<Response<Bytes>, AuthenticatorError> {
        let app = match enrolled {
            Enrolled::Nothing => AppView::Nothing,
            Enrolled::App { .. } => AppView::App,
            Enrolled::Waiting(secret) => {
                let user = visit.record.user;
                let person = self.authenticator.store().find_user(user).await?;
                let account = person.map_or_else(|| user.to_string(), |person| person.email.to_string());
                AppView::Waiting {
                    secret: grouped(secret.base32().expose()),
                    address: secret.address(&self.issuer, &account).expose().clone(),
                }
            }
        };
        self.page(status, visit, app, Vec::new(), message).await
    }

    async fn handed_out(
        &self,
        visit: &Visit,
        codes: &[BackupCode],
    ) -> Result<Response<Bytes>, AuthenticatorError> {
        let codes = codes.iter().map(|code| code.reveal().expose().clone()).collect();
        let app = match self.authenticator.of(visit.record.user, visit.origin).await? {
            Enrolled::App { .. } => AppView::App,
            Enrolled::Nothing | Enrolled::Waiting(_) => AppView::Nothing,
        };
        self.page(StatusCode::OK, visit, app, codes, None).await
    }

    /// Where those go first who want to be asked for two factors and have proven one: by a key that nobody tried they would shut
    /// themselves out, and whoever has but their first factor would be handed the codes in the place of the second.
    async fn lacks_a_factor(&self, visit: &Visit) -> Result<Option<&LocalPath>, AuthenticatorError> {
        let methods = &visit.record.methods;
        if Level::of(methods) >= Some(Level::TwoFactors) {
            return Ok(None);
        }
        let means = self.site.means(self.authenticator.store(), visit.record.user).await?;
        let paths = &self.site.paths;
        Ok(Some(if means.key_makes_two_of(methods) { &paths.second_factor } else { &paths.login }))
    }

    async fn page(
        &self,
        status: StatusCode,
        visit: &Visit,
        app: AppView,
        codes: Vec<String>,
        message: Option<&str>,
    ) -> Result<Response<Bytes>, AuthenticatorError> {
        let means = self.site.means(self.authenticator.store(), visit.record.user).await?;
        let asks_for_passkey = (means.asks_for_key || means.key).then_some(means.asks_for_key);
        let backup_codes = match means.app || means.asks_for_key {
            true => Some(self.authenticator.store().backup_codes_left(visit.record.user).await?),
            false => None,
        };
        let action = self.site.paths.security.to_string();
        let return_to = visit.return_to.to_string();
        let is_due = visit.record.stage == SessionStage::AwaitsEnrolment;
        let passkeys = self.site.passkeys.as_ref().map(|_| self.site.paths.passkeys.to_string());
        let message = message.map(str::to_owned);
        let view = SecurityView {
            action,
            return_to,
            is_due,
            app,
            passkeys,
            asks_for_passkey,
            backup_codes,
            codes,
            message,
        };
        Ok(answer::page(status, self.pages().security(&view), self.pages()))
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

fn read(action: Option<&Secret<String>>, code: Option<Secret<String>>) -> Result<Change, FormError> {
    match action.map(|action| action.expose().as_str()) {
        Some("totp-enrol") => Ok(Change::Enrol),
        Some("totp-confirm") => code.map(Change::Confirm).ok_or(FormError::Missing),
        Some("backup-codes") => Ok(Change::RenewCodes),
        Some("totp-remove") => Ok(Change::Remove),
        Some("passkey-ask") => Ok(Change::AskForPasskey),
        Some("passkey-ask-no-more") => Ok(Change::AskForNoPasskey),
        _ => Err(FormError::Missing),
    }
}

/// In groups of four, as people copy them.
fn grouped(text: &str) -> String {
    let mut grouped = String::with_capacity(text.len() + text.len() / 4);
    for (place, c) in text.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(c);
    }
    grouped
}
