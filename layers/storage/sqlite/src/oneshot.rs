//! One answer from the writer's thread to one waiting future, whatever runtime drives it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// The end that answers.
#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Mutex<Slot<T>>>);

/// The end that waits; `None` when the other end was dropped without an answer.
#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Mutex<Slot<T>>>);

#[derive(Debug)]
struct Slot<T> {
    answer: Option<T>,
    waiting: Option<Waker>,
    over: bool,
}

/// Two ends of one answer.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Mutex::new(Slot { answer: None, waiting: None, over: false }));
    (Sender(Arc::clone(&slot)), Receiver(slot))
}

impl<T> Sender<T> {
    /// Gives the answer. Nobody may be there to hear it any more, which is no error.
    pub(crate) fn send(self, answer: T) {
        lock(&self.0).answer = Some(answer);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waiting = {
            let mut slot = lock(&self.0);
            slot.over = true;
            slot.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = lock(&self.0);
        if slot.over {
            return Poll::Ready(slot.answer.take());
        }
        match &mut slot.waiting {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

/// No code panics while it holds the lock, so a poisoned slot is as good as any.
fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicU32, sync::atomic::Ordering, task::Wake};

    use super::*;

    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_answer_wakes_the_one_who_waits() {
        let count = Arc::new(Count(AtomicU32::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let (sender, mut receiver) = channel();
        assert_eq!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)), Poll::Pending);
        std::thread::spawn(move || sender.send(7)).join().unwrap();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_dropped_sender_is_an_answer_too() {
        let (sender, mut receiver) = channel::<u32>();
        drop(sender);
        assert_eq!(Pin::new(&mut receiver).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    }
}
