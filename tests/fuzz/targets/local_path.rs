//! A path that is accepted stays on this host.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_core::LocalPath;

fuzz_target!(|text: &str| {
    if let Some(path) = LocalPath::parse(text) {
        let path = path.as_str();
        assert_eq!(path, text);
        assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
        assert!(path.bytes().all(|byte| byte.is_ascii_graphic()));
    }
});
