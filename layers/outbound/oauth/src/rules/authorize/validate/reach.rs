//! The checks of what is asked for.

use towergate_oauth_types::{ErrorCode, OAuthError, Scope};

use super::{super::params::invalid, Asked};
use crate::rules::{claims::is_protocol, claims_request::ClaimsRequest, interaction::AuthorizationRequest};

pub(super) fn scope(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    const fn bad(description: &'static str) -> OAuthError {
        OAuthError::new(ErrorCode::InvalidScope, description)
    }
    let registered = &asked.client.metadata.scope;
    request.scope = match asked.params.value("scope")? {
        Some(text) => Scope::parse(text).map_err(|_| bad("scope is malformed"))?,
        None => registered.without("offline_access"),
    };
    if request.scope.is_empty() {
        return Err(bad("scope is missing, and the client registered none"));
    }
    if !registered.covers(&request.scope) {
        return Err(bad("a scope value is unknown or not registered for this client"));
    }
    Ok(())
}

pub(super) fn resource(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    request.resource = asked.offer.targets.admit(asked.params.list("resource")?)?;
    Ok(())
}

/// What the client may not see is not asked for: the person allows what they are shown, and a registration that grows
/// later lets no more of it out.
pub(super) fn claims(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    if let Some(text) = asked.params.value("claims")? {
        request.claims =
            ClaimsRequest::parse(text).map_err(|_| invalid("claims is not what OpenID Connect says"))?;
        let (table, registered) = (asked.offer.scope_claims, &asked.client.metadata.scope);
        request.claims.retain(|name| is_protocol(name) || table.covers(registered, name));
    }
    Ok(())
}
