//! Whether a token is good for this request: pure functions of what is known of it.

use std::time::Duration;

use serde::Deserialize;
use towergate_core::{Digest, Timestamp, id};
use towergate_jose::jwt::{Audience, JwtError, NumericDate, Times, check_issuer};
use towergate_oauth::{
    ports::grant::StoredAccessToken,
    rules::{client::ClientId, grant::Subject},
};
use towergate_oauth_types::Scope;

use crate::{AccessTokenInfo, Refusal, TokenProblem, info::Facts, remembered::Verified};

/// What this part of the API asks of every token.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) audience: String,
    pub(crate) scope: Scope,
    /// Any of them will do; any at all when empty.
    pub(crate) acr: Vec<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) metadata: Option<String>,
}

/// What was presented, as far as it is known before the store has answered.
pub(crate) enum Presented {
    Opaque(Digest),
    Jwt(AccessTokenInfo),
}

/// The claims of our access tokens, [RFC 9068 section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2).
#[derive(Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    iat: NumericDate,
    nbf: Option<NumericDate>,
    jti: String,
    client_id: ClientId,
    #[serde(default)]
    scope: Scope,
    auth_time: Option<NumericDate>,
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    sid: Option<String>,
}

impl Policy {
    /// Asks for this audience and nothing else.
    pub(crate) fn of(audience: String) -> Self {
        Self { audience, scope: Scope::default(), acr: Vec::new(), max_age: None, metadata: None }
    }

    /// Whether the token, known to be good, is good for this.
    pub(crate) fn check(&self, token: &AccessTokenInfo, now: Timestamp) -> Result<(), Refusal> {
        self.check_scope(token)?;
        self.check_sign_in(token, now)
    }

    pub(crate) fn check_audience(&self, token: &AccessTokenInfo) -> Result<(), Refusal> {
        let named = token.audience.contains(&self.audience);
        if named { Ok(()) } else { Err(JwtError::Audience.into()) }
    }

    fn check_scope(&self, token: &AccessTokenInfo) -> Result<(), Refusal> {
        if token.scope.covers(&self.scope) { Ok(()) } else { Err(Refusal::InsufficientScope) }
    }

    /// Whether the sign-in behind the token is strong and fresh enough; a token without one, as of a client that acts
    /// for itself, never is. [RFC 9470 section 6](https://www.rfc-editor.org/rfc/rfc9470#section-6)
    fn check_sign_in(&self, token: &AccessTokenInfo, now: Timestamp) -> Result<(), Refusal> {
        let strong = self.acr.is_empty() || token.acr.as_ref().is_some_and(|acr| self.acr.contains(acr));
        let fresh = match (self.max_age, token.auth_time) {
            (None, _) => true,
            // A sign-in of the future is no fresher than one of now: somebody's clock is wrong.
            (Some(age), Some(at)) => now.since(at) <= age,
            (Some(_), None) => false,
        };
        if strong && fresh { Ok(()) } else { Err(Refusal::InsufficientUserAuthentication) }
    }
}

/// Judges of the claims of a JWT whose signature is right what does not depend on the moment or the request,
/// [RFC 9068 section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4).
pub(crate) fn jwt(claims: Claims, issuer: &str) -> Result<Verified, Refusal> {
    check_issuer(Some(&claims.iss), issuer)?;
    let times = Times { exp: Some(claims.exp), nbf: claims.nbf, iat: Some(claims.iat) };
    // A client that acts for itself is its own subject; it must never pass for a person of the same name.
    let subject = if claims.sub == claims.client_id.as_str() {
        None
    } else {
        Some(Subject::parse(&claims.sub).map_err(|_| TokenProblem::Claims)?)
    };
    let facts = Facts {
        id: id::parse(&claims.jti).map_err(|_| TokenProblem::Claims)?,
        client: claims.client_id,
        subject,
        scope: claims.scope,
        audience: claims.aud.0,
        expires_at: claims.exp.0,
        sid: claims.sid,
        auth_time: claims.auth_time.map(|time| time.0),
        acr: claims.acr,
        amr: claims.amr,
    };
    Ok(Verified { info: AccessTokenInfo::new(facts, None), times })
}

/// Judges a token by what the store holds of it.
pub(crate) fn stored(
    presented: Presented,
    stored: Option<StoredAccessToken>,
    policy: &Policy,
    now: Timestamp,
) -> Result<AccessTokenInfo, Refusal> {
    let stored = stored.ok_or(TokenProblem::Unknown)?;
    let info = match (presented, &stored.token.digest) {
        (Presented::Opaque(digest), Some(kept)) if digest.matches(kept) => opaque(&stored),
        (Presented::Jwt(mut info), None) => {
            info.grant = stored.token.grant;
            info
        }
        _ => return Err(TokenProblem::Unknown.into()),
    };
    if stored.revoked {
        return Err(TokenProblem::Revoked.into());
    }
    // A JWT was judged by its own `exp`, which may be forgiven a little; the store's clock is ours.
    if stored.token.digest.is_some() && now >= info.expires_at {
        return Err(JwtError::Expired.into());
    }
    policy.check_audience(&info)?;
    policy.check(&info, now)?;
    Ok(info)
}

fn opaque(stored: &StoredAccessToken) -> AccessTokenInfo {
    let sign_in = stored.grant.as_ref().map(|grant| &grant.sign_in);
    let facts = Facts {
        id: stored.token.id,
        client: stored.token.client.clone(),
        subject: stored.token.subject.clone(),
        scope: stored.token.scope.clone(),
        audience: stored.token.audience.clone(),
        expires_at: stored.token.expires_at,
        sid: sign_in.and_then(|sign_in| sign_in.sid.clone()),
        auth_time: sign_in.map(|sign_in| sign_in.auth_time),
        acr: sign_in.and_then(|sign_in| sign_in.acr.clone()),
        amr: sign_in.map(|sign_in| sign_in.amr.clone()).unwrap_or_default(),
    };
    AccessTokenInfo::new(facts, stored.token.grant)
}
