//! A token request is read whole or refused whole, and nothing of it may stand in the query.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_core::form::Form;
use towergate_oauth::rules::token::{
    TokenRequest,
    request::{KNOWN, LISTS, check_query},
};

fuzz_target!(|text: &[u8]| {
    for grant in ["", "authorization_code", "refresh_token", "client_credentials"] {
        let text = [b"grant_type=", grant.as_bytes(), b"&", text].concat();
        let form = Form::parse_with_lists(&text, KNOWN, LISTS).expect("it is small");
        if let Ok(request) = TokenRequest::read(&form) {
            assert!(form.bad().is_none());
            assert_eq!(form.get("grant_type"), Ok(Some(request.grant_type().as_str())));
            assert!(check_query(&text, KNOWN).is_err());
        }
    }
    let names = url::form_urlencoded::parse(text).any(|(name, _)| KNOWN.contains(&&*name));
    assert!(!names || check_query(text, KNOWN).is_err());
});
