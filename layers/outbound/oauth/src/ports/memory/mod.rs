//! A store that lives in memory and dies with the process: for tests, and for trying things out.
//!
//! One lock makes each step atomic. The events of a step are written under that lock, in order; the sink hears of
//! them after it is released.

mod client;
mod grant;
mod interaction;
mod key;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use towergate_core::{
    StoreError,
    audit::{AuditLog, Event, Fact, Origin, Silent, Sink},
};

use crate::rules::fact::OAuthFact;

/// Everything in memory; a clone is another handle on the same store.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    sink: Arc<dyn Sink>,
}

#[derive(Default)]
struct State {
    clients: client::Clients,
    interactions: interaction::Interactions,
    grants: grant::Grants,
    keys: key::Keys,
    log: Log,
    faults: Faults,
}

/// The audit log, in the order in which things happened.
#[derive(Default)]
struct Log(Vec<Event>);

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

impl MemoryStore {
    /// An empty store whose events nobody hears.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sink(Arc::new(Silent))
    }

    /// An empty store that tells `sink` of each event after its step.
    #[must_use]
    pub fn with_sink(sink: Arc<dyn Sink>) -> Self {
        Self { state: Arc::default(), sink }
    }

    /// The audit log from its beginning; readable even while the store is unavailable.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).log.0.clone()
    }

    /// Makes every step fail with [`StoreError::Unavailable`], or stops that: for tests of what a host answers.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.unavailable = unavailable;
    }

    /// Makes the next step fail with `error`, and only that one: for tests of what a host answers.
    pub fn fail_next(&self, error: StoreError) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.next = Some(error);
    }

    /// One atomic step. A step that errs must do so before it changes anything.
    fn step<T>(&self, step: impl FnOnce(&mut State) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (answer, written) = {
            let mut state = self.state.lock().map_err(|_| StoreError::unavailable(Fault::Poisoned))?;
            state.faults.check()?;
            let before = state.log.0.len();
            let answer = step(&mut state)?;
            (answer, state.log.0.get(before..).unwrap_or_default().to_vec())
        };
        for event in &written {
            self.sink.record(event);
        }
        Ok(answer)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl AuditLog for MemoryStore {
    async fn append(&self, event: Event) -> Result<(), StoreError> {
        self.step(|state| {
            state.log.0.push(event);
            Ok(())
        })
    }
}

impl Log {
    fn write(&mut self, fact: &OAuthFact, origin: &Origin) {
        self.0.push(fact.event(origin));
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
fn already_there(kind: &'static str, id: impl fmt::Display) -> StoreError {
    StoreError::Refused(format!("there is already a {kind} {id}"))
}

#[cfg(test)]
mod tests;
