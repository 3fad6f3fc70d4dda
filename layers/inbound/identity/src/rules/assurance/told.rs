//! Values of settings in words.

use std::time::Duration;

use super::{PhishingResistance, SessionCount};

/// Says itself in words.
pub(super) trait Told {
    fn told(&self) -> String;
}

impl Told for Duration {
    fn told(&self) -> String {
        const UNITS: [(u64, &str); 3] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "min")];
        let seconds = self.as_secs();
        // A day is told in hours, as the standards do.
        let fits = |(unit, name): &(u64, &str)| {
            seconds.is_multiple_of(*unit) && seconds >= unit * if *name == "d" { 2 } else { 1 }
        };
        match UNITS.iter().find(|unit| fits(unit)) {
            Some((unit, name)) => format!("{} {name}", seconds.checked_div(*unit).unwrap_or(seconds)),
            None => format!("{seconds} s"),
        }
    }
}

impl Told for Option<Duration> {
    fn told(&self) -> String {
        self.as_ref().map_or_else(|| String::from("no"), Told::told)
    }
}

impl Told for bool {
    fn told(&self) -> String {
        String::from(if *self { "yes" } else { "no" })
    }
}

impl Told for u32 {
    fn told(&self) -> String {
        self.to_string()
    }
}

impl Told for usize {
    fn told(&self) -> String {
        self.to_string()
    }
}

impl Told for SessionCount {
    fn told(&self) -> String {
        match self {
            Self::AtMost(count) => count.to_string(),
            Self::Any => String::from("any"),
        }
    }
}

impl Told for PhishingResistance {
    fn told(&self) -> String {
        String::from(match self {
            Self::NotAsked => "not asked",
            Self::Offered => "offered",
            Self::Required => "required",
        })
    }
}
