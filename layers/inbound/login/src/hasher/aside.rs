//! Threads that leave the cores to others.
//!
//! A hash wants a core for tens of milliseconds, a page for some hundredth of that. Where both want the same one, the system lets the
//! page have it, if it was told which of them can wait. Linux is told so thread by thread, and a thread cannot take it back: what
//! hashes has threads of its own. They hold no lock that anybody else waits for.
//!
//! They are kept from one hash to the next, for to a scheduler that is fair a new thread has had nothing yet: it may finish its slice
//! before whoever wakes beside it.

use std::{fmt, thread};

use rayon::{ThreadPool, ThreadPoolBuilder};
use towergate_identity::rules::password::HashMemory;

/// Where one hash is made at a time: the memory that it fills, and threads for its lanes.
pub(super) struct Workplace {
    memory: HashMemory,
    /// None where the system had none to give.
    threads: Option<ThreadPool>,
}

impl Workplace {
    /// One with a thread for each of so many lanes, but no more than there are cores.
    pub(super) fn new(lanes: u32) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let lanes = cores.min(lanes as usize).max(1);
        let threads = ThreadPoolBuilder::new().num_threads(lanes).start_handler(|_| step_aside()).build();
        Self { memory: HashMemory::new(), threads: threads.ok() }
    }

    /// Does `job` on its threads, while this one waits; in place where there are none.
    pub(super) fn run<T: Send>(&mut self, job: impl FnOnce(&mut HashMemory) -> T + Send) -> T {
        let memory = &mut self.memory;
        match &self.threads {
            Some(threads) => threads.install(|| job(memory)),
            None => job(memory),
        }
    }
}

impl fmt::Debug for Workplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workplace").field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// Asks to come behind: with a tenth of the share of others where all cores are wanted, with all of a core where nobody wants it.
#[cfg(target_os = "linux")]
fn step_aside() {
    // It hashes as well where this is forbidden.
    let _ = rustix::process::nice(10);
}

/// Other systems have no such thing for one thread.
#[cfg(not(target_os = "linux"))]
const fn step_aside() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn what_runs_aside_comes_behind_and_whoever_waits_for_it_does_not() {
        let before = getpriority_process(None).unwrap();
        let mut aside = Workplace::new(2);
        for _ in 0..3 {
            let there = aside.run(|_| getpriority_process(None).unwrap());
            assert_eq!(there, (before + 10).min(19));
        }
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn each_lane_has_a_thread_while_there_are_cores() {
        let cores = thread::available_parallelism().unwrap().get();
        for lanes in [0, 1, 2, 16] {
            let threads = Workplace::new(lanes).run(|_| rayon::current_num_threads());
            assert_eq!(threads, cores.min(lanes as usize).max(1));
        }
    }

    #[test]
    fn a_thread_hashes_again_and_again() {
        let mut aside = Workplace::new(1);
        let first = aside.run(|_| thread::current().id());
        assert_eq!(aside.run(|_| thread::current().id()), first);
    }
}
