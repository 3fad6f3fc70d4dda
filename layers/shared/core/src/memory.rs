//! What every memory store is made of: one lock, an audit log, and the failures that a test asks for.
//!
//! A wing brings its tables and the steps on them; [`Memory`] makes each step atomic. The events of a step are written
//! under the lock, in order; the sink hears of them after it is released.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    StoreError,
    audit::{AuditLog, Event, Fact, Origin, Sink, chain::Seal},
};

/// A store that lives in memory and dies with the process; a clone is another handle on the same store.
pub struct Memory<T> {
    state: Arc<Mutex<State<T>>>,
    /// Nobody may want to hear: then nothing is copied to be told.
    sink: Option<Arc<dyn Sink>>,
}

/// What a wing keeps in memory, with its audit log.
pub trait Tables: Default + Send + 'static {
    /// The audit log beside the tables.
    fn log(&mut self) -> &mut Log;
}

/// The audit log, in the order in which things happened.
#[derive(Debug, Default)]
pub struct Log {
    /// Whoever is told of one after its step shares it with the log.
    events: Vec<Arc<Event>>,
    /// How many went before them.
    forgotten: usize,
    seals: Vec<Seal>,
}

#[derive(Default)]
struct State<T> {
    tables: T,
    faults: Faults,
}

/// The failures that a test has asked for.
#[derive(Default)]
struct Faults {
    unavailable: bool,
    next: Option<StoreError>,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the memory store was told to be unavailable")]
    Told,
    #[error("a step panicked while it held the memory store")]
    Poisoned,
}

impl<T: Tables> Memory<T> {
    /// An empty store whose events nobody hears.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Arc::default(), sink: None }
    }

    /// An empty store that tells `sink` of each event after its step.
    #[must_use]
    pub fn with_sink(sink: Arc<dyn Sink>) -> Self {
        Self { state: Arc::default(), sink: Some(sink) }
    }

    /// The audit log from its beginning; readable even while the store is unavailable.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tables.log().events.iter().map(|event| Event::clone(event)).collect()
    }

    /// Makes every step fail with [`StoreError::Unavailable`], or stops that: for tests of what a host answers.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.unavailable = unavailable;
    }

    /// Makes the next step fail with `error`, and only that one: for tests of what a host answers.
    pub fn fail_next(&self, error: StoreError) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.next = Some(error);
    }

    /// Does one atomic step, which errs before it changes anything or not at all.
    ///
    /// # Errors
    /// What the step errs with, or a failure that a test has asked for.
    pub fn step<R>(&self, step: impl FnOnce(&mut T) -> Result<R, StoreError>) -> Result<R, StoreError> {
        let (answer, sink, written) = {
            let mut state = self.state.lock().map_err(|_| StoreError::unavailable(Fault::Poisoned))?;
            state.faults.check()?;
            let before = state.tables.log().written();
            let answer = step(&mut state.tables)?;
            let Some(sink) = &self.sink else { return Ok(answer) };
            (answer, sink, state.tables.log().since(before).to_vec())
        };
        for event in &written {
            sink.record(event);
        }
        Ok(answer)
    }
}

impl<T: Tables> AuditLog for Memory<T> {
    async fn append(&self, event: Event) -> Result<(), StoreError> {
        self.step(|tables| {
            tables.log().events.push(Arc::new(event));
            Ok(())
        })
    }
}

impl<T> Clone for Memory<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), sink: self.sink.clone() }
    }
}

impl<T: Tables> Default for Memory<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Memory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Log {
    /// How many were ever written.
    const fn written(&self) -> usize {
        self.forgotten + self.events.len()
    }

    /// What is left of those after the first so many.
    fn since(&self, written: usize) -> &[Arc<Event>] {
        self.events.get(written.saturating_sub(self.forgotten)..).unwrap_or_default()
    }

    /// Writes down what a step established.
    pub fn write(&mut self, fact: &impl Fact, origin: &Origin) {
        self.events.push(Arc::new(fact.event(origin)));
    }
}

impl Faults {
    fn check(&mut self) -> Result<(), StoreError> {
        if let Some(error) = self.next.take() {
            return Err(error);
        }
        if self.unavailable { Err(StoreError::unavailable(Fault::Told)) } else { Ok(()) }
    }
}

/// The refusal of a second row under one key.
#[must_use]
pub fn already_there(kind: &'static str, id: impl fmt::Display) -> StoreError {
    StoreError::Refused(format!("there is already a {kind} {id}"))
}

mod seal;
#[cfg(test)]
mod tests;
