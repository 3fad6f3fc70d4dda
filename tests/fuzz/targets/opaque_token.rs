//! A token has one spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_core::token::{OpaqueToken, Prefix};

const PREFIX: Prefix = Prefix::new("tgat");

fuzz_target!(|text: &str| {
    for text in [text, &format!("tgat_{text}")] {
        if let Some(token) = OpaqueToken::parse(PREFIX, text) {
            assert_eq!(token.reveal().expose(), text);
        }
    }
});
