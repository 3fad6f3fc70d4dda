//! What is measured inside one process.

pub(crate) mod bearer;
mod jwt;
mod passkey;
pub(crate) mod passwords;
mod programs;
mod session;
pub(crate) mod tokens;

pub use passwords::child;

use crate::{measure::Effort, row::Part};

/// Measures a few rows.
type Step = fn(Effort, &mut Part);

/// Measures all of them.
#[must_use]
pub fn all(quick: bool) -> Part {
    let effort = Effort::new(quick);
    let steps: [(&str, Step); 7] = [
        ("sessions", session::measure),
        ("tokens", tokens::measure),
        ("JWT", jwt::measure),
        ("bearer", bearer::measure),
        ("passkeys", passkey::measure),
        ("programs", programs::measure),
        ("passwords", passwords::measure),
    ];
    let mut part = Part::default();
    for (name, step) in steps {
        eprintln!("  {name}");
        step(effort, &mut part);
    }
    part
}
