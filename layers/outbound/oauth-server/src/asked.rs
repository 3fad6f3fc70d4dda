//! What a client asks for, in the address of a browser or pushed: read by the same rules.

use towergate_core::Timestamp;
use towergate_oauth::rules::{
    authorize::{
        Offer, Params, RedirectUri, Rejection,
        request_object::{self, KeyName},
        validate,
    },
    client::Client,
    interaction::AuthorizationRequest,
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use crate::server::AuthorizationServer;

/// The parameters that the client means, also when it put them into a request object.
pub(crate) async fn open<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    params: Params,
    client: &Client,
    now: Timestamp,
) -> Result<Params, Rejection> {
    let name = request_object::key_name(&params).map_err(|error| Rejection::of(error, &params, client))?;
    let Some(KeyName(kid)) = name else { return Ok(params) };
    let keys = server.client_keys(client, kid.as_deref()).await.map_err(|reason| {
        tracing::info!(client = %client.id, %reason, "a request object cannot be verified");
        Rejection::of(NO_KEY, &params, client)
    })?;
    let opened = request_object::open(params.clone(), client, &keys, &server.config().issuer, now);
    opened.map_err(|error| Rejection::of(error, &params, client))
}

/// What they ask for, and where the answer goes.
pub(crate) fn check<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    opened: &Params,
    client: &Client,
) -> Result<(AuthorizationRequest, RedirectUri), Rejection> {
    let config = server.config();
    let offer = Offer {
        targets: config.targets(),
        scope_claims: &config.scope_claims,
        keys: &server.keys().jwks(),
        creates_accounts: config.creates_accounts,
        requires_push: config.require_pushed_authorization_requests,
    };
    validate(opened, client, offer)
}

const NO_KEY: OAuthError =
    OAuthError::new(ErrorCode::InvalidRequestObject, "there is no key to verify the request object with");
