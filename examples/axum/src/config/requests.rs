//! `[requests]`: what is asked of authorization requests, and how many may wait.

use super::reader::Section;

/// What is asked of authorization requests, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    /// Whether every client must push them.
    pub require_pushed: bool,
    /// How many may wait for a person at once, pushed ones too; as many as usual if not there.
    pub max_waiting: Option<u32>,
}

pub(super) fn read(section: Option<Section<'_>>) -> Requests {
    let Some(section) = section else { return Requests { require_pushed: false, max_waiting: None } };
    let require_pushed = section.flag("require_pushed").unwrap_or_default();
    let max_waiting = section.number("max_waiting").and_then(|number| match u32::try_from(number) {
        Ok(number @ 1..=100_000_000) => Some(number),
        _ => {
            section.refuse_value("max_waiting", None, "[requests] `max_waiting` must be 1 to 100000000");
            None
        }
    });
    section.finish();
    Requests { require_pushed, max_waiting }
}
