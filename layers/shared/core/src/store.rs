//! How a store fails, whatever it is made of.

use std::error::Error;

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
