use std::time::Duration;

use metrics::histogram;
use towergate_core::store::StepWatch;

use crate::names::STEPS;

/// Hears how long the steps of one store take.
#[derive(Debug, Clone, Copy)]
pub struct StepTimes(&'static str);

impl StepTimes {
    /// Tells them as those of `store`.
    #[must_use]
    pub const fn of(store: &'static str) -> Self {
        Self(store)
    }
}

impl StepWatch for StepTimes {
    fn ended(&self, took: Duration, done: bool) {
        let outcome = if done { "done" } else { "failed" };
        histogram!(STEPS, "store" => self.0, "outcome" => outcome).record(took.as_secs_f64());
    }
}
