//! Authorization requests that a client signed.
//! [RFC 9101](https://www.rfc-editor.org/rfc/rfc9101),
//! [OpenID Connect Core section 6.1](https://openid.net/specs/openid-connect-core-1_0.html#RequestObject)
//!
//! The rules, in order: not beside `request_uri`; signed with a key of the client, by the algorithm that it registered
//! if it registered one; of type `oauth-authz-req+jwt`, `JWT` or none; issued by the client and for this server, if it
//! says so; not about the client itself, as a client assertion is; not expired and good already; no request inside the request; `client_id` and `response_type` the same inside
//! and outside. What it says wins over what stands beside it; of a client that must sign its requests nothing beside it
//! counts.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use towergate_core::Timestamp;
use towergate_jose::{
    Algorithm, Expected, JwkSet, Typ, jws,
    jwt::{Audience, NumericDate},
};
use towergate_oauth_types::{ErrorCode, OAuthError};
use url::form_urlencoded::Serializer;

use super::params::{self, Params};
use crate::rules::{client::Client, issuer::Issuer};

/// How far the client's clock may be ahead of ours.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);

/// The types that a request object may have; older clients give none.
const TYPES: Typ<'_> = Typ::AbsentOr(&["oauth-authz-req+jwt", "JWT"]);

/// Who is asked for the key of a request object, and under which name; `None` when the request has no request object.
///
/// # Errors
/// `invalid_request_object` when it is not signed at all, or no JWS: encrypted, torn, too long.
pub fn key_name(params: &Params) -> Result<Option<KeyName>, OAuthError> {
    params.check()?;
    let Some(text) = params.value("request")? else { return Ok(None) };
    if params.value("request_uri")?.is_some() {
        return Err(params::invalid("request and request_uri exclude each other"));
    }
    let peeked = jws::peek(text).map_err(|_| MALFORMED)?;
    if !peeked.is_signed() {
        return Err(bad("the request object must be signed"));
    }
    Ok(Some(KeyName(peeked.kid().map(str::to_owned))))
}

/// The name of a key, if the request object names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(pub Option<String>);

/// The parameters that a request means: those of its request object, if it has one, over those beside it.
///
/// # Errors
/// `invalid_request_object` when the request object breaks a rule of this module.
pub fn open(
    params: Params,
    client: &Client,
    keys: &JwkSet,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Params, OAuthError> {
    if key_name(&params)?.is_none() {
        return Ok(params);
    }
    let text = params.value("request")?.unwrap_or_default();
    let registered = client.metadata.request_object_signing_alg;
    let algorithms = registered.as_ref().map_or(&Algorithm::ALL[..], std::slice::from_ref);
    let verified = jws::verify(text, keys, &Expected { algorithms, typ: TYPES })
        .map_err(|_| bad("the signature of the request object is not the client's"))?;
    let claims: Claims = verified.claims().map_err(|_| MALFORMED)?;
    claims.check(client, issuer, now)?;
    let said: Map<String, Value> = verified.claims().map_err(|_| MALFORMED)?;
    merge(&params, &said, client)
}

/// What a request object says as a JWT.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
}

impl Claims {
    fn check(&self, client: &Client, issuer: &Issuer, now: Timestamp) -> Result<(), OAuthError> {
        let ahead = now.plus(CLOCK_TOLERANCE);
        if self.iss.as_ref().is_some_and(|iss| iss != client.id.as_str()) {
            return Err(bad("the request object was not issued by the client"));
        }
        // RFC 9101 10.8: whoever sees it on its way through the browser could prove with it that they are the client.
        if self.sub.as_ref().is_some_and(|sub| sub == client.id.as_str()) {
            return Err(bad("a request object must not have the client as its sub"));
        }
        if self.aud.as_ref().is_some_and(|aud| !aud.contains(issuer.as_str())) {
            return Err(bad("the request object is not for this server"));
        }
        if self.exp.is_some_and(|exp| now >= exp.0) {
            return Err(bad("the request object has expired"));
        }
        if self.nbf.is_some_and(|nbf| nbf.0 > ahead) || self.iat.is_some_and(|iat| iat.0 > ahead) {
            return Err(bad("the request object is not good yet"));
        }
        Ok(())
    }
}

fn merge(beside: &Params, said: &Map<String, Value>, client: &Client) -> Result<Params, OAuthError> {
    if said.contains_key("request") || said.contains_key("request_uri") {
        return Err(bad("a request object must not hold another request"));
    }
    for name in ["client_id", "response_type"] {
        let inside = said.get(name).map(|value| value.as_str().unwrap_or_default());
        let outside = beside.value(name)?;
        if inside.is_some() && outside.is_some() && inside != outside {
            return Err(bad(
                "client_id and response_type must be the same inside and outside the request object",
            ));
        }
    }
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for (name, value) in said.iter().filter(|(name, _)| params::is_known(name)) {
        push(&mut pairs, name, value)?;
    }
    for (name, value) in beside.readable() {
        let counts = name == "client_id" || !client.metadata.require_signed_request_object;
        if name != "request" && counts && !said.contains_key(name) {
            pairs.push((name, value.to_owned()));
        }
    }
    let text = Serializer::new(String::new()).extend_pairs(pairs).finish();
    Params::of_request_object(&text, beside).map_err(|_| MALFORMED)
}

/// A member of a request object as the parameters that it stands for.
fn push<'a>(pairs: &mut Vec<(&'a str, String)>, name: &'a str, value: &Value) -> Result<(), OAuthError> {
    match (name, value) {
        (_, Value::String(text)) if name != "claims" => pairs.push((name, text.clone())),
        ("max_age", Value::Number(seconds)) => pairs.push((name, seconds.to_string())),
        ("claims", Value::Object(_)) => pairs.push((name, value.to_string())),
        ("resource", Value::Array(resources)) => {
            for resource in resources {
                pairs.push((name, resource.as_str().ok_or(MEMBER)?.to_owned()));
            }
        }
        _ => return Err(MEMBER),
    }
    Ok(())
}

const MALFORMED: OAuthError = bad("the request object is not a signed JWT");

const MEMBER: OAuthError = bad("a member of the request object is of another type than its parameter");

const fn bad(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, description)
}

#[cfg(test)]
mod tests;
