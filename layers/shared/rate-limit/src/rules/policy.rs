//! How often, and whether once more: a bucket that leaks evenly.
//!
//! 1. A bucket has room for `most`, and leaks empty within `within`, evenly. Who takes pours one in; where it would run
//!    over, nothing is poured, and whoever asks is told when there is room for one.
//! 2. All that is kept of a bucket is when it will be empty. So one atomic step suffices, and an empty bucket need not be
//!    kept at all.
//! 3. Where several buckets are asked at once, all have room or nothing is poured into any.
//! 4. Nothing empties a bucket but time: a success is no reason.
//! 5. A clock that was set ahead and back, or a policy that became stricter, leaves no bucket fuller than full.

use std::time::Duration;

use towergate_core::Timestamp;

/// How often: at most so many at once, and then evenly over a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RatePolicy {
    most: u32,
    within: Duration,
}

/// The longest time that a policy may span: so long a full bucket is kept.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

const MOST: u32 = 1_000_000;

impl RatePolicy {
    /// At most `most`, 1 to 1 000 000, within a second to a day.
    #[must_use]
    pub fn new(most: u32, within: Duration) -> Self {
        Self { most: most.clamp(1, MOST), within: within.clamp(Duration::from_secs(1), LONGEST) }
    }

    /// How many at once.
    #[must_use]
    pub const fn most(&self) -> u32 {
        self.most
    }

    /// How long until a full bucket is empty.
    #[must_use]
    pub const fn within(&self) -> Duration {
        self.within
    }

    /// The policy for `times` as many.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self::new(self.most.saturating_mul(times), self.within)
    }

    /// How long one takes to leak away, to the millisecond, rounded up.
    #[must_use]
    pub fn step(&self) -> Duration {
        let millis = self.within.as_millis().div_ceil(u128::from(self.most)).max(1);
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// How long until a full bucket is empty, in whole steps.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.step().saturating_mul(self.most)
    }
}

/// Whether whoever asks may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// They may, and it is counted.
    Granted,
    /// They may not yet; nothing was counted.
    Wait {
        /// From when on there is room for one.
        until: Timestamp,
        /// Which of the buckets is full, by its place among those asked; of several the one that takes longest.
        bucket: usize,
    },
}

