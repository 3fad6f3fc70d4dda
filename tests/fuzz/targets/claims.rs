//! A claims parameter that is accepted is small, names at most one person, and reads back where it is kept.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use towergate_oauth::rules::claims_request::{ClaimsRequest, MAX_CLAIMS, MAX_VALUES};

fuzz_target!(|text: &str| {
    let Ok(asked) = ClaimsRequest::parse(text) else { return };
    for place in [&asked.userinfo, &asked.id_token] {
        assert!(place.len() <= MAX_CLAIMS);
        assert!(place.values().all(|claim| claim.values.len() <= MAX_VALUES));
    }
    assert!(asked.sub().is_ok());
    let _ = asked.essential_acr();
    let kept = serde_json::to_string(&json!({ "request": { "claims": asked } })).expect("JSON");
    let back: Value = serde_json::from_str(&kept).expect("what was written is JSON, and not too deep");
    let back: ClaimsRequest = serde_json::from_value(back["request"]["claims"].clone()).expect("claims");
    assert_eq!(back.names(), asked.names());
});
