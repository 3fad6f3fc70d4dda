//! Making a profile stricter, or weaker by name.

use std::{collections::BTreeSet, error::Error, fmt, time::Duration};

use super::{Assurance, Profile, SessionCount, Settings};
use crate::rules::{password::MAX_CHARACTERS, totp};

/// A profile that is being changed: `stricter_` and a setting's name where the host asks for more than the profile,
/// `insecure_` and its name where it asks for less.
#[derive(Debug, Clone)]
#[must_use]
pub struct Adjust {
    levels: BTreeSet<Assurance>,
    pub(super) settings: Settings,
    problems: Vec<ProfileProblem>,
}

/// What is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileProblem {
    /// A setting was to be stricter and is weaker.
    #[error(
        "`stricter_{setting}`: {wanted} is weaker than {asked}, which {levels} asks for ({rows}); if you mean it, it is called \
         `insecure_{setting}`"
    )]
    Weaker {
        /// Which.
        setting: &'static str,
        /// What the host asks for.
        wanted: String,
        /// What the profile asks for.
        asked: String,
        /// The levels of the profile.
        levels: String,
        /// The rows that rule it.
        rows: String,
    },
    /// A setting is beyond what anything here can keep.
    #[error("`{setting}` must be {bounds}")]
    OutOfBounds {
        /// Which.
        setting: &'static str,
        /// What would do.
        bounds: &'static str,
    },
    /// A setting asks for something that the host does not give.
    #[error(
        "`{setting}` is asked for by {levels} ({rows}) and {missing}; give it, or, if you mean to do without, it is called \
         `insecure_{setting}`"
    )]
    Unprovided {
        /// Which.
        setting: &'static str,
        /// The levels of the profile.
        levels: String,
        /// The rows that rule it.
        rows: String,
        /// What is not there.
        missing: &'static str,
    },
    /// Two settings contradict each other.
    #[error("`{setting}` must not be {than} `{other}`")]
    Contradiction {
        /// Which.
        setting: &'static str,
        /// How they stand to each other.
        than: &'static str,
        /// The other.
        other: &'static str,
    },
}

/// Everything that is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileProblems(Vec<ProfileProblem>);

impl Adjust {
    pub(super) const fn of(levels: BTreeSet<Assurance>, settings: Settings) -> Self {
        Self { levels, settings, problems: Vec::new() }
    }

    /// The profile.
    ///
    /// # Errors
    /// All that is wrong with it: what was to be stricter and is weaker, what is out of bounds, what contradicts itself.
    pub fn build(mut self) -> Result<Profile, ProfileProblems> {
        self.refuse_impossible();
        if self.problems.is_empty() {
            Ok(Profile::adjusted(self.levels, self.settings))
        } else {
            Err(ProfileProblems(self.problems))
        }
    }

    pub(super) fn refuse_weaker(
        &mut self,
        setting: &'static str,
        wanted: String,
        asked: String,
        rows: &[&str],
    ) {
        let levels = self.levels.iter().map(|level| level.as_str()).collect::<Vec<_>>().join(" and ");
        self.problems.push(ProfileProblem::Weaker { setting, wanted, asked, levels, rows: rows.join(", ") });
    }

    fn refuse_impossible(&mut self) {
        let Settings { session_idle, session_absolute, step_up_within, .. } = self.settings;
        let asked = self.settings;
        let passwords = 8..=MAX_CHARACTERS;
        let lasts = |lifetime: Duration| lifetime >= Duration::from_secs(60);
        let stays = |lifetime: Option<Duration>| lifetime.is_none_or(lasts);
        let bounds = [
            ("session_idle", lasts(session_idle), "a minute or more"),
            ("session_absolute", lasts(session_absolute), "a minute or more"),
            ("concurrent_sessions", asked.concurrent_sessions != SessionCount::AtMost(0), "one or more"),
            ("step_up_within", lasts(step_up_within), "a minute or more"),
            ("password_minimum", passwords.contains(&asked.password_minimum), "8 to 128"),
            (
                "password_minimum_beside_factor",
                passwords.contains(&asked.password_minimum_beside_factor),
                "8 to 128",
            ),
            ("free_tries", (1..=10).contains(&asked.free_tries), "1 to 10"),
            ("first_wait", (1..=3600).contains(&asked.first_wait.as_secs()), "a second to an hour"),
            ("failure_limit", (1..=100).contains(&asked.failure_limit), "1 to 100"),
            ("remember_me", stays(asked.remember_me), "a minute or more"),
            ("trusted_browser", stays(asked.trusted_browser), "a minute or more"),
            ("totp_drift", asked.totp_drift <= totp::DRIFT, "0 or 1"),
            ("mailed_sign_in_lifetime", lasts(asked.mailed_sign_in_lifetime), "a minute or more"),
        ];
        let outside = bounds.into_iter().filter(|(_, holds, _)| !holds);
        self.problems
            .extend(outside.map(|(setting, _, bounds)| ProfileProblem::OutOfBounds { setting, bounds }));
        let against = |setting, than, other| ProfileProblem::Contradiction { setting, than, other };
        if session_idle > session_absolute {
            self.problems.push(against("session_idle", "longer than", "session_absolute"));
        }
        if asked.password_minimum_beside_factor > asked.password_minimum {
            let other = "password_minimum";
            self.problems.push(against("password_minimum_beside_factor", "more than", other));
        }
        if asked.password_context_words && !asked.password_blocklist {
            self.problems.push(against("password_context_words", "there without", "password_blocklist"));
        }
        if asked.free_tries > asked.failure_limit {
            self.problems.push(against("free_tries", "more than", "failure_limit"));
        }
    }
}

impl ProfileProblems {
    pub(super) const fn of(problems: Vec<ProfileProblem>) -> Self {
        Self(problems)
    }

    /// Each of them.
    #[must_use]
    pub fn list(&self) -> &[ProfileProblem] {
        &self.0
    }
}

impl fmt::Display for ProfileProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        f.write_str(&told.join("; "))
    }
}

impl Error for ProfileProblems {}

impl ProfileProblem {
    /// The setting that it is about.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Weaker { setting, .. }
            | Self::OutOfBounds { setting, .. }
            | Self::Unprovided { setting, .. }
            | Self::Contradiction { setting, .. } => setting,
        }
    }
}
