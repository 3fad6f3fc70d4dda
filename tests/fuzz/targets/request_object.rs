//! Nobody's request object is opened but the client's own, and what a signed one says stays within the rules.

#![no_main]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use ring::signature::Ed25519KeyPair;
use serde_json::{Map, Value};
use towergate_fuzz::{NOW, shop};
use towergate_jose::{Jwk, JwkSet};
use towergate_oauth::rules::{
    authorize::{Params, request_object},
    client::Client,
    issuer::Issuer,
};

static SHOP: LazyLock<Client> = LazyLock::new(shop);
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::https("https://id.example").expect("an issuer"));

/// The private key of RFC 8037 A.1, known to all.
static PAIR: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64url");
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed")
});

static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    JwkSet::new(vec![Jwk::parse(key).expect("a key of an RFC")])
});

fuzz_target!(|parts: (&str, &str)| {
    let (beside, payload) = parts;
    let open = |request: &str| {
        let text = url::form_urlencoded::Serializer::new(format!("client_id=shop&{beside}"))
            .append_pair("request", request)
            .finish();
        let params = Params::parse(text.as_bytes()).ok()?;
        request_object::open(params, &SHOP, &KEYS, &ISSUER, NOW).ok()
    };
    assert!(open(payload).is_none_or(|params| !params.are_signed()), "a signature was guessed");

    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#), URL_SAFE_NO_PAD.encode(payload));
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(PAIR.sign(message.as_bytes())));
    let Some(params) = open(&token) else { return };
    if !params.are_signed() {
        return;
    }
    let said: Map<String, Value> = serde_json::from_str(payload).expect("what is opened is an object");
    assert!(!said.contains_key("request") && !said.contains_key("request_uri"));
    assert_eq!(params.value("request"), Ok(None));
    assert_eq!(params.client_id().as_ref(), Ok(&SHOP.id));
    for name in ["state", "nonce", "scope", "redirect_uri"] {
        let Some(inside) = said.get(name) else { continue };
        let inside = inside.as_str().expect("a parameter is a string");
        if let Ok(value) = params.value(name) {
            assert_eq!(value.unwrap_or_default(), inside);
        }
    }
});
