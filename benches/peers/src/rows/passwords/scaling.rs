//! Hashes on many threads.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use towergate::login::PasswordHasher;

use super::{Cost, USUAL, USUAL_IN_CACHE, hasher, password, ready, runtime};
use crate::{
    goals,
    measure::Took,
    row::{Part, Row},
};

/// How many more hashes there are of `N` threads than of one.
pub(super) fn measure(rounds: usize, long: Duration, part: &mut Part) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (runtime, hasher) = (runtime(), hasher(USUAL, cores));
    let hashing = |threads: usize| runtime.block_on(rate(&hasher, threads, long));
    hashing(cores);
    let (mut ones, mut all) = (Vec::new(), Vec::new());
    let (mut ready_ones, mut ready_all) = (Vec::new(), Vec::new());
    let (mut cached_ones, mut cached_all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(hashing(1));
        all.push(hashing(cores));
        ready_ones.push(ready_rate(USUAL, 1, long));
        ready_all.push(ready_rate(USUAL, cores, long));
        cached_ones.push(ready_rate(USUAL_IN_CACHE, 1, long));
        cached_all.push(ready_rate(USUAL_IN_CACHE, cores, long));
    }
    let share = |ones: &[f64], all: &[f64]| {
        let each = |one: f64, all: f64| all / one / cores as f64;
        let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
        let (one, many) = (Took::of(ones.to_vec()).median, Took::of(all.to_vec()).median);
        Took { min: each(best(ones), best(all)), median: each(one, many) }
    };
    let (one, many) = (Took::of(ones.clone()).median, Took::of(all.clone()).median);
    let cached = share(&cached_ones, &cached_all);
    let detail = format!(
        "{one:.0} hashes a second on one thread, {many:.0} on {cores}; the least is of the best of both; as many blocks in the \
         cores' own caches {:.2}",
        cached.median
    );
    let row = Row::new(goals::ARGON_SCALING, "", share(&ones, &all), detail);
    part.rows.push(row.above(
        "as many threads of the crate alone, each in memory of its own that lies ready; what they share is the way to the memory",
        share(&ready_ones, &ready_all),
    ));
}

/// Hashes a second of so many that ask one after the other.
async fn rate(hasher: &PasswordHasher, threads: usize, long: Duration) -> f64 {
    let start = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..threads {
        let hasher = hasher.clone();
        workers.spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < long {
                hasher.hash(password()).await.expect("a hash");
                done += 1;
            }
            done
        });
    }
    let done: u32 = workers.join_all().await.into_iter().sum();
    f64::from(done) / start.elapsed().as_secs_f64()
}

/// The same of threads that have nothing to do with each other.
fn ready_rate(cost: Cost, threads: usize, long: Duration) -> f64 {
    let (start, done) = (Instant::now(), AtomicU32::new(0));
    rayon::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| {
                let mut one = ready(cost);
                while start.elapsed() < long {
                    one();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    f64::from(done.into_inner()) / start.elapsed().as_secs_f64()
}
