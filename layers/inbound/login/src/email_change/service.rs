//! The page where people change their address, and put it back.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use towergate_core::{Secret, StoreError, audit::Origin};
use towergate_identity::{ports::IdentityStore, rules::user::UserId};
use towergate_session::Session;

use crate::{
    answer,
    email_change::{
        AddressChange, AddressChangeError, ChangeEvidence,
        pages::{EmailChangePages, EmailUndoView, EmailView},
    },
    form::{self, FormError},
    logout::OnLogout,
    password::TOO_MANY_TRIES,
    sensitive::Admission,
    site::Site,
};

const DEAD: &str = "This link or code is wrong or not good any more: it was used, called off, is a day old, or the address went to somebody else. Nothing was changed.";

/// The page at one path. Part of [`EmailChangeRoutes`](crate::EmailChangeRoutes).
pub(crate) struct EmailPage<S, P, H> {
    pub(crate) change: AddressChange<S>,
    pub(crate) site: Site<P, H>,
}

/// What somebody comes for.
enum Errand {
    Ask(Secret<String>),
    Cancel,
    Code(Secret<String>),
    Link(Secret<String>),
    Look(Secret<String>),
    LookBack(Secret<String>),
    Show,
    Undo(Secret<String>),
}

impl<S: IdentityStore, P: EmailChangePages, H: OnLogout> EmailPage<S, P, H> {
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
        let errand = match parts.method {
            Method::GET | Method::HEAD => {
                drop(body);
                let query = parts.uri.query().unwrap_or_default();
                form::parse(query.as_bytes(), ["token", "undo"]).map(looking)
            }
            Method::POST => {
                let names = ["email", "token", "code", "undo", "action"];
                form::read(&parts.headers, body, names).await.and_then(acting)
            }
            _ => return answer::wrong_method("GET, HEAD, POST", self.pages()),
        };
        let answered = match errand {
            Ok(errand) => self.run(errand, &session, origin).await,
            Err(error) => return answer::unreadable(error, self.pages()),
        };
        match answered {
            Ok(response) => response,
            Err(AddressChangeError::Store(error)) => answer::store_failed(&error, self.pages()),
            Err(AddressChangeError::NoSession) => self.to_login(),
            Err(error) => {
                tracing::error!(%error, "an address could not be changed");
                answer::broken(self.pages())
            }
        }
    }

    async fn run(
        &self,
        errand: Errand,
        session: &Session,
        origin: Origin,
    ) -> Result<Response<Bytes>, AddressChangeError> {
        match errand {
            Errand::LookBack(link) => {
                let email = self.change.look_back(link.expose(), origin).await?;
                let token = email.is_some().then(|| link.expose().clone());
                let email = email.map(|email| email.to_string()).unwrap_or_default();
                Ok(self.back(StatusCode::OK, token, email, false))
            }
            Errand::Undo(link) => Ok(match self.change.undo(&link, origin).await {
                Ok(email) => self.back(StatusCode::OK, None, email.to_string(), true),
                Err(AddressChangeError::Refused) => {
                    self.back(StatusCode::UNPROCESSABLE_ENTITY, None, String::new(), false)
                }
                Err(error) => return Err(error),
            }),
            Errand::Show | Errand::Ask(_) => {
                let here = &self.site.paths.email;
                let user = match self.site.admit(self.change.store(), session, here, origin.at).await? {
                    Admission::Admitted(record) => record.user,
                    Admission::Elsewhere(response) => return Ok(*response),
                };
                match errand {
                    Errand::Ask(typed) => self.ask(user, &typed, origin).await,
                    _ => Ok(self.page(StatusCode::OK, &self.view(user, origin).await?)),
                }
            }
            Errand::Cancel => {
                let user = session.user().ok_or(AddressChangeError::NoSession)?;
                self.change.cancel(user, origin).await?;
                Ok(answer::see_other(&self.site.paths.email))
            }
            Errand::Look(link) => {
                let user = session.user().ok_or(AddressChangeError::NoSession)?;
                let email = self.change.look(link.expose(), session, origin).await?;
                let mut view = self.view(user, origin).await?;
                match email {
                    Some(email) => {
                        (view.pending, view.token) = (Some(email.to_string()), Some(link.expose().clone()));
                    }
                    None => view.message = Some(DEAD.to_owned()),
                }
                Ok(self.page(StatusCode::OK, &view))
            }
            Errand::Link(link) => self.confirm(ChangeEvidence::Link(link), session, origin).await,
            Errand::Code(code) => self.confirm(ChangeEvidence::Code(code), session, origin).await,
        }
    }

    async fn ask(
        &self,
        user: UserId,
        typed: &Secret<String>,
        origin: Origin,
    ) -> Result<Response<Bytes>, AddressChangeError> {
        match self.change.ask(user, typed.expose(), origin).await {
            Ok(()) => Ok(answer::see_other(&self.site.paths.email)),
            Err(
                error @ (AddressChangeError::Email(_)
                | AddressChangeError::Unchanged
                | AddressChangeError::TooMany),
            ) => {
                let mut view = self.view(user, origin).await?;
                view.message = Some(error.to_string());
                Ok(self.page(StatusCode::UNPROCESSABLE_ENTITY, &view))
            }
            Err(error) => Err(error),
        }
    }

    async fn confirm(
        &self,
        evidence: ChangeEvidence,
        session: &Session,
        origin: Origin,
    ) -> Result<Response<Bytes>, AddressChangeError> {
        let user = session.user().ok_or(AddressChangeError::NoSession)?;
        if let Some(elsewhere) = self.stale(user, session, origin).await? {
            return Ok(elsewhere);
        }
        let confirmed = self.change.confirm(evidence, session, origin).await;
        let mut view = self.view(user, origin).await?;
        Ok(match confirmed {
            Ok(()) => {
                view.changed = true;
                self.page(StatusCode::OK, &view)
            }
            Err(AddressChangeError::Refused) => {
                view.message = Some(DEAD.to_owned());
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &view)
            }
            Err(AddressChangeError::TooManyTries { until }) => {
                view.message = Some(TOO_MANY_TRIES.to_owned());
                answer::waiting(self.page(StatusCode::TOO_MANY_REQUESTS, &view), until, origin.at)
            }
            Err(error) => return Err(error),
        })
    }

    /// Where whoever has not proven themself since shortly before the change was asked for is sent.
    async fn stale(
        &self,
        user: UserId,
        session: &Session,
        origin: Origin,
    ) -> Result<Option<Response<Bytes>>, StoreError> {
        let Some(asked) = self.change.asked_at(user, origin.at).await? else { return Ok(None) };
        let proven = session.record().map_or(asked, |record| record.authenticated_at);
        let then = proven.clamp(asked.min(origin.at), origin.at);
        let admitted = self.site.admit(self.change.store(), session, &self.site.paths.email, then).await?;
        Ok(match admitted {
            Admission::Admitted(_) => None,
            Admission::Elsewhere(response) => Some(*response),
        })
    }

    async fn view(&self, user: UserId, origin: Origin) -> Result<EmailView, StoreError> {
        let person = self.change.store().find_user(user).await?;
        let pending = self.change.pending(user, origin.at).await?;
        Ok(EmailView {
            action: self.site.paths.email.to_string(),
            account: self.site.paths.account.to_string(),
            current: person.map(|person| person.email.to_string()).unwrap_or_default(),
            pending: pending.map(|email| email.to_string()),
            token: None,
            changed: false,
            message: None,
        })
    }

    fn back(
        &self,
        status: StatusCode,
        token: Option<String>,
        email: String,
        undone: bool,
    ) -> Response<Bytes> {
        let (action, forgot) = (self.site.paths.email.to_string(), self.site.paths.forgot.to_string());
        let view = EmailUndoView { action, token, email, undone, forgot };
        answer::page(status, self.pages().email_undo(&view), self.pages())
    }

    /// The token of a link is not carried along: whoever comes back finds what waits, and opens the link again.
    fn to_login(&self) -> Response<Bytes> {
        answer::see_other_first(&self.site.paths.login, &self.site.paths.email)
    }

    fn page(&self, status: StatusCode, view: &EmailView) -> Response<Bytes> {
        answer::page(status, self.pages().email(view), self.pages())
    }

    fn pages(&self) -> &P {
        &self.site.pages
    }
}

fn looking([token, undo]: form::Fields<2>) -> Errand {
    match (undo, token) {
        (Some(undo), _) => Errand::LookBack(undo),
        (None, Some(token)) => Errand::Look(token),
        (None, None) => Errand::Show,
    }
}

fn acting([email, token, code, undo, action]: form::Fields<5>) -> Result<Errand, FormError> {
    if action.is_some_and(|action| action.expose() == "cancel") {
        return Ok(Errand::Cancel);
    }
    let errand = undo.map(Errand::Undo).or_else(|| token.map(Errand::Link));
    let errand = errand.or_else(|| code.map(Errand::Code)).or_else(|| email.map(Errand::Ask));
    errand.ok_or(FormError::Missing)
}
