//! Those who wait for the writer, and those who are about to: whoever has just been answered may ask again at once, and would
//! wait for a whole commit if the others began theirs a moment before.

use std::{
    sync::mpsc::{Receiver, TryRecvError},
    time::Duration,
};

use towergate_core::system::Stopwatch;

/// The longest that a group waits for more, however slow the disk is.
const MOST: Duration = Duration::from_millis(5);

/// The queue, and what is known of the last group: a group that is smaller waits a little, one that follows a lone caller does not.
pub(super) struct Callers<'q, J> {
    queue: &'q Receiver<J>,
    answered: usize,
    commit: Duration,
    since: Stopwatch,
    patience: Duration,
}

impl<'q, J> Callers<'q, J> {
    pub(super) fn of(queue: &'q Receiver<J>) -> Self {
        let (commit, patience) = (Duration::ZERO, Duration::ZERO);
        Self { queue, answered: 0, commit, since: Stopwatch::started(), patience }
    }

    /// The first of a group; `None` when nobody can come any more.
    pub(super) fn first(&mut self) -> Option<J> {
        let first = self.queue.recv().ok()?;
        self.patience = patience(self.commit, self.since.elapsed());
        Some(first)
    }

    /// One more for a group of so many, if there is one or should be one soon.
    pub(super) fn next(&mut self, so_many: usize) -> Option<J> {
        match self.queue.try_recv() {
            Err(TryRecvError::Empty) if so_many < self.answered && !self.patience.is_zero() => {
                let waits = Stopwatch::started();
                let next = self.queue.recv_timeout(self.patience).ok();
                self.patience = self.patience.saturating_sub(waits.elapsed());
                next
            }
            next => next.ok(),
        }
    }

    /// A group of so many was answered, whose commit took so long.
    pub(super) fn were_answered(&mut self, so_many: usize, commit: Duration) {
        (self.answered, self.commit, self.since) = (so_many, commit, Stopwatch::started());
    }
}

/// How long a group waits in all that began so long after the last was answered: half of what they would wait who come too late,
/// and only while those who were answered may still be on their way.
fn patience(commit: Duration, since: Duration) -> Duration {
    if since > commit { Duration::ZERO } else { MOST.min(commit / 2) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_group_waits_half_a_commit_at_most_and_only_soon_after_an_answer() {
        let millis = Duration::from_millis;
        assert_eq!(patience(millis(4), millis(4)), millis(2));
        assert_eq!(patience(millis(4), millis(5)), Duration::ZERO);
        assert_eq!(patience(LONG, millis(1)), MOST);
        assert_eq!(patience(Duration::ZERO, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn after_a_lone_caller_nobody_waits() {
        let (send, queue) = mpsc::channel();
        let mut callers = Callers::of(&queue);
        callers.were_answered(1, LONG);
        send.send(1).unwrap();
        assert_eq!(callers.first(), Some(1));
        callers.patience = LONG;
        assert_eq!(callers.next(1), None);
        assert_eq!(callers.patience, LONG, "nothing of it was used");
    }

    #[test]
    fn a_group_waits_until_as_many_are_there_as_were_answered() {
        let (send, queue) = mpsc::channel();
        let mut callers = Callers::of(&queue);
        callers.were_answered(3, LONG);
        send.send(1).unwrap();
        assert_eq!(callers.first(), Some(1));
        callers.patience = LONG;
        std::thread::scope(|scope| {
            scope.spawn(|| send.send(2).unwrap());
            assert_eq!(callers.next(1), Some(2));
        });
        callers.patience = Duration::from_nanos(1);
        assert_eq!(callers.next(2), None, "the third stays away");
        assert_eq!(callers.patience, Duration::ZERO, "and is not waited for again");
        assert_eq!(callers.next(2), None);
    }
}
