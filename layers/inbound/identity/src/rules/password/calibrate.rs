//! Finding out how costly a hash may be on this machine.

use std::time::Duration;

use towergate_core::{Clock, Random, Secret};

use super::{
    HashParams, HashingFailed, Password, WeakParams,
    hash::{MAX_ITERATIONS, MAX_MEMORY_KIB, hash},
};

impl HashParams {
    /// The costliest parameters of which one hash takes no longer than `target` here, within `memory_kib` of memory: first as much
    /// memory as fits, then more passes. Never below [the default](Self::default), which is what OWASP asks for at least,
    /// however slow the machine. It hashes a few times: call it once, as `cargo run --release -p towergate-identity --example calibrate` does, and write the
    /// result into the configuration, so that every instance hashes alike.
    ///
    /// # Errors
    /// When there is no randomness or no memory.
    pub fn calibrate(
        target: Duration,
        memory_kib: u32,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Self, HashingFailed> {
        calibrate_by(target, memory_kib, |params| {
            let begun = clock.now();
            hash(&Password(Secret::from("as long as people type")), params, random)?;
            Ok(clock.now().since(begun))
        })
    }
}

fn calibrate_by(
    target: Duration,
    memory_kib: u32,
    mut takes: impl FnMut(HashParams) -> Result<Duration, HashingFailed>,
) -> Result<HashParams, HashingFailed> {
    let mut best = HashParams::default();
    let mut try_one = |params: Result<HashParams, WeakParams>| -> Result<Option<HashParams>, HashingFailed> {
        let Ok(params) = params else { return Ok(None) };
        Ok((takes(params)? <= target).then_some(params))
    };
    let most = memory_kib.min(MAX_MEMORY_KIB);
    let (mut memory, mut passes) = (best.memory_kib(), best.iterations());
    while let Some(more) = memory.checked_mul(2).filter(|more| *more <= most) {
        let Some(params) = try_one(HashParams::new(more, passes, 1))? else { break };
        (memory, best) = (more, params);
    }
    while passes < MAX_ITERATIONS {
        let Some(params) = try_one(HashParams::new(memory, passes.saturating_add(1), 1))? else { break };
        (passes, best) = (passes.saturating_add(1), params);
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which a pass over a MiB takes so many milliseconds.
    fn machine(per_mib: u64) -> impl FnMut(HashParams) -> Result<Duration, HashingFailed> {
        move |params| {
            let work = u64::from(params.memory_kib()) * u64::from(params.iterations());
            Ok(Duration::from_millis(work * per_mib / 1024))
        }
    }

    fn found(target: u64, memory_mib: u32, per_mib: u64) -> (u32, u32) {
        let params =
            calibrate_by(Duration::from_millis(target), memory_mib * 1024, machine(per_mib)).unwrap();
        (params.memory_kib(), params.iterations())
    }

    #[test]
    fn memory_comes_before_passes_and_both_within_the_time() {
        assert_eq!(found(200, 256, 1), (77_824, 2));
        assert_eq!(found(400, 64, 1), (38_912, 10));
        assert_eq!(found(250, 256, 1), (77_824, 3));
    }

    #[test]
    fn however_slow_the_machine_or_small_the_memory_nothing_is_below_the_least() {
        assert_eq!(found(1, 256, 1000), (19_456, 2));
        assert_eq!(found(0, 0, 1), (19_456, 2));
        assert_eq!(
            found(10_000_000, 100_000, 1),
            (155_648, MAX_ITERATIONS),
            "nor above what is ever verified"
        );
    }
}
