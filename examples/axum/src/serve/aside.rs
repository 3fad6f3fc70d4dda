//! A future beside a busy one.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A future that its task looks after only when it asks for it, and not whenever the other one does, which is for every request.
pub(super) struct Aside<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// What the future rings.
struct Bell {
    rung: AtomicBool,
    task: Mutex<Waker>,
}

impl<F: Future> Aside<F> {
    pub(super) fn new(future: F) -> Self {
        let bell = Bell { rung: AtomicBool::new(true), task: Mutex::new(Waker::noop().clone()) };
        let bell = Arc::new(bell);
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&bell)), bell }
    }

    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<F::Output> {
        // First, so that whoever rings from here on wakes this task.
        let mut task = self.bell.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.clone_from(context.waker());
        drop(task);
        if !self.bell.rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.lock().unwrap_or_else(PoisonError::into_inner).wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::poll_fn, time::Duration};

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_looked_after_when_it_asks_and_not_before() {
        let (looked, began) = (Cell::new(0), Instant::now());
        let mut slept = Box::pin(sleep(Duration::from_secs(3)));
        let mut aside = Aside::new(poll_fn(|context| {
            looked.set(looked.get() + 1);
            slept.as_mut().poll(context)
        }));
        for second in 1..=3 {
            let mut busy = Box::pin(sleep(Duration::from_secs(1)));
            poll_fn(|context| match aside.poll(context) {
                Poll::Pending => busy.as_mut().poll(context),
                Poll::Ready(()) => Poll::Ready(()),
            })
            .await;
            assert_eq!((began.elapsed().as_secs(), looked.get()), (second, if second == 3 { 2 } else { 1 }));
        }
    }
}
