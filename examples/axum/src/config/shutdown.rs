//! `[shutdown]`: how the program ends.

use std::time::Duration;

use super::{keys::duration, reader::Section};

/// Nobody waits longer for a program to end.
const MOST: Duration = Duration::from_secs(10 * 60);

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long, once it was told to end, it goes on as it did and says so: to balancers that it is no longer ready, to clients
    /// that each answer is the last of its connection.
    pub grace: Duration,
    /// How long requests that are under way may take after that.
    pub within: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { grace: Duration::from_secs(5), within: Duration::from_secs(10) }
    }
}

pub(super) fn read(section: Section<'_>) -> Shutdown {
    let given = |key| {
        let text = section.text(key)?;
        let read = duration(&section, key, &text)?;
        if read > MOST {
            section.refuse(&text.place, format!("`{key}` of [shutdown] must be 10m at most"));
        }
        Some(read)
    };
    let usual = Shutdown::default();
    let grace = given("grace").unwrap_or(usual.grace);
    let within = given("within").unwrap_or(usual.within);
    section.finish();
    Shutdown { grace, within }
}
