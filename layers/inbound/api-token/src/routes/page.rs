//! The page on which people keep their tokens.

use std::{collections::BTreeSet, error::Error};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use towergate_core::{StoreError, audit::Origin, form::Form};
use towergate_endpoint::body::{self, Unread};
use towergate_identity::{
    ports::{ApiTokenStore, IdentityStore},
    rules::{
        api_token::{ApiToken, ApiTokenId, ApiTokenName, LIFETIME, MAX_PERMISSIONS, MAX_TOKENS, Permission},
        user::UserId,
    },
};
use towergate_login::{OnLogout, sensitive::Admission};
use towergate_session::Session;

use super::{day::day, layer::ApiTokenEndpoints};
use crate::{
    api_tokens::{ApiTokenError, NewApiToken},
    pages::{ApiTokenItem, ApiTokenPages, ApiTokensView, MadeView, PermissionItem},
};

/// What a form asks for.
enum Change {
    Make(Wish),
    Revoke(ApiTokenId),
    RevokeAll,
}

/// What somebody typed of a new token.
#[derive(Default)]
struct Wish {
    name: String,
    days: String,
    permissions: BTreeSet<String>,
}

/// What the page says beside what there is.
#[derive(Default)]
struct Said {
    wish: Wish,
    made: Option<MadeView>,
    message: Option<String>,
}

impl<S: IdentityStore + ApiTokenStore, P: ApiTokenPages, H: OnLogout> ApiTokenEndpoints<S, P, H> {
    pub(super) async fn page<B>(&self, request: Request<B>) -> Response<Bytes>
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
        let here = &self.site.paths().api_tokens;
        let record = match self.site.admit(self.tokens.store(), &session, here, origin.at).await {
            Ok(Admission::Admitted(record)) => record,
            Ok(Admission::Elsewhere(response)) => return *response,
            Err(error) => return self.site.store_failed(&error),
        };
        let answered = match change {
            None => self.show(StatusCode::OK, record.user, Said::default(), origin).await,
            Some(Change::Make(wish)) => self.make(record.user, wish, origin).await,
            Some(Change::Revoke(token)) => {
                self.tokens.revoke(record.user, token, origin).await.map(|_| self.site.see_other(here))
            }
            Some(Change::RevokeAll) => {
                self.tokens.revoke_all(record.user, origin).await.map(|_| self.site.see_other(here))
            }
        };
        answered.unwrap_or_else(|error| self.site.store_failed(&error))
    }

    async fn make(&self, user: UserId, wish: Wish, origin: Origin) -> Result<Response<Bytes>, StoreError> {
        const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        let wanted = match wanted(&wish) {
            Ok(wanted) => wanted,
            Err(message) => return self.again(WRONG, user, wish, message, origin).await,
        };
        let made = match self.tokens.make(user, wanted, origin).await {
            Ok(made) => made,
            Err(ApiTokenError::Store(error)) => return Err(error),
            Err(error @ (ApiTokenError::Lifetime(_) | ApiTokenError::Permissions)) => {
                return self.again(WRONG, user, wish, error.to_string(), origin).await;
            }
            Err(error @ ApiTokenError::TooMany) => {
                return self.again(StatusCode::CONFLICT, user, wish, error.to_string(), origin).await;
            }
            // Shut out a moment ago: their session is over.
            Err(ApiTokenError::UserRefused) => return Ok(self.site.see_other(&self.site.paths().login)),
            Err(error) => {
                tracing::error!(%error, "a token could not be made");
                return Ok(self.site.broken());
            }
        };
        let view = MadeView { name: made.record.name.to_string(), text: made.text.expose().clone() };
        self.show(StatusCode::OK, user, Said { made: Some(view), ..Said::default() }, origin).await
    }

    async fn again(
        &self,
        status: StatusCode,
        user: UserId,
        wish: Wish,
        message: String,
        origin: Origin,
    ) -> Result<Response<Bytes>, StoreError> {
        self.show(status, user, Said { wish, made: None, message: Some(message) }, origin).await
    }

    async fn show(
        &self,
        status: StatusCode,
        user: UserId,
        said: Said,
        origin: Origin,
    ) -> Result<Response<Bytes>, StoreError> {
        let tokens = self.tokens.of(user, origin.at).await?;
        let permissions = self.tokens.permissions().iter().map(|(permission, label)| PermissionItem {
            name: permission.to_string(),
            label: label.to_owned(),
            chosen: said.wish.permissions.contains(permission.as_str()),
        });
        let view = ApiTokensView {
            action: self.site.paths().api_tokens.to_string(),
            may_add: tokens.len() < usize::try_from(MAX_TOKENS).unwrap_or(usize::MAX),
            tokens: tokens.iter().map(item).collect(),
            permissions: permissions.collect(),
            name: said.wish.name,
            days: u32::try_from(LIFETIME.as_secs() / 86_400).unwrap_or(90),
            made: said.made,
            message: said.message,
        };
        Ok(self.site.page(status, self.site.pages().api_tokens(&view), "form-action 'self'"))
    }

    fn wrong_method(&self) -> Response<Bytes> {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut response = self.site.problem(status, "This address is not used in that way.");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        response
    }
}

fn item(token: &ApiToken) -> ApiTokenItem {
    ApiTokenItem {
        id: token.id.to_string(),
        name: token.name.to_string(),
        permissions: token.permissions.iter().map(ToString::to_string).collect(),
        created_on: day(token.created_at),
        expires_on: day(token.expires_at),
        last_used_on: token.last_used_at.map(day),
    }
}

fn wanted(wish: &Wish) -> Result<NewApiToken, String> {
    let name = ApiTokenName::parse(&wish.name).map_err(|bad| bad.to_string())?;
    let days = match wish.days.trim() {
        "" => None,
        days => Some(days.parse().unwrap_or(0)),
    };
    let permissions: Result<_, _> = wish.permissions.iter().map(|word| Permission::parse(word)).collect();
    let permissions = permissions.map_err(|_| ApiTokenError::Permissions.to_string())?;
    Ok(NewApiToken { name, permissions, days })
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
    let mut form = Form::parse_with_lists(&body, &["action", "days", "name", "token"], &["permission"])
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    if form.is_torn() {
        return Err(BAD);
    }
    let permissions: BTreeSet<_> = form
        .list("permission")
        .map_err(|_| BAD)?
        .into_iter()
        .take(MAX_PERMISSIONS + 1)
        .map(str::to_owned)
        .collect();
    let mut take = |name| form.take(name).map_err(|_| BAD);
    let action = take("action")?.ok_or(BAD)?;
    match action.expose().as_str() {
        "make" => {
            let name = take("name")?.map(|name| name.expose().clone()).unwrap_or_default();
            let days = take("days")?.map(|days| days.expose().clone()).unwrap_or_default();
            Ok(Change::Make(Wish { name, days, permissions }))
        }
        "revoke" => {
            let token = take("token")?.ok_or(BAD)?;
            Ok(Change::Revoke(token.expose().parse().map_err(|_| BAD)?))
        }
        "revoke_all" => Ok(Change::RevokeAll),
        _ => Err(BAD),
    }
}
