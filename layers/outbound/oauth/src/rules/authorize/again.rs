//! A request that was answered, put once more.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::rules::{claims_request::ClaimsRequest, interaction::AuthorizationRequest};

/// The parameters of a request that means the same: read again, it is the same.
///
/// A request that only its client can put, because it must sign what it asks, is not put again by anybody else.
#[must_use]
pub fn query(request: &AuthorizationRequest) -> String {
    let single = [
        ("response_type", Some(String::from("code"))),
        ("client_id", Some(request.client_id.to_string())),
        ("redirect_uri", request.redirect_uri_was_sent.then(|| request.redirect_uri.clone())),
        ("response_mode", Some(request.response_mode.as_str().to_owned())),
        ("scope", Some(request.scope.to_string())),
        ("state", request.state.clone()),
        ("nonce", request.nonce.clone()),
        ("code_challenge", request.code_challenge.clone()),
        ("code_challenge_method", request.code_challenge.as_ref().map(|_| String::from("S256"))),
        ("prompt", joined(request.prompt.iter().map(|prompt| prompt.as_str()))),
        ("max_age", request.max_age.map(|seconds| seconds.to_string())),
        ("login_hint", request.login_hint.clone()),
        ("acr_values", joined(request.acr_values.iter().map(String::as_str))),
        ("claims", claims(request)),
        ("ui_locales", joined(request.ui_locales.iter().map(String::as_str))),
    ];
    let single = single.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let resources = request.resource.iter().map(|resource| ("resource", resource.clone()));
    Serializer::new(String::new()).extend_pairs(single.chain(resources)).finish()
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The person whom a hint named is named among the claims.
fn claims(request: &AuthorizationRequest) -> Option<String> {
    let mut claims: ClaimsRequest = request.claims.clone();
    if let Some(sub) = &request.required_sub {
        claims.id_token.entry(String::from("sub")).or_default().values = vec![Value::from(sub.as_str())];
    }
    if claims.is_empty() { None } else { serde_json::to_string(&claims).ok() }
}
