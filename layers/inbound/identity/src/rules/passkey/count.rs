//! The count of signatures that a key tells:
//! [Web Authentication section 6.1.1](https://www.w3.org/TR/webauthn-3/#sctn-sign-counter).

/// What becomes of a sign-in with a key whose count did not go up: there may be a copy of it, or its authenticator counts
/// badly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SignCountPolicy {
    /// It is let in, the higher count is kept, and the audit log tells it.
    #[default]
    Warn,
    /// It is refused: its person has to prove themself in another way. The key stays.
    Refuse,
    /// It is refused, the key is removed, and every session of its person ends.
    Revoke,
}

impl SignCountPolicy {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Refuse => "refuse",
            Self::Revoke => "revoke",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Warn, Self::Refuse, Self::Revoke].into_iter().find(|policy| policy.as_str() == text)
    }
}

/// What a count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountVerdict {
    /// It went up, or the key does not count at all.
    Sound,
    /// It did not.
    WentBack,
}

/// What the count `seen` says of a key of which the highest was `kept`.
#[must_use]
pub const fn judge_count(kept: u32, seen: u32) -> CountVerdict {
    if seen > kept || (seen == 0 && kept == 0) { CountVerdict::Sound } else { CountVerdict::WentBack }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_goes_up_or_stays_at_nothing() {
        for (kept, seen, verdict) in [
            (0, 0, CountVerdict::Sound),
            (0, 1, CountVerdict::Sound),
            (1, 2, CountVerdict::Sound),
            (1, u32::MAX, CountVerdict::Sound),
            (1, 1, CountVerdict::WentBack),
            (2, 1, CountVerdict::WentBack),
            (1, 0, CountVerdict::WentBack),
            (u32::MAX, 0, CountVerdict::WentBack),
        ] {
            assert_eq!(judge_count(kept, seen), verdict, "{kept} {seen}");
        }
    }

    #[test]
    fn a_policy_reads_back() {
        for policy in [SignCountPolicy::Warn, SignCountPolicy::Refuse, SignCountPolicy::Revoke] {
            assert_eq!(SignCountPolicy::parse(policy.as_str()), Some(policy));
        }
        assert_eq!(SignCountPolicy::parse("ignore"), None);
    }
}
