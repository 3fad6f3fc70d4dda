//! The real clock and the real randomness. No other file of the house may touch them; a lint says so.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

use crate::{Clock, Random, RandomUnavailable, Timestamp};

/// The wall clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_unix_millis(millis)
    }
}

/// Time going by, for figures alone: no decision is taken by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// One that runs.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that measures")]
    pub fn started() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The operating system's random number generator.
#[derive(Debug, Clone)]
pub struct OsRandom(SystemRandom);

impl OsRandom {
    /// The generator.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws from the system")]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }

    /// The generator as ring wants it: ring signs with no other.
    #[must_use]
    pub const fn as_ring(&self) -> &SystemRandom {
        &self.0
    }
}

impl Default for OsRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for OsRandom {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0.fill(dest).map_err(|_| RandomUnavailable)
    }
}
