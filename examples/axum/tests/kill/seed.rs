//! Where the kills fall: anew each time, and again on request.

use towergate::core::{
    random::{self, InsecureSeededRandom},
    system::OsRandom,
};

/// The same kills again: set the variable to what was printed.
pub(crate) fn seeded() -> InsecureSeededRandom {
    let seed = match std::env::var("TOWERGATE_KILL_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => u64::from_be_bytes(random::bytes(&OsRandom::new()).unwrap()),
    };
    println!("TOWERGATE_KILL_SEED={seed}");
    InsecureSeededRandom::new(seed)
}
