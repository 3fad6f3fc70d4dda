//! Bytes that are no token of ours are no token, and what is narrowed of them is none either.

#![no_main]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use towergate_api_token::{Attenuation, PREFIX, attenuate, dialect};
use towergate_core::random::InsecureSeededRandom;
use towergate_fuzz::programs::Programs;

fuzz_target!(|bytes: &[u8]| {
    let _ = dialect::admit(bytes);
    let programs = Programs::new();
    let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    assert!(programs.check(&text).is_err(), "a token was forged");
    let narrow = Attenuation::new().only_methods([http::Method::GET]);
    if let Ok(narrowed) = attenuate(&text, &narrow, &InsecureSeededRandom::new(1)) {
        assert!(programs.check(narrowed.expose()).is_err(), "a token was forged by narrowing");
    }
});
