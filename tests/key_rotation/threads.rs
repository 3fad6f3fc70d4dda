//! Instances on threads of their own, all off at once.

use std::{path::Path, sync::Barrier, thread};

use towergate::{oauth_server::key_ring::KeyRing, sqlite::SqliteStore};

/// As another process: its own connections to the file, its own ring, its own thread.
pub(crate) fn in_many_threads(path: &Path, work: impl Fn(SqliteStore) -> KeyRing + Sync) -> Vec<KeyRing> {
    const INSTANCES: usize = 4;
    let start = Barrier::new(INSTANCES);
    thread::scope(|scope| {
        let run = |_| {
            scope.spawn(|| {
                let store = SqliteStore::open(path).unwrap();
                start.wait();
                work(store)
            })
        };
        let threads: Vec<_> = (0..INSTANCES).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
