//! The one thread that writes: it takes whatever steps wait, does each in its own savepoint of one transaction,
//! commits once, and only then answers.

mod callers;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use towergate_core::{
    StoreError,
    audit::{Event, Sink},
    system::Stopwatch,
};

use self::callers::Callers;
use crate::{audit, failure::Failure, oneshot, opened_files::OpenedFiles};

/// Tells a connection what each must know before it writes; with it, it reads the schema.
pub(crate) fn make_ready(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;",
    )
}

/// A business step while it is being done.
#[derive(Debug)]
pub(crate) struct Step<'c> {
    /// The writing connection, inside the step's savepoint.
    pub(crate) connection: &'c Connection,
    events: Vec<Event>,
}

impl Step<'_> {
    /// Writes down a fact that this step established.
    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn record(
        &mut self,
        fact: &impl towergate_core::audit::Fact,
        origin: &towergate_core::audit::Origin,
    ) -> Result<(), Failure> {
        self.append(fact.event(origin))
    }

    /// Writes an event.
    pub(crate) fn append(&mut self, event: Event) -> Result<(), Failure> {
        audit::insert(self.connection, &event)?;
        self.events.push(event);
        Ok(())
    }
}

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error("{0} steps wait for the writer already")]
    QueueFull(usize),
    #[error("the writer has stopped")]
    Stopped,
    #[error("the transaction was not committed: {0}")]
    NotCommitted(#[source] Arc<rusqlite::Error>),
}

/// The handle of the writing thread. Dropping it lets the thread finish what waits, and joins it.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    bound: usize,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. At most `bound` steps wait, at most `group` share a commit.
    pub(crate) fn start(
        connection: Connection,
        files: OpenedFiles,
        bound: usize,
        group: usize,
        sink: Arc<dyn Sink>,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(bound);
        let thread = thread::Builder::new()
            .name(String::from("towergate-sqlite"))
            .spawn(move || write_until_dropped(&connection, &files, &waiting, group.max(1), &*sink))?;
        Ok(Self { queue: Some(queue), bound, thread: Some(thread) })
    }

    /// Does `step`, durably and alone, and answers once it is committed.
    ///
    /// Nothing happens before the first poll; from then on the step goes its way whether anybody waits or not.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Step<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(StepJob { step: Some(step), done: None, events: Vec::new(), reply }))?;
        answer.await.unwrap_or_else(|| Err(StoreError::unavailable(NotDone::Stopped)))
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(|| StoreError::unavailable(NotDone::Stopped))?;
        queue.try_send(job).map_err(|error| {
            StoreError::unavailable(match error {
                TrySendError::Full(_) => NotDone::QueueFull(self.bound),
                TrySendError::Disconnected(_) => NotDone::Stopped,
            })
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        let Some(thread) = self.thread.take() else { return };
        // A sink may hold the last handle; the thread then ends by itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the writing thread of the SQLite store panicked");
        }
    }
}

/// A step on its way, whatever it answers.
trait Job: Send {
    /// Does the step; `false` when it failed and its savepoint must be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Answers, with the fate of the transaction.
    fn answer(self: Box<Self>, committed: &Result<(), Arc<rusqlite::Error>>, sink: &dyn Sink);
}

struct StepJob<T, F> {
    step: Option<F>,
    done: Option<Result<T, StoreError>>,
    events: Vec<Event>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for StepJob<T, F>
where
    T: Send,
    F: FnOnce(&mut Step<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(step) = self.step.take() else { return false };
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut at_work = Step { connection, events: Vec::new() };
            step(&mut at_work).map(|answer| (answer, at_work.events))
        }));
        self.done = Some(match done {
            Ok(Ok((answer, events))) => {
                self.events = events;
                Ok(answer)
            }
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => {
                tracing::error!("a step of the SQLite store panicked; nothing of it was written");
                Err(StoreError::Refused(String::from("the step panicked")))
            }
        });
        matches!(self.done, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: &Result<(), Arc<rusqlite::Error>>, sink: &dyn Sink) {
        let answer = match (self.done, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(answer)), Ok(())) => {
                tell(sink, &self.events);
                Ok(answer)
            }
            (_, Err(error)) => Err(StoreError::unavailable(NotDone::NotCommitted(Arc::clone(error)))),
            (None, Ok(())) => Err(StoreError::unavailable(NotDone::Stopped)),
        };
        self.reply.send(answer);
    }
}

/// A sink must not fail; one that does must not stop the writer.
fn tell(sink: &dyn Sink, events: &[Event]) {
    let told = catch_unwind(AssertUnwindSafe(|| events.iter().for_each(|event| sink.record(event))));
    if told.is_err() {
        tracing::error!("an audit sink panicked; the events are written, the sink may have missed some");
    }
}

fn write_until_dropped(
    connection: &Connection,
    files: &OpenedFiles,
    waiting: &Receiver<Box<dyn Job>>,
    group: usize,
    sink: &dyn Sink,
) {
    // While nobody waits yet; if it fails, it is tried again by whoever does.
    let mut is_ready = make_ready(connection).is_ok();
    let mut callers = Callers::of(waiting);
    while let Some(first) = callers.first() {
        let mut jobs = vec![first];
        let committed = files.are_in_place().and_then(|()| {
            if !is_ready {
                make_ready(connection)?;
                is_ready = true;
            }
            commit_together(connection, &mut jobs, group, &mut callers)
        });
        let (steps, took) = (jobs.len(), *committed.as_ref().unwrap_or(&Duration::ZERO));
        let committed = committed.map(|_| ()).map_err(Arc::new);
        if let Err(error) = &committed {
            tracing::warn!(%error, steps = jobs.len(), "a group of steps was not committed");
        }
        for job in jobs {
            job.answer(&committed, sink);
        }
        callers.were_answered(steps, took);
    }
}

/// Answers how long the commit took.
fn commit_together(
    connection: &Connection,
    jobs: &mut Vec<Box<dyn Job>>,
    group: usize,
    callers: &mut Callers<'_, Box<dyn Job>>,
) -> rusqlite::Result<Duration> {
    let done = run(connection, "BEGIN IMMEDIATE")
        .and_then(|()| run_each(connection, jobs, group, callers))
        .and_then(|()| {
            let commit = Stopwatch::started();
            run(connection, "COMMIT").map(|()| commit.elapsed())
        });
    if done.is_err() && !connection.is_autocommit() {
        // Nothing better can be done with an error here: the next BEGIN would tell.
        let _ = run(connection, "ROLLBACK");
    }
    done
}

/// The steps that wait, and those that come meanwhile.
fn run_each(
    connection: &Connection,
    jobs: &mut Vec<Box<dyn Job>>,
    group: usize,
    callers: &mut Callers<'_, Box<dyn Job>>,
) -> rusqlite::Result<()> {
    let mut done = 0;
    while let Some(job) = jobs.get_mut(done) {
        run_alone(connection, job.as_mut())?;
        done += 1;
        if done == jobs.len() && done < group {
            jobs.extend(callers.next(done));
        }
    }
    Ok(())
}

/// One step in its own savepoint, so that its failure is its own. Fails when the whole transaction is lost.
fn run_alone(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    run(connection, "SAVEPOINT towergate_step")?;
    if !job.run(connection) {
        // Where SQLite has rolled everything back by itself, this errs, and so tells the group.
        run(connection, "ROLLBACK TO towergate_step")?;
    }
    run(connection, "RELEASE towergate_step")
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

#[cfg(test)]
mod tests;