/// Asks buckets, each with its policy and when it would be empty (`None` where nothing is kept), for one each at `now`. Answers when each
/// will be empty from now on.
#[must_use]
pub fn take(buckets: &[(RatePolicy, Option<Timestamp>)], now: Timestamp) -> (Taking, Vec<Timestamp>) {
    let mut taking = Taking::Granted;
    let mut kept = Vec::with_capacity(buckets.len());
    for (place, (policy, empty_at)) in buckets.iter().enumerate() {
        let empty_at = empty_at.unwrap_or(now).clamp(now, now.plus(policy.span()));
        kept.push(empty_at);
        let poured = empty_at.plus(policy.step());
        if poured > now.plus(policy.span()) {
            let full_until = poured.minus(policy.span());
            let waits_longer = match taking {
                Taking::Granted => true,
                Taking::Wait { until, .. } => full_until > until,
            };
            if waits_longer {
                taking = Taking::Wait { until: full_until, bucket: place };
            }
        }
    }
    if taking == Taking::Granted {
        for (empty_at, (policy, _)) in kept.iter_mut().zip(buckets) {
            *empty_at = empty_at.plus(policy.step());
        }
    }
    (taking, kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn one(policy: RatePolicy, empty_at: &mut Option<Timestamp>, now: Timestamp) -> Taking {
        let (taking, kept) = take(&[(policy, *empty_at)], now);
        *empty_at = kept.first().copied();
        taking
    }

    fn granted(policy: RatePolicy, empty_at: &mut Option<Timestamp>, now: Timestamp) -> u32 {
        let tries = policy.most() + 5;
        (0..tries).map(|_| u32::from(one(policy, empty_at, now) == Taking::Granted)).sum()
    }

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let policy = RatePolicy::new(6, 60 * SECOND);
        let mut bucket = None;
        assert_eq!(granted(policy, &mut bucket, NOW), 6);
        let wait = Taking::Wait { until: NOW.plus(10 * SECOND), bucket: 0 };
        assert_eq!(one(policy, &mut bucket, NOW), wait);
        assert_eq!(one(policy, &mut bucket, NOW.plus(Duration::from_millis(9999))), wait);
        assert_eq!(granted(policy, &mut bucket, NOW.plus(10 * SECOND)), 1);
        assert_eq!(granted(policy, &mut bucket, NOW.plus(35 * SECOND)), 2);
        assert_eq!(granted(policy, &mut bucket, NOW.plus(200 * SECOND)), 6);
    }

    #[test]
    fn waiting_counts_nothing() {
        let policy = RatePolicy::new(1, SECOND);
        let mut bucket = None;
        one(policy, &mut bucket, NOW);
        let before = bucket;
        for _ in 0..100 {
            assert!(matches!(one(policy, &mut bucket, NOW), Taking::Wait { .. }));
        }
        assert_eq!(bucket, before);
    }

    #[test]
    fn a_full_bucket_among_several_leaves_the_others_as_they_are() {
        let (tight, loose) = (RatePolicy::new(1, 60 * SECOND), RatePolicy::new(10, 60 * SECOND));
        let (_, kept) = take(&[(loose, None), (tight, None)], NOW);
        let again: Vec<_> = [loose, tight].into_iter().zip(kept.iter().copied().map(Some)).collect();
        let (taking, after) = take(&again, NOW);
        assert_eq!(taking, Taking::Wait { until: NOW.plus(60 * SECOND), bucket: 1 });
        assert_eq!(after, kept);
    }

    #[test]
    fn of_several_full_buckets_the_longest_wait_is_told() {
        let (short, long) = (RatePolicy::new(1, SECOND), RatePolicy::new(1, 60 * SECOND));
        for (policies, place) in [([short, long], 1), ([long, short], 0)] {
            let (_, kept) = take(&policies.map(|policy| (policy, None)), NOW);
            let again: Vec<_> = policies.into_iter().zip(kept.into_iter().map(Some)).collect();
            let until = NOW.plus(60 * SECOND);
            assert_eq!(take(&again, NOW).0, Taking::Wait { until, bucket: place });
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_a_step() {
        let policy = RatePolicy::new(6, 60 * SECOND);
        let mut bucket = None;
        granted(policy, &mut bucket, NOW.plus(1000 * LONGEST));
        assert!(
            matches!(one(policy, &mut bucket, NOW), Taking::Wait { until, .. } if until == NOW.plus(10 * SECOND))
        );
        assert_eq!(granted(policy, &mut bucket, NOW.plus(10 * SECOND)), 1);
        assert_eq!(granted(policy, &mut bucket, NOW.plus(70 * SECOND)), 6);
    }

    #[test]
    fn a_stricter_policy_counts_at_once() {
        let mut bucket = None;
        granted(RatePolicy::new(100, LONGEST), &mut bucket, NOW);
        let strict = RatePolicy::new(2, 10 * SECOND);
        assert_eq!(granted(strict, &mut bucket, NOW), 0);
        assert_eq!(granted(strict, &mut bucket, NOW.plus(5 * SECOND)), 1);
    }

    #[test]
    fn a_policy_is_never_endless() {
        let policy = RatePolicy::new(0, Duration::ZERO);
        assert_eq!((policy.most(), policy.within()), (1, SECOND));
        let policy = RatePolicy::new(u32::MAX, Duration::MAX);
        assert_eq!((policy.most(), policy.within()), (MOST, LONGEST));
        let mut bucket = None;
        let dense = RatePolicy::new(5000, SECOND);
        assert_eq!(granted(dense, &mut bucket, NOW), 5000);
    }

    proptest! {
        #[test]
        fn no_more_than_twice_as_many_are_granted_within_any_time(
            most in 1_u32..20,
            within in 1_u64..100,
            gaps in proptest::collection::vec(0_u64..5000, 1..200),
        ) {
            let policy = RatePolicy::new(most, Duration::from_secs(within));
            let (mut now, mut bucket, mut times) = (NOW, None, Vec::new());
            for gap in gaps {
                now = now.plus(Duration::from_millis(gap));
                if one(policy, &mut bucket, now) == Taking::Granted {
                    times.push(now);
                }
            }
            for from in &times {
                let inside = times.iter().filter(|at| *at >= from && at.since(*from) < policy.within());
                prop_assert!(inside.count() < 2 * usize::try_from(most).unwrap_or(0));
            }
        }
    }
}
