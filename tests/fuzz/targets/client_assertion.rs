//! No assertion proves a client whose key nobody has, and what is read is bounded and names one client.

#![no_main]

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use towergate_core::Secret;
use towergate_fuzz::NOW;
use towergate_jose::{JwkSet, jws::MAX_LENGTH};
use towergate_oauth::rules::client::{Assertion, AssertionKey, Recipient};

const KEYS: &str = r#"{"keys":[
    {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
]}"#;

fuzz_target!(|bytes: &[u8]| {
    // A header, claims and a signature, each on a line of its own; or the text of an assertion.
    let parts: Vec<_> =
        bytes.splitn(3, |byte| *byte == b'\n').map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    let whole = parts.join(".");
    for text in [std::str::from_utf8(bytes).unwrap_or_default(), &whole] {
        let Ok(assertion) = Assertion::read(text) else { continue };
        assert!(text.len() <= MAX_LENGTH && !assertion.client().as_str().is_empty());
        let keys = JwkSet::parse(KEYS.as_bytes()).expect("a set of keys");
        let recipient = Recipient { names: &["https://id.example"], now: NOW };
        for key in [
            AssertionKey::Missing("no_key"),
            AssertionKey::Shared(Secret::new(b"a secret that is longer than any input would guess".to_vec())),
            AssertionKey::Public(Arc::new(keys)),
        ] {
            assert!(assertion.verify(&key, &recipient).is_err(), "a signature was guessed");
        }
    }
});
