//! Under a good signature, only a strict header and one unambiguous JSON object pass.

#![no_main]

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use ring::signature::Ed25519KeyPair;
use serde_json::{Map, Value};
use towergate_jose::{Algorithm, Expected, Jwk, JwkSet, Typ, jws};

/// The private key of RFC 8037 A.1, known to all.
static PAIR: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64url");
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed")
});

static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    JwkSet::new(vec![Jwk::parse(key).expect("a key of an RFC")])
});

fuzz_target!(|parts: (&str, &[u8])| {
    let (more, payload) = parts;
    let plain = r#"{"alg":"EdDSA","typ":"at+jwt""#;
    for header in [more.to_owned(), format!("{plain},{more}}}"), format!("{plain}}}")] {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(payload));
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(PAIR.sign(message.as_bytes())));
        let expected = Expected { algorithms: &[Algorithm::EdDSA], typ: Typ::Exactly("at+jwt") };
        let Ok(verified) = jws::verify(&token, &KEYS, &expected) else { continue };
        let header: Map<String, Value> = serde_json::from_str(&header).expect("the header is an object");
        assert!(!header.contains_key("crit") && !header.contains_key("b64"));
        assert_eq!(header.get("alg"), Some(&Value::from("EdDSA")));
        assert_eq!(verified.payload(), payload);
        assert!(verified.claims::<Map<String, Value>>().is_ok());
    }
});
