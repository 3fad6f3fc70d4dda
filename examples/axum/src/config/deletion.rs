//! `[deletion]`: how accounts end.

use std::time::Duration;

use towergate::identity::rules::deletion::{DeletionPolicy, Ending};

use super::reader::Section;

/// The longest that somebody may have second thoughts, in days.
const MOST_DAYS: u64 = 365;

pub(super) fn read(section: Section<'_>) -> DeletionPolicy {
    let mut policy = DeletionPolicy::default();
    match section.number("grace_days") {
        None => {}
        Some(days) if days <= MOST_DAYS => policy.grace = Duration::from_secs(days * 24 * 3600),
        Some(_) => section.refuse_key("grace_days", "`grace_days` of [deletion] is a number from 0 to 365"),
    }
    if let Some(text) = section.text("strategy") {
        match Ending::parse(&text.value) {
            Some(ending) => policy.ending = ending,
            None => section
                .refuse(&text.place, "`strategy` of [deletion] is \"close\", \"anonymise\" or \"erase\""),
        }
    }
    section.finish();
    policy
}
