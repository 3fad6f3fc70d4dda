//! A form that is read gives each value back as it was encoded, and never one that was there twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_core::form::{self, Form};

fuzz_target!(|text: &[u8]| {
    let Ok(mut form) = Form::parse(text, &["a", "b"]) else { return };
    let pairs = || text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    for name in ["a", "b"] {
        let named = |pair: &&[u8]| {
            let read = form::decode(pair.split(|byte| *byte == b'=').next().unwrap_or_default());
            read.is_some_and(|read| read.expose() == name)
        };
        let times = pairs().filter(named).count();
        match form.take(name) {
            Ok(value) => assert_eq!(times, usize::from(value.is_some())),
            Err(_) => assert!(times > 0),
        }
    }
});
