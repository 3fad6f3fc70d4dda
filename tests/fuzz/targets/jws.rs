//! A token of anybody's making is refused without a panic; the payload of a good signature is read strictly.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use towergate_jose::{Algorithm, Expected, Jwk, JwkSet, Typ, jws};

/// Ed25519 and P-256 public keys of RFC 8037 A.2 and RFC 7515 A.3: nobody signs with them here.
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| {
    let keys = [
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    ];
    keys.iter().map(|key| Jwk::parse(key.as_bytes()).expect("a key of an RFC")).collect()
});

fuzz_target!(|text: &str| {
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::Exactly("at+jwt") };
    assert!(jws::verify(text, &KEYS, &expected).is_err(), "a signature was forged");
});
