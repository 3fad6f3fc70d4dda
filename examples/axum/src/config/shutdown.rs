//! `[shutdown]`: how the program ends.

use std::time::Duration;

use super::{keys::duration, reader::Section};

/// How long requests under way may take, where the file does not say.
pub(super) const USUAL: Duration = Duration::from_secs(10);

/// Nobody waits longer for a program to end.
const MOST: Duration = Duration::from_secs(10 * 60);

pub(super) fn read(section: Section<'_>) -> Duration {
    let text = section.text("within");
    let within = text.as_ref().and_then(|text| duration(&section, "within", text));
    if let Some(text) = &text
        && within > Some(MOST)
    {
        section.refuse(&text.place, "`within` of [shutdown] must be 10m at most");
    }
    section.finish();
    within.unwrap_or(USUAL)
}
