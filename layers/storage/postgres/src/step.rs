//! A business step: one transaction, done again when it loses a race, told once it is kept.

use std::{
    collections::hash_map::RandomState,
    future::Future,
    hash::BuildHasher,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use towergate_core::{
    StoreError,
    audit::{Event, Sink},
};
use tracing::Instrument;

use crate::{audit, beside::Ends, connection::Lease, failure::Failure, store::Shared};

/// How often a step is done again at most before it is told to come later.
const AGAIN: u32 = 12;

/// How long the first pause is at most; it doubles with each.
const PAUSE: Duration = Duration::from_millis(4);

/// What a step or a read becomes.
pub(crate) type Answer<'s, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 's>>;

/// A business step while it is being done.
#[derive(Debug)]
pub(crate) struct Step {
    /// The connection, inside the step's transaction.
    pub(crate) connection: Lease,
    events: Vec<Event>,
    /// The sessions that it ends: each must be named here, for what stands beside the store.
    pub(crate) ends: Ends,
}

impl Step {
    /// Writes down a fact that this step established.
    pub(crate) async fn record(
        &mut self,
        fact: &(impl towergate_core::audit::Fact + Sync),
        origin: &towergate_core::audit::Origin,
    ) -> Result<(), Failure> {
        self.append(fact.event(origin)).await
    }

    /// Writes an event, together with all others at the end of the step.
    pub(crate) async fn append(&mut self, event: Event) -> Result<(), Failure> {
        self.events.push(event);
        Ok(())
    }

    /// Keeps what was done, and what is to be known of it. When the answer to this is lost, nobody knows what became of
    /// the step: it is not done again.
    async fn keep(&mut self, shared: &Shared) -> Result<(), Failure> {
        audit::insert(&mut self.connection, &self.events).await?;
        self.ends.closing(&shared.beside).await?;
        self.connection.commit().await
    }
}

/// How a transaction is kept from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Serializable, beside whoever else.
    Free,
    /// Serializable, one such step at a time: what lost twice beside others must come to its end. Whoever waits for
    /// the gate has seen nothing of the database yet, and so sees what those before it did.
    Gated,
    /// Each statement sees what was committed before it; the step's own locks are what it relies on.
    ByLocks,
}

impl Lane {
    const fn begin(self) -> &'static str {
        match self {
            Self::Free | Self::Gated => "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
            Self::ByLocks => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }

    const fn gate(self) -> &'static str {
        match self {
            Self::Gated => "; LOCK TABLE towergate_gate IN EXCLUSIVE MODE",
            Self::Free | Self::ByLocks => "",
        }
    }

    const fn after_losing(self, times: u32) -> Self {
        match self {
            Self::Free if times > 1 => Self::Gated,
            same => same,
        }
    }
}

/// Does `step` in a task of its own, so that nobody who stops waiting stops it halfway.
pub(crate) async fn run<I, T, S>(shared: Arc<Shared>, lane: Lane, input: I, step: S) -> Result<T, StoreError>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    S: for<'s> Fn(&'s mut Step, &'s I) -> Answer<'s, T> + Send + Sync + 'static,
{
    let doing = async move { until_done(&shared, lane, &input, &step).await };
    let done = tokio::spawn(doing.in_current_span()).await;
    done.unwrap_or_else(|error| {
        if error.is_panic() {
            tracing::error!("a step of the PostgreSQL store panicked; nothing of it was written");
            return Err(StoreError::Refused(String::from("the step panicked")));
        }
        Err(StoreError::unavailable(error))
    })
}

async fn until_done<I, T, S>(shared: &Shared, lane: Lane, input: &I, step: &S) -> Result<T, StoreError>
where
    I: Sync,
    T: Send,
    S: for<'s> Fn(&'s mut Step, &'s I) -> Answer<'s, T> + Sync,
{
    let mut lane = lane;
    for times in 1..=AGAIN {
        match shared.bounded(once(shared, lane, input, step)).await {
            Err(failure) if failure.lost_a_race() => {
                tracing::debug!(times, "a step lost a race and is done again");
                lane = lane.after_losing(times);
                pause(times).await;
            }
            done => return Ok(done?),
        }
    }
    Ok(shared.bounded(once(shared, lane, input, step)).await?)
}

/// One try: what fails leaves nothing behind.
async fn once<I, T, S>(shared: &Shared, lane: Lane, input: &I, step: &S) -> Result<T, Failure>
where
    I: Sync,
    T: Send,
    S: for<'s> Fn(&'s mut Step, &'s I) -> Answer<'s, T> + Sync,
{
    let mut at_work =
        Step { connection: open(shared, lane).await?, events: Vec::new(), ends: Ends::default() };
    let kept = match step(&mut at_work, input).await {
        Ok(answer) => at_work.keep(shared).await.map(|()| answer),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = &kept
        && !failure.lost_the_connection()
    {
        at_work.connection.roll_back().await;
    }
    let answer = kept?;
    let closed = at_work.ends.closed(&shared.beside).await;
    tell(&*shared.sink, &at_work.events);
    closed.map(|()| answer)
}

/// A connection inside a transaction. One that turns out to be gone is let go, and another is tried.
async fn open(shared: &Shared, lane: Lane) -> Result<Lease, Failure> {
    let begin = [lane.begin(), &shared.settings, lane.gate()].concat();
    let mut lease = Lease::of(&shared.pool).await?;
    match lease.begin(&begin).await {
        Err(failure) if failure.lost_the_connection() => {
            drop(lease);
            let mut lease = Lease::of(&shared.pool).await?;
            lease.begin(&begin).await.map(|()| lease)
        }
        begun => begun.map(|()| lease),
    }
}

/// Waits for a while that nobody else waits for.
async fn pause(times: u32) {
    let most = PAUSE.saturating_mul(1 << times.min(6)).as_micros();
    let some = u128::from(RandomState::new().hash_one(times)) % most.max(1);
    tokio::time::sleep(Duration::from_micros(u64::try_from(some).unwrap_or(0))).await;
}

/// A sink must not fail; one that does must not undo what is kept.
fn tell(sink: &dyn Sink, events: &[Event]) {
    let told = catch_unwind(AssertUnwindSafe(|| events.iter().for_each(|event| sink.record(event))));
    if told.is_err() {
        tracing::error!("an audit sink panicked; the events are written, the sink may have missed some");
    }
}

#[cfg(test)]
mod tests;
