//! Browsers in which somebody signed in before: known ones, of which nobody is told when they come again, and trusted ones,
//! which are not asked for the second factor.
//!
//! A browser is known by a cookie of its own. Being trusted replaces nothing: whoever signs in with one factor in a trusted
//! browser has proven one, and whatever asks for two still asks.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};

use super::{
    device::Device,
    level::Level,
    session::{SessionRecord, SessionStage},
    user::UserId,
};

typed_id! {
    /// A browser of somebody. Another person in the same browser has another.
    BrowserId
}

/// How a browser cookie's value begins.
pub const PREFIX: Prefix = Prefix::new("tgt");

/// How long a browser stays known after the last sign-in in it.
pub const KNOWN: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long it is trusted.
pub const TRUSTED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A browser of somebody, as a store keeps it.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Its identifier.
    pub id: BrowserId,
    /// Whose.
    pub user: UserId,
    /// The digest of the cookie's secret.
    pub digest: Digest,
    /// What it showed of itself.
    pub device: Device,
    /// When somebody first signed in in it.
    pub first_seen_at: Timestamp,
    /// When they last did.
    pub last_seen_at: Timestamp,
    /// Until when it is trusted.
    pub trusted_until: Option<Timestamp>,
}

impl Browser {
    /// Whether a sign-in in it is nothing new.
    #[must_use]
    pub fn is_known(&self, now: Timestamp) -> bool {
        now < self.last_seen_at.plus(KNOWN)
    }

    /// Whether it is not asked for the second factor.
    #[must_use]
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }
}

/// `session`, which a login comes to, in a trusted browser: whole, where all that it lacks is the second factor that its person
/// has. `None` where trust saves nothing.
#[must_use]
pub fn spared(session: &SessionRecord, has_second_factor: bool) -> Option<SessionRecord> {
    let with = session.clone().admitted(has_second_factor).stage;
    let lacks = has_second_factor && with == SessionStage::AwaitsSecondFactor && session.stage != with;
    lacks.then(|| SessionRecord { stage: SessionStage::Complete, ..session.clone() })
}

/// Whether whoever holds `session` may have its browser trusted: they have just proven two factors.
#[must_use]
pub fn may_be_trusted(session: &SessionRecord) -> bool {
    session.stage == SessionStage::Complete && Level::of(&session.methods) >= Some(Level::TwoFactors)
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{
        login_proof::Method,
        session::{SessionId, SignInId},
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn session(stage: SessionStage, methods: &[Method]) -> SessionRecord {
        SessionRecord {
            id: SessionId::from_uuid(Uuid::nil()),
            digest: Digest::of(b""),
            sign_in: SignInId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::nil()),
            stage,
            methods: methods.into(),
            passkey: None,
            authenticated_at: NOW,
            created_at: NOW,
            last_seen_at: NOW,
            idle_expires_at: NOW.plus(TRUSTED),
            absolute_expires_at: NOW.plus(TRUSTED),
        }
    }

    #[test]
    fn a_browser_is_trusted_by_whoever_is_in_by_two_factors_alone() {
        let (one, two) = ([Method::Password], [Method::Password, Method::Otp]);
        assert!(may_be_trusted(&session(SessionStage::Complete, &two)));
        assert!(!may_be_trusted(&session(SessionStage::Complete, &one)));
        for stage in [SessionStage::AwaitsSecondFactor, SessionStage::AwaitsEnrolment, SessionStage::Leaving]
        {
            assert!(!may_be_trusted(&session(stage, &two)), "{stage:?}");
        }
    }

    #[test]
    fn trust_saves_a_second_factor_that_is_there_and_was_not_asked_for_yet() {
        let (one, two) = ([Method::Password], [Method::Password, Method::Otp]);
        let whole = spared(&session(SessionStage::Complete, &one), true).unwrap();
        assert_eq!(whole.stage, SessionStage::Complete);
        assert_eq!(whole.methods, one, "and proves no more");
        assert!(spared(&session(SessionStage::Complete, &one), false).is_none());
        assert!(spared(&session(SessionStage::Complete, &two), true).is_none());
        assert!(spared(&session(SessionStage::AwaitsSecondFactor, &one), true).is_none());
    }
}
