//! Random sequences of a store's steps beside a model of it: plain maps that say what each step must answer.
//!
//! A wing brings its operations and its model. Each sequence runs on an empty store and on a fresh model; every answer is compared,
//! then everything that can be read, and then the audit log, step by step. A sequence that shows a difference is shrunk to a
//! shortest one, and printed as the list that it is in Rust.
//!
//! | variable | meaning |
//! |---|---|
//! | `TOWERGATE_MODEL_CASES` | how many sequences each test runs, in the place of the few that fit into any run of the tests |
//! | `TOWERGATE_MODEL_SEED` | a number by which other sequences are drawn; without it they are the same each time |

use std::{cell::RefCell, collections::BTreeMap, fmt};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use super::{AuditTrail, told};
use crate::{
    StoreError, Timestamp,
    audit::{Event, Fact, Origin, RequestId},
    id::Uuid,
};

/// Walks through random sequences, as many as `cases` unless the environment says more, each in what `room` makes.
///
/// # Panics
/// With a shortest sequence, when the store and its model differ.
pub fn hold<O: fmt::Debug, S>(
    cases: u32,
    sequences: impl Strategy<Value = Vec<O>>,
    room: impl FnMut() -> S,
    walk: impl Fn(&S, &[O]) -> Result<(), Difference>,
) {
    let (cases, seed) = (asked("TOWERGATE_MODEL_CASES", cases), asked("TOWERGATE_MODEL_SEED", 0_u64));
    let room = RefCell::new(room);
    let config = Config { cases, failure_persistence: None, max_shrink_time: 120_000, ..Config::default() };
    let mut drawn = [7; 32];
    drawn.iter_mut().zip(seed.to_le_bytes()).for_each(|(to, from)| *to = from);
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &drawn));
    let outcome = runner.run(&sequences, |sequence| {
        let store = (*room.borrow_mut())();
        walk(&store, &sequence).map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    #[expect(clippy::panic, reason = "a store that differs from its model panics, as tests do")]
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, sequence)) => panic!("{why}\nafter these steps:\n{sequence:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

fn asked<N: std::str::FromStr>(variable: &str, otherwise: N) -> N {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Where a store and its model part.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// In the answer to a step.
    #[error("step {step}, {operation}:\n  the store answers {store}\n  the model answers {model}")]
    Answer {
        /// Which step, from one; what is read at the end counts on.
        step: u32,
        /// What was asked.
        operation: String,
        /// What the store answers.
        store: String,
        /// What the model answers.
        model: String,
    },
    /// In what a step wrote into the audit log.
    #[error("step {step} wrote other facts:\n  the store's {store:#?}\n  the model's {model:#?}")]
    Facts {
        /// Which step, from one.
        step: u32,
        /// What the store wrote.
        store: Vec<String>,
        /// What the model wrote.
        model: Vec<String>,
    },
}

/// What a store and its model answer to one step.
#[derive(Debug, PartialEq, Eq)]
pub struct Answers {
    store: String,
    model: String,
}

/// That a step breaks a rule of the store: [`StoreError::Refused`].
#[derive(Debug, Clone, Copy)]
pub struct Breach;

impl Answers {
    /// What a store answers to a step that no model refuses.
    pub fn of<T: fmt::Debug>(store: Result<T, StoreError>, model: T) -> Self {
        Self::tried(store, Ok(model))
    }

    /// What a store answers to a step that its model may refuse.
    pub fn tried<T: fmt::Debug>(store: Result<T, StoreError>, model: Result<T, Breach>) -> Self {
        let store = match store {
            Ok(answer) => format!("{answer:?}"),
            Err(StoreError::Refused(_)) => format!("{Breach:?}"),
            Err(failure) => format!("failed: {failure:?}"),
        };
        Self {
            store,
            model: model.map_or_else(|breach| format!("{breach:?}"), |answer| format!("{answer:?}")),
        }
    }

    /// A step that has no answer.
    pub fn none(store: Result<(), StoreError>) -> Self {
        Self::of(store, ())
    }

    /// Insists that both are the same.
    ///
    /// # Errors
    /// When they are not.
    pub fn agree(self, step: u32, operation: &impl fmt::Debug) -> Result<(), Difference> {
        let Self { store, model } = self;
        if store == model {
            return Ok(());
        }
        Err(Difference::Answer { step, operation: format!("{operation:?}"), store, model })
    }
}

/// What a model says that was written into the audit log, and the moment at which it is.
#[derive(Debug)]
pub struct Trail {
    now: Timestamp,
    floor: Timestamp,
    step: u32,
    events: Vec<Event>,
}

impl Trail {
    /// Nothing was written yet, and it is `now`.
    #[must_use]
    pub const fn begun(now: Timestamp) -> Self {
        Self { now, floor: now, step: 0, events: Vec::new() }
    }

    /// The moment.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The clock is set, forwards or back: by so many milliseconds, but never behind a cleanup.
    pub fn set_clock(&mut self, by: i64) {
        self.now = Timestamp::from_unix_millis(self.now.unix_millis() + by).max(self.floor);
    }

    /// What is over by now is thrown away: no clock may go back behind it.
    pub const fn cleaned(&mut self) {
        self.floor = self.now;
    }

    /// Another step begins; answers its number.
    pub const fn next(&mut self) -> u32 {
        self.step += 1;
        self.step
    }

    /// The step and the moment: each step is a request of its own.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin { request: RequestId::from_uuid(Uuid::from_u128(self.step.into())), at: self.now }
    }

    /// The step writes a fact.
    pub fn tell(&mut self, fact: &impl Fact) {
        let event = fact.event(&self.origin());
        self.events.push(event);
    }

    /// All that was written so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Insists that the store wrote, in each step, the same facts in whatever order.
    ///
    /// # Errors
    /// When it did not.
    pub async fn compare<S: AuditTrail>(&self, store: &S) -> Result<(), Difference> {
        let (store, model) = (by_step(&store.events().await), by_step(&self.events));
        for step in 0..=self.step {
            let facts = |log: &BTreeMap<_, Vec<_>>| log.get(&u128::from(step)).cloned().unwrap_or_default();
            let (store, model) = (facts(&store), facts(&model));
            if store != model {
                return Err(Difference::Facts { step, store, model });
            }
        }
        Ok(())
    }
}

fn by_step(events: &[Event]) -> BTreeMap<u128, Vec<String>> {
    let mut steps = BTreeMap::<_, Vec<_>>::new();
    for event in events {
        steps.entry(event.origin.request.as_uuid().as_u128()).or_default().push(told(event));
    }
    steps.values_mut().for_each(|step| step.sort());
    steps
}
