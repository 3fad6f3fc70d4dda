//! How a store fails, whatever it is made of.

use std::{error::Error, time::Duration};

/// Why a store could not do its step. Nothing was changed: a step is done whole or not at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is locked, full, gone or overloaded. The same step may succeed later: answer 503 with `Retry-After`.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The store holds something the house never wrote. An operator must look at it.
    #[error("the store holds a row that cannot be read: {table} {row}: {problem}")]
    Corrupt {
        /// The table or collection.
        table: &'static str,
        /// The row's identifier, never a secret.
        row: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The step asked for something that breaks a rule of the store, such as a second row with the same key.
    #[error("the store refused the step: {0}")]
    Refused(String),
}

impl StoreError {
    /// An unavailability with this cause.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// How many connections a store has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connections {
    /// At work.
    pub in_use: usize,
    /// Ready for work.
    pub idle: usize,
}

/// Hears how long each step of a store takes, its waits included. It must be quick and must not fail.
pub trait StepWatch: Send + Sync + 'static {
    /// A step took so long, and was done or failed.
    fn ended(&self, took: Duration, done: bool);
}
