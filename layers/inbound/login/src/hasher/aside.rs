//! Threads that leave the cores to others.
//!
//! A hash wants a core for tens of milliseconds, a page for some hundredth of that. Where both want the same one, the system lets the
//! page have it, if it was told which of them can wait. Linux is told so thread by thread, and a thread cannot take it back: what
//! hashes has threads of its own, which end with the hash. They hold no lock that anybody else waits for.

use std::thread;

use rayon::ThreadPoolBuilder;

/// Runs `job` on such threads, one for each of its lanes, but no more than there are cores; in place where there are none to be had.
pub(super) fn run<T: Send>(lanes: u32, job: impl FnOnce() -> T + Send) -> T {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let lanes = cores.min(lanes as usize).max(1);
    match ThreadPoolBuilder::new().num_threads(lanes).start_handler(|_| step_aside()).build() {
        Ok(threads) => threads.install(job),
        Err(_) => job(),
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
        let aside = run(2, || getpriority_process(None).unwrap());
        assert_eq!(aside, (before + 10).min(19));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn each_lane_has_a_thread_while_there_are_cores() {
        let cores = thread::available_parallelism().unwrap().get();
        for lanes in [1, 2, 16] {
            assert_eq!(run(lanes, rayon::current_num_threads), cores.min(lanes as usize));
        }
    }
}
