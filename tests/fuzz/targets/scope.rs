//! A scope that is accepted reads back as itself, covers itself, and never breaks a quoted string.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_oauth_types::Scope;

fuzz_target!(|text: &str| {
    if let Ok(scope) = Scope::parse(text) {
        let written = scope.to_string();
        assert!(!written.contains(['"', '\\']));
        assert_eq!(Scope::parse(&written).as_ref(), Ok(&scope));
        assert!(scope.covers(&scope));
    }
});
