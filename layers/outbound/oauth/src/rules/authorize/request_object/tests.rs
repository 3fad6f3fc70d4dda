use std::{collections::BTreeMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::{collection, prelude::*, sample};
use serde_json::json;
use towergate_jose::{SigningKey, generate};

use super::*;
use crate::rules::client::{ClientId, ClientMetadata};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

struct Shop {
    key: SigningKey,
    client: Client,
}

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), None).unwrap()
}

fn shop() -> Shop {
    let client = Client::unchecked(ClientId::parse("shop").unwrap(), None, ClientMetadata::default());
    Shop { key: key(Algorithm::ES256), client }
}

impl Shop {
    fn open_text(&self, beside: &str, request: &str) -> Result<Params, OAuthError> {
        let text = Serializer::new(beside.to_owned()).append_pair("request", request).finish();
        let keys = JwkSet::new(vec![self.key.public_jwk().clone()]);
        let issuer = Issuer::https("https://id.example").unwrap();
        open(Params::parse(text.as_bytes()).unwrap(), &self.client, &keys, &issuer, NOW)
    }

    fn open(&self, beside: &str, said: &Value) -> Result<Params, OAuthError> {
        self.open_text(beside, &self.key.sign_jwt("oauth-authz-req+jwt", said).unwrap())
    }

    fn refused(&self, beside: &str, said: &Value) -> ErrorCode {
        self.open(beside, said).unwrap_err().code
    }
}

const BESIDE: &str = "client_id=shop&response_type=code&state=outside&nonce=outside";

