use std::{
    future::Future,
    pin::Pin,
    sync::{Barrier, mpsc},
    thread,
};

/// What one thread of a race has to do.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does one thing alone.
pub fn one<S, F>(store: &S, run: &impl Fn(Task), step: impl Fn(S) -> F)
where
    S: Clone,
    F: Future<Output = ()> + Send + 'static,
{
    run(Box::pin(step(store.clone())));
}

/// Does the same in `count` threads at once, and gathers their answers.
///
/// # Panics
/// When a thread comes to nothing.
pub fn many<S, F, T>(
    store: &S,
    count: usize,
    run: &(impl Fn(Task) + Sync),
    step: impl Fn(S, u128) -> F + Sync,
) -> Vec<T>
where
    S: Clone + Send + Sync,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Barrier::new(count);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for n in (0..).take(count) {
            let (tell, store, step, start) = (tell.clone(), store.clone(), &step, &start);
            scope.spawn(move || {
                let answer = step(store, n);
                start.wait();
                run(Box::pin(async move {
                    let _ = tell.send(answer.await);
                }));
            });
        }
    });
    drop(tell);
    let answers: Vec<_> = told.iter().collect();
    assert_eq!(answers.len(), count, "a thread of the race came to nothing");
    answers
}
