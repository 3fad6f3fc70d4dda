//! A thread for each, all off at once.

use std::{
    future::Future,
    sync::{Arc, Barrier},
    thread,
};

use tokio::runtime::Handle;

/// Runs `count` futures, each on a thread of its own, released together; answers in the order of their numbers.
pub(crate) async fn together<T, F>(count: usize, future: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (start, handle) = (Arc::new(Barrier::new(count)), Handle::current());
    let run = |number| {
        let (start, handle, future) = (start.clone(), handle.clone(), future(number));
        thread::spawn(move || {
            start.wait();
            handle.block_on(future)
        })
    };
    let threads: Vec<_> = (0..count).map(run).collect();
    let join = || threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    tokio::task::block_in_place(join)
}