#[test]
fn rfc9101_6_3_what_is_inside_wins_and_what_is_beside_fills_up() {
    let said = json!({
        "iss": "shop", "aud": ["https://id.example", "https://other.example"], "exp": 1_700_000_001,
        "state": "inside", "max_age": 60, "claims": {"userinfo": {"name": null}},
        "resource": ["https://a.example", "https://b.example"], "unknown": {"x": 1},
    });
    let params = shop().open(BESIDE, &said).unwrap();
    assert!(params.are_signed());
    for (name, value) in [
        ("client_id", Some("shop")),
        ("state", Some("inside")),
        ("nonce", Some("outside")),
        ("max_age", Some("60")),
        ("claims", Some(r#"{"userinfo":{"name":null}}"#)),
        ("request", None),
    ] {
        assert_eq!(params.value(name), Ok(value), "{name}");
    }
    assert_eq!(params.list("resource"), Ok(vec!["https://a.example", "https://b.example"]));
}

#[test]
fn rfc9101_5_nothing_beside_counts_for_a_client_that_must_sign() {
    let mut shop = shop();
    shop.client.metadata.require_signed_request_object = true;
    let params = shop.open(BESIDE, &json!({ "response_type": "code" })).unwrap();
    assert_eq!(params.value("client_id"), Ok(Some("shop")));
    assert_eq!(params.value("response_type"), Ok(Some("code")));
    assert_eq!((params.value("state"), params.value("nonce")), (Ok(None), Ok(None)));
}

#[test]
fn without_a_request_object_nothing_changes() {
    let params = Params::parse(BESIDE.as_bytes()).unwrap();
    assert_eq!(key_name(&params), Ok(None));
    let issuer = Issuer::https("https://id.example").unwrap();
    let same = open(params, &shop().client, &JwkSet::default(), &issuer, NOW).unwrap();
    assert!(!same.are_signed());
    assert_eq!(same.state(), Some("outside"));
}

#[test]
fn rfc9101_6_2_only_the_clients_own_signature_counts() {
    let shop = shop();
    let claims = json!({ "state": "inside" });
    let none = |alg: &str| {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.", part(&format!(r#"{{"alg":"{alg}"}}"#)), part(r#"{"state":"inside"}"#))
    };
    for bad in [
        key(Algorithm::ES256).sign_jwt("JWT", &claims).unwrap(),
        shop.key.sign_jwt("at+jwt", &claims).unwrap(),
        shop.key.sign_jwt("client-authentication+jwt", &claims).unwrap(),
        none("none"),
        none("NONE"),
        none("ES256"),
        String::from("a.b.c.d.e"),
        String::from("e30"),
    ] {
        let refused = shop.open_text(BESIDE, &bad).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequestObject, "{bad}");
    }
    for typ in ["JWT", "application/oauth-authz-req+jwt"] {
        assert!(shop.open_text(BESIDE, &shop.key.sign_jwt(typ, &claims).unwrap()).is_ok(), "{typ}");
    }
}

#[test]
fn a_registered_algorithm_is_the_only_one() {
    let mut shop = shop();
    let claims = json!({ "state": "inside" });
    shop.client.metadata.request_object_signing_alg = Some(Algorithm::ES256);
    assert!(shop.open(BESIDE, &claims).is_ok());
    shop.client.metadata.request_object_signing_alg = Some(Algorithm::RS256);
    assert_eq!(shop.refused(BESIDE, &claims), ErrorCode::InvalidRequestObject);
}

#[test]
fn rfc9101_6_3_what_a_request_object_must_not_say() {
    let shop = shop();
    for bad in [
        json!({ "iss": "other" }),
        json!({ "iss": 7 }),
        json!({ "iss": "shop", "sub": "shop", "jti": "1" }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": [] }),
        json!({ "exp": 1_700_000_000 }),
        json!({ "exp": "soon" }),
        json!({ "nbf": 1_700_000_011 }),
        json!({ "iat": 1_700_000_011 }),
        json!({ "client_id": "other" }),
        json!({ "client_id": null }),
        json!({ "response_type": "token" }),
        json!({ "request": "e30.e30." }),
        json!({ "request_uri": "https://shop.example/request" }),
        json!({ "request": null }),
        json!({ "state": 7 }),
        json!({ "nonce": null }),
        json!({ "max_age": [1] }),
        json!({ "claims": "{}" }),
        json!({ "resource": [1] }),
        json!({ "scope": ["openid"] }),
    ] {
        assert_eq!(shop.refused(BESIDE, &bad), ErrorCode::InvalidRequestObject, "{bad}");
    }
    for good in [
        json!({}),
        json!({ "exp": 1_700_000_001, "nbf": 1_700_000_010, "iat": 1_700_000_008 }),
        json!({ "client_id": "shop", "response_type": "code" }),
        json!({ "aud": "https://id.example", "iss": "shop" }),
    ] {
        assert!(shop.open(BESIDE, &good).is_ok(), "{good}");
    }
}

#[test]
fn oidc_core_6_2_1_a_request_is_by_value_or_by_reference() {
    let shop = shop();
    let refused = shop.refused(&format!("{BESIDE}&request_uri=urn:x"), &json!({}));
    assert_eq!(refused, ErrorCode::InvalidRequest);
    assert_eq!(shop.refused(&format!("{BESIDE}&state=again"), &json!({})), ErrorCode::InvalidRequest);
}

#[test]
fn what_is_too_long_beside_a_request_object_is_refused_and_never_left_out() {
    let long = "c".repeat(2049);
    for name in ["code_challenge", "login_hint", "resource"] {
        let refused = shop().refused(&format!("{BESIDE}&{name}={long}"), &json!({}));
        assert_eq!(refused, ErrorCode::InvalidRequest, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_the_request_object_is_nothing_panics(request in "[A-Za-z0-9_.-]{0,80}") {
        let _ = shop().open_text(BESIDE, &request);
    }
}

/// Parameters by name, as a client may put them inside a request object or beside it.
fn said() -> impl Strategy<Value = BTreeMap<&'static str, String>> {
    let names = ["state", "nonce", "login_hint", "ui_locales", "acr_values", "scope", "prompt", "display"];
    collection::btree_map(sample::select(names.to_vec()), "[a-z ]{1,5}", 0..8)
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For every parameter and every way to spread them: what is inside counts, else what is beside, unless the client must
    /// sign all that it asks.
    #[test]
    fn what_is_inside_always_wins(inside in said(), beside in said(), must_sign: bool) {
        static SHOP: LazyLock<Shop> = LazyLock::new(shop);
        let mut client = SHOP.client.clone();
        client.metadata.require_signed_request_object = must_sign;
        let request = SHOP.key.sign_jwt("JWT", &inside).unwrap();
        let mut text = Serializer::new(String::from("client_id=shop"));
        let text = text.extend_pairs(&beside).append_pair("request", &request).finish();
        let keys = JwkSet::new(vec![SHOP.key.public_jwk().clone()]);
        let issuer = Issuer::https("https://id.example").unwrap();
        let params = open(Params::parse(text.as_bytes()).unwrap(), &client, &keys, &issuer, NOW).unwrap();
        for name in ["state", "nonce", "login_hint", "ui_locales", "acr_values", "scope", "prompt"] {
            let beside = beside.get(name).filter(|_| !must_sign);
            let expected = inside.get(name).or(beside).map(String::as_str);
            prop_assert_eq!(params.value(name), Ok(expected), "{}", name);
        }
    }
}

#[test]
fn an_unsigned_request_object_is_refused_before_any_key_is_fetched() {
    let params = Params::parse(b"request=eyJhbGciOiJub25lIn0.e30.").unwrap();
    assert_eq!(key_name(&params).unwrap_err().code, ErrorCode::InvalidRequestObject);
}
