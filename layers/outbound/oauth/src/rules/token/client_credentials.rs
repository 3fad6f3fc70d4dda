//! May this client act for itself? [RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)

use towergate_oauth_types::{ErrorCode, OAuthError, Scope};

use super::Refusal;
use crate::rules::client::{AuthenticatedClient, ClientAuthMethod};

/// What only a person can give.
const OF_PERSONS: [&str; 2] = ["openid", "offline_access"];

/// The scope that the client gets: what it asks for, or all that it registered.
///
/// # Errors
/// `unauthorized_client` for a public client; `invalid_scope` for more than it registered, or for what only a person
/// can give.
pub fn decide(client: &AuthenticatedClient, scope: Option<Scope>) -> Result<Scope, Refusal> {
    let metadata = &client.client().metadata;
    if metadata.token_endpoint_auth_method == ClientAuthMethod::None {
        let description = "a public client cannot act for itself";
        let error = OAuthError::new(ErrorCode::UnauthorizedClient, description);
        return Err(Refusal { error, reason: "public_client" });
    }
    let Some(scope) = scope else {
        return Ok(OF_PERSONS.iter().fold(metadata.scope.clone(), |scope, value| scope.without(value)));
    };
    if OF_PERSONS.into_iter().any(|value| scope.contains(value)) {
        return Err(Refusal::invalid_scope("openid and offline_access need a person"));
    }
    if !metadata.scope.covers(&scope) {
        return Err(Refusal::invalid_scope("scope goes beyond what the client registered"));
    }
    Ok(scope)
}
