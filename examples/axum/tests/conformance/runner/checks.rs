//! What always holds of an answer.

use std::{collections::BTreeMap, time::Duration};

use http::{StatusCode, header};
use serde_json::Value;
use towergate::{
    core::Clock,
    jose::{Algorithm, Expected, JwkSet, Typ, at_hash, jws},
};

use super::{
    browser::Page,
    module::Module,
    op::{Op, as_json},
    request::Request,
};

/// A verified ID token.
#[derive(Debug, Clone)]
pub(crate) struct IdToken {
    pub(crate) algorithm: Algorithm,
    pub(crate) claims: Value,
}

/// A successful answer of the token endpoint.
pub(crate) fn tokens(answer: &Page) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let tokens = as_json(answer);
    assert!(tokens.get("error").is_none(), "{tokens}");
    assert_eq!(tokens["token_type"].as_str().unwrap().to_ascii_lowercase(), "bearer");
    assert!(tokens["expires_in"].as_u64().unwrap() > 0);
    for name in ["access_token", "refresh_token"] {
        let Some(token) = tokens[name].as_str() else { continue };
        assert!(token.len() >= 22 && token.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}");
    }
    assert!(tokens["access_token"].is_string());
    tokens
}

/// The ID token of an answer to `request`: OpenID Connect Core section 3.1.3.7, and the types of section 5.1.
pub(crate) async fn id_token(module: &Module, tokens: &Value, request: &Request) -> IdToken {
    let text = tokens["id_token"].as_str().unwrap_or_else(|| panic!("no id_token: {tokens}"));
    let token = verified(&module.op, text, &module.client.id).await;
    let claims = &token.claims;
    assert_eq!(claims["nonce"].as_str(), request.get("nonce"));
    let hash = at_hash(token.algorithm, tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["at_hash"], hash.as_str());
    if request.get("acr_values").is_some() {
        assert!(claims["acr"].is_string(), "{claims}");
    }
    standard_claims(claims);
    token
}

/// A signed token of the provider's for `audience`, by a key that its `kid` names among the published ones.
pub(crate) async fn verified(op: &Op, text: &str, audience: &str) -> IdToken {
    let discovery = op.discovery().await;
    let keys = op.json(discovery["jwks_uri"].as_str().unwrap()).await;
    let keys = JwkSet::parse(keys.to_string().as_bytes()).unwrap();
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::AbsentOr(&["JWT", "logout+jwt"]) };
    let token = jws::verify(text, &keys, &expected).unwrap();
    assert!(keys.find(token.header().kid.as_deref().unwrap()).is_some());
    let claims: Value = token.claims().unwrap();
    assert_eq!(claims["iss"], op.issuer.as_str());
    match &claims["aud"] {
        Value::Array(several) => assert!(several.iter().any(|one| one == audience), "{claims}"),
        one => assert_eq!(one, audience),
    }
    let now = op.clock.now();
    let at = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name}: {claims}"));
    assert!(at("exp") > now.unix_seconds() && at("iat") <= now.plus(Duration::from_secs(1)).unix_seconds());
    if let Some(sub) = claims["sub"].as_str() {
        assert!((1..=255).contains(&sub.len()) && sub.is_ascii());
    }
    IdToken { algorithm: token.header().algorithm, claims }
}

/// Userinfo as JSON, by the types of OpenID Connect Core section 5.1.
pub(crate) fn userinfo(claims: &Value) -> Value {
    assert!(claims["sub"].is_string(), "{claims}");
    standard_claims(claims);
    claims.clone()
}

fn standard_claims(claims: &Value) {
    for (name, value) in claims.as_object().unwrap() {
        let right = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" | "exp" | "iat" | "auth_time" => value.is_i64(),
            "address" => value.as_object().is_some_and(|parts| parts.values().all(Value::is_string)),
            "amr" => value.as_array().is_some_and(|values| values.iter().all(Value::is_string)),
            "aud" => value.is_string() || value.is_array(),
            _ => value.as_str().is_some_and(|text| !text.is_empty()),
        };
        assert!(right, "{name}: {value}");
    }
}

/// An error that came by redirect, RFC 6749 section 4.1.2.1 and RFC 9207.
pub(crate) fn error_parameters(params: &BTreeMap<String, String>) {
    let known = ["error", "error_description", "error_uri", "state", "iss"];
    assert!(params.keys().all(|name| known.contains(&name.as_str())), "{params:?}");
    assert!(params.contains_key("error"), "{params:?}");
    let plain = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(params.get("error_description").is_none_or(|text| text.bytes().all(plain)));
}

/// A refusal of the token or registration endpoint, RFC 6749 section 5.2.
pub(crate) fn refusal(answer: &Page, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let json = as_json(answer);
    assert_eq!(json["error"], code, "{json}");
    let plain = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(json["error_description"].as_str().is_none_or(|text| text.bytes().all(plain)), "{json}");
}

/// A page for a person that says what went wrong, for a screenshot.
pub(crate) fn error_page(page: &Page, code: &str) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.text);
    assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(page.says(code) && page.says("This request cannot go on"), "{}", page.text);
}
