//! A ceremony: a challenge that waits for an authenticator's answer.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};

use crate::rules::{session::SessionId, user::UserId};

typed_id! {
    /// A ceremony with an authenticator.
    CeremonyId
}

/// How long a ceremony waits for its answer.
pub const CEREMONY: Duration = Duration::from_secs(5 * 60);

/// How the secret begins by which a browser is known to have begun a ceremony.
pub const BROWSER_PREFIX: Prefix = Prefix::new("tgpk");

/// A challenge that waits for its answer, as a store keeps it.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// Its identifier.
    pub id: CeremonyId,
    /// The digest of the secret of the browser that began it.
    pub browser: Digest,
    /// What the answer is good for.
    pub purpose: CeremonyPurpose,
    /// The challenge and what was asked for, as `towergate-passkey` writes it down; no store reads it.
    pub state: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// Until when it waits.
    pub expires_at: Timestamp,
}

/// What the answer to a ceremony is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CeremonyPurpose {
    /// A new passkey of a person, added in this session.
    Register {
        /// Who.
        user: UserId,
        /// Where.
        session: SessionId,
    },
    /// A further proof of a person who has this session already: a second factor, or stepping up.
    SecondFactor {
        /// Who.
        user: UserId,
        /// Where.
        session: SessionId,
    },
    /// Signing in, whoever it turns out to be.
    SignIn,
}

impl CeremonyPurpose {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::SecondFactor { .. } => "second_factor",
            Self::SignIn => "sign_in",
        }
    }

    /// Whose it is, where that is known.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::Register { user, .. } | Self::SecondFactor { user, .. } => Some(user),
            Self::SignIn => None,
        }
    }

    /// The session that it belongs to.
    #[must_use]
    pub const fn session(self) -> Option<SessionId> {
        match self {
            Self::Register { session, .. } | Self::SecondFactor { session, .. } => Some(session),
            Self::SignIn => None,
        }
    }

    /// Puts it together again from its word and what belongs to it.
    #[must_use]
    pub fn parse(word: &str, user: Option<UserId>, session: Option<SessionId>) -> Option<Self> {
        match (word, user, session) {
            ("register", Some(user), Some(session)) => Some(Self::Register { user, session }),
            ("second_factor", Some(user), Some(session)) => Some(Self::SecondFactor { user, session }),
            ("sign_in", None, None) => Some(Self::SignIn),
            _ => None,
        }
    }
}

impl Ceremony {
    /// Whether its answer may still come at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether an answer from this browser, for this purpose, at `now`, is an answer to it.
    ///
    /// # Errors
    /// With the reason, for operators, when it is not.
    pub fn admits(
        &self,
        browser: Option<&Digest>,
        purpose: CeremonyPurpose,
        now: Timestamp,
    ) -> Result<(), CeremonyFailure> {
        if !self.is_open(now) {
            return Err(CeremonyFailure::Missing);
        }
        if !browser.is_some_and(|browser| browser.matches(&self.browser)) {
            return Err(CeremonyFailure::OtherBrowser);
        }
        if self.purpose != purpose {
            return Err(CeremonyFailure::OtherPurpose);
        }
        Ok(())
    }
}

/// How many ceremonies may wait at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CeremonyRoom {
    /// Of strangers, all together. Whoever is signed in, or half, does not stand in their way, nor they in theirs.
    pub strangers: u32,
    /// Of one session, or of one stranger's browser: a further one takes the place of the oldest.
    pub each: u32,
}

impl Default for CeremonyRoom {
    /// 10 000 of strangers, 5 of each.
    fn default() -> Self {
        Self { strangers: 10_000, each: 5 }
    }
}

/// Why a ceremony came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CeremonyFailure {
    /// The make of the authenticator is not one that may be registered.
    Aaguid,
    /// The signature count went back: there may be a copy of the key.
    Count,
    /// The answer is not what the ceremony asked for: another challenge, origin or host, a torn or wrong signature.
    Invalid,
    /// There is no such ceremony: it never was, was answered before, or waited too long.
    Missing,
    /// Another browser began it.
    OtherBrowser,
    /// It was begun for something else, in another session, or by another person.
    OtherPurpose,
    /// The key is somebody else's.
    OtherUser,
    /// The key is registered already.
    Taken,
    /// There are as many as a person may have.
    TooMany,
    /// Nobody here has this key.
    UnknownKey,
    /// The key verified nobody, and nothing is proven beside it.
    Unverified,
    /// The person is disabled or gone.
    UserRefused,
}

impl CeremonyFailure {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aaguid => "aaguid",
            Self::Count => "count",
            Self::Invalid => "invalid",
            Self::Missing => "missing",
            Self::OtherBrowser => "other_browser",
            Self::OtherPurpose => "other_purpose",
            Self::OtherUser => "other_user",
            Self::Taken => "taken",
            Self::TooMany => "too_many",
            Self::UnknownKey => "unknown_key",
            Self::Unverified => "unverified",
            Self::UserRefused => "user_refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn purposes() -> Vec<CeremonyPurpose> {
        let [user, other] = [1, 2].map(|n| UserId::from_uuid(Uuid::from_u128(n)));
        let [session, elsewhere] = [3, 4].map(|n| SessionId::from_uuid(Uuid::from_u128(n)));
        vec![
            CeremonyPurpose::SignIn,
            CeremonyPurpose::Register { user, session },
            CeremonyPurpose::Register { user: other, session },
            CeremonyPurpose::Register { user, session: elsewhere },
            CeremonyPurpose::SecondFactor { user, session },
            CeremonyPurpose::SecondFactor { user: other, session },
            CeremonyPurpose::SecondFactor { user, session: elsewhere },
        ]
    }

    #[test]
    fn an_answer_is_good_for_its_own_purpose_browser_and_time_alone() {
        let browser = Digest::of(b"browser");
        for purpose in purposes() {
            let ceremony = Ceremony {
                id: CeremonyId::from_uuid(Uuid::nil()),
                browser: browser.clone(),
                purpose,
                state: String::new(),
                created_at: NOW,
                expires_at: NOW.plus(CEREMONY),
            };
            let just = NOW.plus(CEREMONY).minus(Duration::from_millis(1));
            assert_eq!(ceremony.admits(Some(&browser), purpose, just), Ok(()));
            let late = ceremony.admits(Some(&browser), purpose, NOW.plus(CEREMONY));
            assert_eq!(late, Err(CeremonyFailure::Missing));
            for stranger in [None, Some(&Digest::of(b"another"))] {
                assert_eq!(ceremony.admits(stranger, purpose, NOW), Err(CeremonyFailure::OtherBrowser));
            }
            for other in purposes().into_iter().filter(|other| *other != purpose) {
                let refused = ceremony.admits(Some(&browser), other, NOW);
                assert_eq!(refused, Err(CeremonyFailure::OtherPurpose), "{purpose:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_purpose_reads_back_with_all_that_belongs_to_it() {
        for purpose in purposes() {
            let (word, user, session) = (purpose.as_str(), purpose.user(), purpose.session());
            assert_eq!(CeremonyPurpose::parse(word, user, session), Some(purpose));
        }
        assert_eq!(CeremonyPurpose::parse("register", None, None), None);
        let [user, session] = [Uuid::nil(), Uuid::nil()];
        let (user, session) = (UserId::from_uuid(user), SessionId::from_uuid(session));
        assert_eq!(CeremonyPurpose::parse("sign_in", Some(user), Some(session)), None);
        assert_eq!(CeremonyPurpose::parse("other", Some(user), Some(session)), None);
    }
}
