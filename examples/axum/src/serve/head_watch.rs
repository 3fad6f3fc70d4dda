//! How long the head of a request may take, watched by one timer for each connection instead of one for each request.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Sleep, Timer};
use tokio::time::{Instant, sleep_until};

/// What hyper asks for the time of the head that it waits for. Its task must be woken by [`keep_looking`](Self::keep_looking): hyper's
/// own waits only look whether they are over.
#[derive(Debug, Clone)]
pub(super) struct HeadWatch {
    began: Instant,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// When the head that is waited for must be there, in milliseconds since the beginning.
    due: AtomicU64,
    /// When it was looked last, in the same.
    looked: AtomicU64,
}

impl HeadWatch {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), shared: Arc::default() }
    }

    /// Looks whenever a head may be overdue, for ever; whoever polls this polls the connection after it. In between it looks every
    /// `rest`.
    pub(super) async fn keep_looking(self, rest: Duration) {
        loop {
            let now = self.millis(Instant::now());
            self.shared.looked.store(now, Ordering::Relaxed);
            let due = self.shared.due.load(Ordering::Relaxed);
            let next = if due > now {
                due
            } else {
                now.saturating_add(u64::try_from(rest.as_millis()).unwrap_or(u64::MAX))
            };
            sleep_until(self.began + Duration::from_millis(next)).await;
        }
    }

    /// Rounded up: nobody is told early that time is over.
    fn millis(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.began).as_micros().div_ceil(1000);
        u64::try_from(since).unwrap_or(u64::MAX)
    }
}

impl Timer for HeadWatch {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let due = self.millis(deadline.into());
        self.shared.due.store(due, Ordering::Relaxed);
        Box::pin(Wait { due, shared: Arc::clone(&self.shared) })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }
}

/// A wait for one head.
struct Wait {
    due: u64,
    shared: Arc<Shared>,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.shared.looked.load(Ordering::Relaxed) >= self.due { Poll::Ready(()) } else { Poll::Pending }
    }
}
