//! One key ring for all tests: an RSA key takes longer to make than most tests to run.

use std::sync::OnceLock;

use towergate_core::{
    Secret, Timestamp,
    clock::ManualClock,
    seal::{SealingKey, SealingRing},
    system::OsRandom,
};
use towergate_oauth::ports::memory::MemoryStore;

use crate::KeyRing;

pub(crate) fn keys() -> KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    let open = || {
        let sealing = SealingRing::new(SealingKey::new(Secret::new([1; 32])));
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(KeyRing::open(&MemoryStore::new(), &sealing, &clock, &OsRandom::new())).unwrap()
    };
    KEYS.get_or_init(|| std::thread::spawn(open).join().unwrap()).clone()
}
