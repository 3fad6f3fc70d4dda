//! A look into a token of anybody's making never panics, and never sees what verification would refuse to read.
//!
//! The input is a token; or the text of its header, its payload and its signature, a line each.

#![no_main]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use towergate_core::Secret;
use towergate_jose::{
    Algorithm, Expected, JwkSet, Typ, jws,
    jws::hmac::{self, HmacAlgorithm},
};

fuzz_target!(|text: &str| {
    look_into(text);
    let mut lines = text.splitn(3, '\n');
    let [header, payload, signature] = [(); 3].map(|()| lines.next().unwrap_or_default());
    look_into(&[header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join("."));
});

fn look_into(token: &str) {
    let typ = Typ::AbsentOr(&["JWT", "oauth-authz-req+jwt"]);
    let by_key = jws::verify(token, &JwkSet::default(), &Expected { algorithms: &Algorithm::ALL, typ });
    let secret = Secret::from("a secret that nobody signs with, as long as the longest hash has it");
    let by_secret = hmac::verify(token, &secret, &Expected { algorithms: &HmacAlgorithm::ALL, typ });
    assert!(by_key.is_err() && by_secret.is_err(), "a signature was forged");

    let Ok(unverified) = jws::peek(token) else { return };
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let header = URL_SAFE_NO_PAD.decode(parts[0]).expect("the header is base64url");
    let header: Map<String, Value> = serde_json::from_slice(&header).expect("the header is an object");
    assert!(!header.contains_key("crit") && !header.contains_key("b64"));
    assert_eq!(header.get("alg").and_then(Value::as_str), Some(unverified.alg()));
    assert_eq!(header.get("kid").and_then(Value::as_str), unverified.kid());
    assert_eq!(header.get("typ").and_then(Value::as_str), unverified.typ());
    assert!(!(unverified.is_signed() && parts[2].is_empty()));
    assert!(unverified.unverified_claims::<Map<String, Value>>().is_ok());
}
