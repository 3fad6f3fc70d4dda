//! The page on which people keep their passkeys.
//!
//! 1. Whoever has no proof that is strong and fresh enough is sent to give one, and comes back.
//! 2. `GET` lists them; `POST` renames one or removes one, and answers 303 to the page, or 422 with it and a sentence.
//! 3. A form over 64 KiB, or with a field twice, is not read.

use std::{error::Error, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use towergate_core::{audit::Origin, form::Form};
use towergate_endpoint::body::{self, Unread};
use towergate_identity::{
    ports::{IdentityStore, passkey::RemovingPasskey},
    rules::{
        passkey::{Passkey, PasskeyId, PasskeyName},
        session::SessionRecord,
    },
};
use towergate_login::{OnLogout, sensitive::Admission};
use towergate_session::{Session, SessionError};

use super::{day::day, service::PasskeyEndpoints};
use crate::{
    pages::{PasskeyItem, PasskeyPages, PasskeysView, SignalView},
    passkeys::PasskeyError,
};

const LAST_WAY_IN: &str =
    "This is the last way into your account. Set a password or add another passkey before you remove it.";

/// What a form asks for.
enum Change {
    Rename(PasskeyId, String),
    Remove(PasskeyId),
}

impl<S: IdentityStore, P: PasskeyPages, H: OnLogout> PasskeyEndpoints<S, P, H> {
    pub(super) async fn account<B>(&self, request: Request<B>) -> Response<Bytes>
    where
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session.clone(),
            Err(missing) => {
                tracing::error!("{missing}");
                return towergate_endpoint::page::plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    missing.to_string(),
                );
            }
        };
        let change = match parts.method {
            Method::GET | Method::HEAD => None,
            Method::POST => match read(&parts.headers, body).await {
                Ok(change) => Some(change),
                Err(status) => return self.site.problem(status, "This form could not be read."),
            },
            _ => return self.wrong_method(),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return self.site.broken();
        };
        let page = &self.site.paths().passkeys;
        let record = match self.site.admit(self.passkeys.store(), &session, page, origin.at).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return self.site.store_failed(&error),
        };
        match self.change(&record, change, origin).await {
            Ok(response) => response,
            Err(PasskeyError::NoSession) => self.site.see_other(&self.site.paths().login),
            Err(PasskeyError::Store(error) | PasskeyError::Session(SessionError::Store(error))) => {
                self.site.store_failed(&error)
            }
            Err(error) => {
                tracing::error!(%error, "a passkey could not be changed");
                self.site.broken()
            }
        }
    }

    async fn change(
        &self,
        record: &Arc<SessionRecord>,
        change: Option<Change>,
        origin: Origin,
    ) -> Result<Response<Bytes>, PasskeyError> {
        let page = &self.site.paths().passkeys;
        match change {
            None => self.show(StatusCode::OK, record, None).await,
            Some(Change::Rename(passkey, name)) => match PasskeyName::parse(&name) {
                Ok(name) => {
                    self.passkeys.rename(record.user, passkey, name, origin).await?;
                    Ok(self.site.see_other(page))
                }
                Err(bad) => self.show(StatusCode::UNPROCESSABLE_ENTITY, record, Some(&bad.to_string())).await,
            },
            Some(Change::Remove(passkey)) => match self.passkeys.remove(record, passkey, origin).await? {
                // Somebody was quicker, elsewhere: the page says how things stand.
                RemovingPasskey::Removed { .. } | RemovingPasskey::Missing => Ok(self.site.see_other(page)),
                RemovingPasskey::LastWayIn => {
                    self.show(StatusCode::CONFLICT, record, Some(LAST_WAY_IN)).await
                }
            },
        }
    }

    async fn show(
        &self,
        status: StatusCode,
        record: &Arc<SessionRecord>,
        message: Option<&str>,
    ) -> Result<Response<Bytes>, PasskeyError> {
        let passkeys = self.passkeys.of(record.user).await?;
        let person = self.passkeys.person(record).await?;
        let party = self.passkeys.party();
        let ids: Vec<_> =
            passkeys.iter().map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential_id)).collect();
        let page = self.site.paths().passkeys.as_str();
        let view = PasskeysView {
            action: page.to_owned(),
            create: format!("{page}/new"),
            script: self.places.script.to_string(),
            may_add: passkeys.len() < usize::try_from(party.most).unwrap_or(usize::MAX),
            passkeys: passkeys.iter().map(item).collect(),
            signal: SignalView {
                rp_id: party.identifier().to_owned(),
                user_id: URL_SAFE_NO_PAD.encode(person.id.as_uuid().as_bytes()),
                name: person.email.to_string(),
                credentials: ids.join(" "),
            },
            message: message.map(str::to_owned),
        };
        Ok(self.site.page(status, self.site.pages().passkeys(&view), &self.places.policy()))
    }

    fn wrong_method(&self) -> Response<Bytes> {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut response = self.site.problem(status, "This address is not used in that way.");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        response
    }
}

fn item(passkey: &Passkey) -> PasskeyItem {
    PasskeyItem {
        id: passkey.id.to_string(),
        name: passkey.name.to_string(),
        created_on: day(passkey.created_at),
        last_used_on: passkey.last_used_at.map(day),
        synced: passkey.backup_eligible,
        verifies: passkey.verifies,
    }
}

async fn read<B>(headers: &HeaderMap, body: B) -> Result<Change, StatusCode>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    let body = body::read_form(headers, body).await.map_err(|unread| match unread {
        Unread::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Unread::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Unread::Torn => BAD,
    })?;
    let mut form =
        Form::parse(&body, &["action", "name", "passkey"]).map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    if form.is_torn() {
        return Err(BAD);
    }
    let mut take = |name| form.take(name).map_err(|_| BAD)?.ok_or(BAD);
    let passkey = take("passkey")?.expose().parse().map_err(|_| BAD)?;
    match take("action")?.expose().as_str() {
        "rename" => Ok(Change::Rename(passkey, take("name")?.expose().clone())),
        "remove" => Ok(Change::Remove(passkey)),
        _ => Err(BAD),
    }
}
