//! A key that is accepted reads back as itself, and a set of it too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_jose::{Jwk, JwkSet};

fuzz_target!(|json: &[u8]| {
    if let Ok(key) = Jwk::parse(json) {
        let written = serde_json::to_vec(&key).expect("a key turns into JSON");
        assert_eq!(Jwk::parse(&written).expect("it reads back"), key);
        assert_eq!(key.thumbprint().len(), 43);
    }
    if let Ok(set) = JwkSet::parse(json) {
        let written = serde_json::to_vec(&set).expect("a set turns into JSON");
        assert_eq!(JwkSet::parse(&written).expect("it reads back"), set);
    }
});
