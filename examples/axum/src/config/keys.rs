//! `[keys]`: what is signed with, and how the keys take turns.

use std::{path::PathBuf, time::Duration};

use towergate::{
    jose::Algorithm,
    oauth_server::key_ring::{InvalidPolicy, RotationPolicy},
};

use super::reader::{Section, Text};

const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];

/// The section as a whole.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) seal_key_file: Option<PathBuf>,
    pub(super) older_seal_key_files: Vec<PathBuf>,
    pub(super) rotation: RotationPolicy,
}

impl Keys {
    /// All algorithms, so that clients may register any.
    pub(super) fn usual() -> Self {
        let mut keys = Self::default();
        keys.rotation.algorithms = Algorithm::ALL.to_vec();
        keys
    }
}

pub(super) fn read(section: Section<'_>) -> Keys {
    let mut keys = Keys::usual();
    keys.seal_key_file = section.text("seal_key_file").map(|text| PathBuf::from(text.value));
    let older = section.texts("older_seal_key_files").unwrap_or_default();
    keys.older_seal_key_files = older.into_iter().map(|text| PathBuf::from(text.value)).collect();
    let rotation = &mut keys.rotation;
    if let Some(texts) = section.texts("algorithms") {
        rotation.algorithms = texts.iter().filter_map(|text| algorithm(&section, text)).collect();
    }
    let given = |key| section.text(key).and_then(|text| duration(&section, key, &text));
    rotation.active_for = given("rotate_every").unwrap_or(rotation.active_for);
    rotation.cache_for = given("cache_for").unwrap_or(rotation.cache_for);
    rotation.retiring_for = given("retiring_for").unwrap_or(rotation.retiring_for);
    // Copies that soon are old are made for keys that soon change.
    rotation.turn_every = rotation.turn_every.min(rotation.cache_for.max(Duration::from_secs(1)));
    let least = rotation.cache_for.saturating_add(rotation.turn_every);
    let usual = rotation.publish_for.min(rotation.active_for / 2).max(least);
    rotation.publish_for = given("publish_for").unwrap_or(usual);
    refuse_impossible(&section, rotation.clone(), least);
    section.finish();
    keys
}

/// Tells all that is wrong with how the keys take turns: what was told counts as mended, to see what comes next.
fn refuse_impossible(section: &Section<'_>, mut rotation: RotationPolicy, least: Duration) {
    for _ in 0..3 {
        match rotation.check() {
            Ok(()) => return,
            Err(InvalidPolicy::ActiveTooShort) => {
                let text = "`rotate_every` must be longer than `publish_for`";
                section.refuse_value("rotate_every", None, text);
                rotation.active_for = Duration::MAX;
            }
            Err(InvalidPolicy::PublishedTooShort) => {
                let text = format!(
                    "`publish_for` must be at least {}: `cache_for`, and what it takes every instance to see a change",
                    written(least)
                );
                section.refuse_value("publish_for", None, &text);
                rotation.publish_for = least;
            }
            Err(problem) => {
                section.refuse_value("retiring_for", None, &problem.to_string());
                rotation.retiring_for = Duration::MAX;
            }
        }
    }
}

/// As the file would have it, in the greatest unit that fits.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let fits = UNITS.iter().rev().find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds.div_euclid(*unit)))
}

fn algorithm(section: &Section<'_>, text: &Text) -> Option<Algorithm> {
    let read = text.value.parse().ok();
    if read.is_none() {
        let names = Algorithm::ALL.map(Algorithm::as_str).join(", ");
        section.refuse(&text.place, format!("`algorithms`: {:?} is not offered; choose {names}", text.value));
    }
    read
}

pub(super) fn duration(section: &Section<'_>, key: &str, text: &Text) -> Option<Duration> {
    let read = UNITS.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.value.strip_suffix(*unit)?.parse().ok()?;
        number.checked_mul(*seconds).map(Duration::from_secs)
    });
    if read.is_none() {
        section.refuse(&text.place, format!("`{key}` must be a number and a unit: 90d, 12h, 30m or 45s"));
    }
    read
}
