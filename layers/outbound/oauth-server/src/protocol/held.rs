//! A token by its text: found in the store, and proven to be the one that was issued.

use std::error::Error;

use http::request::Parts;
use http_body::Body;
use serde::Deserialize;
use towergate_core::{Secret, audit::Origin, id::Uuid, token::OpaqueToken};
use towergate_jose::Typ;
use towergate_oauth::{
    ports::{
        OAuthStore,
        grant::{StoredAccessToken, StoredRefreshToken},
    },
    rules::{
        access_token,
        client::AuthenticatedClient,
        refresh_token,
        token::{
            access_claims,
            held::{self, is_access_token, is_refresh_token},
        },
    },
};

use super::{
    asking::{self, Asking},
    failure::Failure,
    layer::Endpoints,
};

/// A client that has proven itself, and the token it asks about.
pub(super) struct Question {
    pub(super) client: AuthenticatedClient,
    pub(super) token: Secret<String>,
    pub(super) origin: Origin,
}

/// A token of ours, in whatever state.
pub(super) enum Found {
    Access(StoredAccessToken),
    Refresh(StoredRefreshToken),
}

/// Reads what a client asks about a token.
pub(super) async fn ask<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
) -> Result<Question, Failure>
where
    S: OAuthStore,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Asking { client, form, origin } = asking::ask(endpoints, parts, body, held::KNOWN, &[]).await?;
    Ok(Question { client, token: held::read(&form)?, origin })
}

/// The token of this text, whatever it is.
pub(super) async fn any<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    text: &str,
) -> Result<Option<Found>, Failure> {
    match OpaqueToken::parse(refresh_token::PREFIX, text) {
        Some(presented) => {
            let stored = endpoints.server.store().find_refresh_token(presented.id()).await?;
            let proven = stored.filter(|stored| is_refresh_token(&presented, &stored.token));
            Ok(proven.map(Found::Refresh))
        }
        None => Ok(access_token(endpoints, text).await?.map(Found::Access)),
    }
}

/// The access token of this text.
pub(super) async fn access_token<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    text: &str,
) -> Result<Option<StoredAccessToken>, Failure> {
    let opaque = OpaqueToken::parse(access_token::PREFIX, text);
    let id = match &opaque {
        Some(token) => Some(token.id()),
        None => jwt_id(endpoints, text),
    };
    let Some(id) = id else { return Ok(None) };
    let stored = endpoints.server.store().find_access_token(id).await?;
    Ok(stored.filter(|stored| is_access_token(opaque.as_ref(), &stored.token)))
}

/// The identifier in a JWT that we signed.
fn jwt_id<S, R, P>(endpoints: &Endpoints<S, R, P>, text: &str) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Identity {
        iss: String,
        jti: String,
    }
    let verified = endpoints.server.keys().verify(text, Typ::Exactly(access_claims::TYP)).ok()?;
    let Identity { iss, jti } = verified.claims().ok()?;
    (iss == endpoints.server.config().issuer.as_str()).then(|| towergate_core::id::parse(&jti).ok())?
}
