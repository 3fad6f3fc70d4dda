//! Nothing opens that was not sealed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_core::{
    Secret,
    seal::{SealingKey, SealingRing},
};

fuzz_target!(|bytes: &[u8]| {
    let ring = SealingRing::new(SealingKey::new(Secret::new([1; 32])))
        .with_older(SealingKey::new(Secret::new([2; 32])));
    assert!(ring.open(b"fuzz", bytes).is_err(), "a seal was forged");
});
