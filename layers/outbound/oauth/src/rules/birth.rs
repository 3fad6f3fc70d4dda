//! Whether a store that may forget everything is trusted to have forgotten nothing.
//!
//! 1. Such a store has a birth: a name that it loses with all the rest. The one that was met first is trusted.
//! 2. Another birth is doubted, for as long as anything that was forgotten could be of use; from then on it is trusted, and
//!    the one before is not.
//! 3. Doubt begins when somebody meets the birth, and a birth that comes in between begins it anew.
//! 4. Nobody's clock, however far ahead, makes the doubt longer than that.

use std::time::Duration;

use towergate_core::{Digest, Timestamp};

/// What is known of the births of a store.
#[derive(Debug, Clone)]
pub struct KnownBirths {
    /// The birth that is trusted.
    pub trusted: Digest,
    /// The one that is doubted, and until when.
    pub doubted: Option<(Digest, Timestamp)>,
}

/// What to think of a birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Trust {
    /// Nothing was forgotten that matters.
    Trusted,
    /// Something may be forgotten that matters until then.
    Doubted {
        /// From when on the birth is trusted.
        until: Timestamp,
    },
}

/// Meets `birth` at `now`, where `known` was known before; what is forgotten matters for `doubt`. Answers what to think of it and what is known from now on.
pub fn meet(
    known: Option<KnownBirths>,
    birth: &Digest,
    now: Timestamp,
    doubt: Duration,
) -> (Trust, KnownBirths) {
    let Some(known) = known else {
        return (Trust::Trusted, KnownBirths { trusted: birth.clone(), doubted: None });
    };
    if known.trusted.matches(birth) {
        return (Trust::Trusted, known);
    }
    let longest = now.plus(doubt);
    let until = match &known.doubted {
        Some((doubted, until)) if doubted.matches(birth) => longest.min(*until),
        _ => longest,
    };
    if until <= now {
        return (Trust::Trusted, KnownBirths { trusted: birth.clone(), doubted: None });
    }
    (Trust::Doubted { until }, KnownBirths { doubted: Some((birth.clone(), until)), ..known })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn doubt_of(known: &mut Option<KnownBirths>, birth: u8, at: Timestamp) -> Option<Timestamp> {
        let (trust, knows) = meet(known.take(), &Digest::of(&[birth]), at, HOUR);
        *known = Some(knows);
        match trust {
            Trust::Trusted => None,
            Trust::Doubted { until } => Some(until),
        }
    }

    #[test]
    fn the_first_birth_is_trusted_and_another_is_not() {
        let mut known = None;
        assert_eq!(doubt_of(&mut known, 1, NOW), None);
        assert_eq!(doubt_of(&mut known, 2, NOW), Some(NOW.plus(HOUR)));
        assert_eq!(doubt_of(&mut known, 1, NOW.plus(2 * HOUR)), None);
    }

    #[test]
    fn a_birth_is_trusted_when_the_doubt_is_over_and_the_one_before_no_more() {
        let mut known = None;
        let _ = (doubt_of(&mut known, 1, NOW), doubt_of(&mut known, 2, NOW));
        let last = NOW.plus(HOUR).minus(Duration::from_millis(1));
        assert_eq!(doubt_of(&mut known, 2, last), Some(NOW.plus(HOUR)));
        assert_eq!(doubt_of(&mut known, 2, NOW.plus(HOUR)), None);
        assert_eq!(doubt_of(&mut known, 1, NOW.plus(HOUR)), Some(NOW.plus(2 * HOUR)));
    }

    #[test]
    fn each_birth_is_doubted_for_itself() {
        let mut known = None;
        let half = NOW.plus(HOUR / 2);
        let _ = (doubt_of(&mut known, 1, NOW), doubt_of(&mut known, 2, NOW));
        assert_eq!(doubt_of(&mut known, 3, half), Some(half.plus(HOUR)));
        assert_eq!(doubt_of(&mut known, 3, NOW.plus(HOUR)), Some(half.plus(HOUR)));
    }

    #[test]
    fn a_clock_far_ahead_does_not_prolong_the_doubt() {
        let mut known = None;
        let _ = (doubt_of(&mut known, 1, NOW), doubt_of(&mut known, 2, NOW.plus(1000 * HOUR)));
        assert_eq!(doubt_of(&mut known, 2, NOW), Some(NOW.plus(HOUR)));
        assert_eq!(doubt_of(&mut known, 2, NOW.plus(HOUR)), None);
    }
}
