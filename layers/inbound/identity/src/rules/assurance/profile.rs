//! A profile: what one or several levels ask for together, and what a host made of it.

use std::collections::BTreeSet;

use super::{Adjust, Assurance, Settings};

/// Every number and switch of signing in, as one or several [levels](Assurance) ask for them, or stricter, or weaker by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    levels: BTreeSet<Assurance>,
    settings: Settings,
}

impl Profile {
    pub(super) fn of(level: Assurance) -> Self {
        Self { levels: BTreeSet::from([level]), settings: level.settings() }
    }

    pub(super) const fn adjusted(levels: BTreeSet<Assurance>, settings: Settings) -> Self {
        Self { levels, settings }
    }

    /// What this and another level ask for together: of each setting the stricter.
    #[must_use]
    pub fn and(mut self, level: Assurance) -> Self {
        self.levels.insert(level);
        self.settings = self.settings.strictest(level.settings());
        self
    }

    /// The same, to be made stricter or, by name, weaker.
    pub fn adjust(&self) -> Adjust {
        Adjust::of(self.levels.clone(), self.settings)
    }

    /// What it sets.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The levels that it stands for.
    pub fn levels(&self) -> impl Iterator<Item = Assurance> + '_ {
        self.levels.iter().copied()
    }

    /// The names of the settings that are weaker than its levels ask for; a host does well to say so when it starts.
    #[must_use]
    pub fn weakened(&self) -> Vec<&'static str> {
        let asked = self.levels.iter().map(|level| level.settings()).reduce(Settings::strictest);
        asked.map(|asked| self.settings.weaker_than(&asked)).unwrap_or_default()
    }
}
