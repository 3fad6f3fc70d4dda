//! Whatever a holder writes into a token, in the whole of Biscuit's language, gives nothing and keeps nobody busy.

#![no_main]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use biscuit_auth::{BlockBuilder, KeyPair, PrivateKey, UnverifiedBiscuit, builder::Algorithm};
use libfuzzer_sys::fuzz_target;
use towergate_api_token::PREFIX;
use towergate_fuzz::programs::Programs;

fuzz_target!(|code: &str| {
    let Ok(block) = BlockBuilder::new().code(code) else { return };
    let programs = Programs::new();
    let token = programs.token.strip_prefix(PREFIX).unwrap();
    let token = UnverifiedBiscuit::from(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    let key = PrivateKey::from_bytes(&[9; 32], Algorithm::Ed25519).unwrap();
    let Ok(written) = token.append_with_keypair(&KeyPair::from(&key), block) else { return };
    let Ok(bytes) = written.to_vec() else { return };
    if let Ok(caller) = programs.check(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))) {
        let words: Vec<_> = caller.permissions().iter().map(|word| word.as_str()).collect();
        assert!(words.is_empty() || words == ["read"], "a token was widened");
    }
});
