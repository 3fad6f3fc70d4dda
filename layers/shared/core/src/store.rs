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

/// Which step a closure of this type does, for traces: the function that it stands in, as well as the compiler tells.
#[must_use]
pub fn step_name(type_name: &'static str) -> &'static str {
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    type_name.rsplit("::").find(|part| *part != "{{closure}}").filter(|part| is_word(part)).unwrap_or("step")
}

/// Hears how long each step of a store takes, its waits included. It must be quick and must not fail.
pub trait StepWatch: Send + Sync + 'static {
    /// A step took so long, and was done or failed.
    fn ended(&self, took: Duration, done: bool);
}

#[cfg(test)]
mod tests {
    use std::any::type_name_of_val;

    use super::*;

    #[test]
    fn a_step_is_named_by_the_function_that_it_stands_in() {
        let step = || ();
        assert_eq!(step_name(type_name_of_val(&step)), "a_step_is_named_by_the_function_that_it_stands_in");
        for (told, name) in [
            ("a::<impl b::Store for c::D>::find::{{closure}}::{{closure}}", "find"),
            ("a::write<alloc::string::String>::{{closure}}", "step"),
            ("", ""),
        ] {
            assert_eq!(step_name(told), name);
        }
    }
}
