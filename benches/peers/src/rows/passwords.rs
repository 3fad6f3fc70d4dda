//! Passwords: the house's hasher, which keeps its memory, beside the crate's own allocating call.

mod peak;
mod scaling;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rayon::{ThreadPool, ThreadPoolBuilder, iter::ParallelIterator, slice::ParallelSliceMut};
use tokio::runtime::Runtime;
use towergate::{
    core::{Secret, system::OsRandom},
    identity::rules::password::{HashParams, Password},
    login::PasswordHasher,
};
use towergate_arena::Arena;
use zeroize::Zeroize;

pub use self::peak::child;
use crate::{
    goals,
    measure::{Effort, Rounds, Took, spent_by_all},
    row::{Part, Row},
};

const PASSWORD: &str = "correct horse battery staple";
/// What a new hash costs by default.
pub(crate) const USUAL: Cost = Cost { memory: 19 * 1024, passes: 2, lanes: 1 };
/// What RFC 9106 asks of machines with little memory.
const LOW_MEMORY: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 4 };
/// As many blocks as the usual hash has, and as the one above has, in memory that lies in the caches next to the cores: no hash
/// of this cost does with so little, but it tells how much of the time goes by on the way to the memory.
const USUAL_IN_CACHE: Cost = Cost { memory: 256, passes: 152, lanes: 1 };
const LOW_MEMORY_IN_CACHE: Cost = Cost { memory: 256, passes: 768, lanes: 1 };
/// What cannot be left out: to fill as much memory as the cost says, by the crate, in memory that lies ready in huge pages, and to
/// leave nothing of a password there.
const FILLING: &str = "the crate alone, in memory that lies ready and is wiped";

#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let quick = effort.rounds < 9;
    let few = effort.few();
    wall(few, part);
    cpu(few, part);
    peak::measure(part);
    scaling::measure(if quick { 1 } else { 7 }, Duration::from_millis(if quick { 300 } else { 1000 }), part);
}

fn wall(effort: Effort, part: &mut Part) {
    let took = beside(effort, LOW_MEMORY, LOW_MEMORY_IN_CACHE, Instant::now, |start| start.elapsed());
    // The lanes share it evenly at best.
    let computing = took.computing.times(1.0 / f64::from(LOW_MEMORY.lanes));
    let detail = format!(
        "{} against {}, of the wall clock; all with a thread for each lane; as many blocks in the cores' own caches {}",
        took.ours.millis(),
        took.theirs.millis(),
        computing.millis()
    );
    part.rows.push(
        Row::new(goals::ARGON_WALL, "", took.ours.over(took.theirs), detail)
            .above(FILLING, took.filling.over(took.theirs)),
    );
}

fn cpu(effort: Effort, part: &mut Part) {
    let spent = |start| spent_by_all().saturating_sub(start);
    let took = beside(effort, USUAL, USUAL_IN_CACHE, spent_by_all, spent);
    let detail = format!(
        "{} against {}, of CPU; as many blocks in the core's own caches {}",
        took.ours.millis(),
        took.theirs.millis(),
        took.computing.millis()
    );
    part.rows.push(
        Row::new(goals::ARGON_CPU, "", took.ours.over(took.theirs), detail)
            .above(FILLING, took.filling.over(took.theirs)),
    );
}

/// What one hash took.
struct Beside {
    ours: Took,
    /// The crate's own allocating call.
    theirs: Took,
    /// The crate, in memory that lies ready.
    filling: Took,
    /// The crate, in the cache.
    computing: Took,
}

/// All of them in turns, by whatever clock. Each has threads of its own, which sleep while others have their turn: the system takes
/// a while to spread those that wake over the cores, and would spare whoever shares them.
fn beside<C: Send>(
    effort: Effort,
    cost: Cost,
    in_cache: Cost,
    now: fn() -> C,
    since: fn(C) -> Duration,
) -> Beside {
    let (runtime, hasher, yardstick, threads) = (runtime(), hasher(cost, 1), yardstick(cost), lanes(cost));
    let mut rounds = Rounds::new();
    rounds.turn("ours", |times| {
        let start = now();
        for _ in 0..times {
            runtime.block_on(hasher.hash(password())).expect("a hash");
        }
        since(start)
    });
    rounds.turn("theirs", |times| {
        threads.install(|| {
            let start = now();
            (0..times).for_each(|_| allocating(&yardstick));
            since(start)
        })
    });
    for (name, cost) in [("filling", cost), ("computing", in_cache)] {
        let (threads, mut ready) = (lanes(cost), ready(cost));
        rounds.turn(name, move |times| {
            threads.install(|| {
                let start = now();
                (0..times).for_each(|_| ready());
                since(start)
            })
        });
    }
    let samples = rounds.measure(effort);
    Beside {
        ours: samples.of("ours"),
        theirs: samples.of("theirs"),
        filling: samples.of("filling"),
        computing: samples.of("computing"),
    }
}

/// A thread for each lane.
fn lanes(cost: Cost) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(cost.lanes as usize).build().expect("threads")
}

/// Hashes in memory of its own, again and again.
pub(crate) fn ready(cost: Cost) -> impl FnMut() + Send {
    let yardstick = yardstick(cost);
    let mut memory = Arena::new(yardstick.params().block_count()).expect("memory");
    move || {
        let mut out = [0; 32];
        yardstick
            .hash_password_into_with_memory(
                PASSWORD.as_bytes(),
                b"sixteen salt now",
                &mut out,
                memory.blocks(),
            )
            .expect("a hash");
        wipe(memory.blocks(), yardstick.params().p_cost() as usize);
    }
}

/// Each lane on a thread; a single one where it is, for this may be a thread of low priority.
fn wipe(blocks: &mut [Block], lanes: usize) {
    let wipe_all = |blocks: &mut [Block]| blocks.iter_mut().for_each(Zeroize::zeroize);
    if lanes > 1 {
        blocks.par_chunks_mut(blocks.len().div_ceil(lanes)).for_each(wipe_all);
    } else {
        wipe_all(blocks);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn hasher(cost: Cost, permits: usize) -> PasswordHasher {
    let params = HashParams::new(cost.memory, cost.passes, cost.lanes).expect("parameters");
    PasswordHasher::new(params, Arc::new(OsRandom::new())).expect("a hasher").with_bounds(permits, 64)
}

fn password() -> Password {
    Password::parse(&Secret::from(PASSWORD)).expect("a password")
}

fn yardstick(cost: Cost) -> Argon2<'static> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).expect("parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn allocating(yardstick: &Argon2<'_>) {
    let mut out = [0; 32];
    yardstick.hash_password_into(PASSWORD.as_bytes(), b"sixteen salt now", &mut out).expect("a hash");
}
