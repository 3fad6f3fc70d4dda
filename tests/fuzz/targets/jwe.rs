//! An encrypted token of anybody's making is refused without a panic, whatever its header claims.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use towergate_jose::{
    Algorithm, KeyManagement, generate,
    jwe::{self, ContentEncryption, DecryptionKey},
};

/// A key that no seed was encrypted to.
static KEY: LazyLock<DecryptionKey> = LazyLock::new(|| {
    let pkcs8 = generate(Algorithm::ES256).expect("a key");
    DecryptionKey::from_pkcs8(pkcs8.expose()).expect("a key on P-256")
});

fuzz_target!(|text: &str| {
    let opened = jwe::decrypt(text, &KEY, &KeyManagement::ALL, &ContentEncryption::ALL);
    assert!(opened.is_err(), "a tag was forged");
});
