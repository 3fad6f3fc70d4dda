//! The laws that every store of rate limits must keep.
//!
//! A store's own tests name them all at once; each becomes a test of its own, on a fresh store:
//!
//! ```
//! use towergate_rate_limit::MemoryStore;
//!
//! towergate_rate_limit::rate_store_contract!(make: MemoryStore::new);
//! ```
//!
//! A store that needs a runtime around its futures says how they are run: `block_on: my_block_on`.

#![expect(clippy::unwrap_used, reason = "a law that is broken panics, as tests do")]

pub mod race;
pub mod take;

pub use towergate_core::contract::block_on;

/// Makes one test of each law. `make` is called for a fresh store each time; `block_on` runs a future to its end.
#[macro_export]
macro_rules! rate_store_contract {
    (make: $make:expr $(,)?) => {
        $crate::rate_store_contract!(make: $make, block_on: $crate::ports::contract::block_on);
    };
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::rate_store_contract! {
            @laws $make, $block_on;
            a_bucket_gives_so_many_and_then_one_by_one,
            each_bucket_is_counted_by_itself,
            a_full_bucket_leaves_the_others_as_they_are,
            a_refusal_is_told_of_the_bucket_that_is_full,
            a_clock_set_back_recovers,
            a_clock_set_ahead_lets_nobody_wait_after_it,
            a_stricter_policy_counts_at_once,
        }
        $crate::rate_store_contract! {
            @races $make, $block_on;
            parallel_takes_are_no_more_than_the_limit,
            parallel_takes_of_two_buckets_are_whole,
        }
    };
    (@laws $make:expr, $block_on:path; $($law:ident,)*) => {
        $(
            #[test]
            fn $law() {
                let store = ($make)();
                $block_on($crate::ports::contract::take::$law(&store));
            }
        )*
    };
    (@races $make:expr, $block_on:path; $($race:ident,)*) => {
        $(
            #[test]
            fn $race() {
                let store = ($make)();
                $crate::ports::contract::race::$race(&store, |task| $block_on(task));
            }
        )*
    };
}
