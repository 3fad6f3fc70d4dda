//! One key ring for all tests: an RSA key takes longer to make than most tests to run.

use std::sync::OnceLock;

use towergate_core::{
    Secret, Timestamp,
    clock::ManualClock,
    seal::{SealingKey, SealingRing},
    system::OsRandom,
};
use towergate_jose::Algorithm;
use towergate_oauth::{ports::memory::MemoryStore, rules::key::RotationPolicy};

use crate::KeyRing;

pub(crate) fn keys() -> KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    KEYS.get_or_init(|| made(RotationPolicy::default())).clone()
}

/// A ring with a key of every algorithm.
pub(crate) fn keys_of_all_kinds() -> KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    let mut policy = RotationPolicy::default();
    policy.algorithms = Algorithm::ALL.to_vec();
    KEYS.get_or_init(|| made(policy)).clone()
}

fn made(policy: RotationPolicy) -> KeyRing {
    let open = || {
        let sealing = SealingRing::new(SealingKey::new(Secret::new([1; 32])));
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (store, random) = (MemoryStore::new(), OsRandom::new());
        runtime.block_on(KeyRing::with_policy(&store, &sealing, policy, &clock, &random)).unwrap()
    };
    std::thread::spawn(open).join().unwrap()
}
