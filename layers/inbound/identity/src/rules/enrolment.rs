//! Who must have a second factor, and from when on.

use towergate_core::Timestamp;

use super::session::{SessionRecord, SessionStage};

/// What a host asks of somebody, by a rule of its own: for everybody, by their role, by their organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnrolmentDuty {
    /// A second factor is theirs to choose.
    #[default]
    Free,
    /// They may come in without one until this moment; no session of theirs outlives it.
    GraceUntil(Timestamp),
    /// Whoever has none does nothing but enrol one.
    Now,
    /// Whoever has none stays out: enrolling is done elsewhere, by an operator or in person.
    Blocked,
}

impl EnrolmentDuty {
    /// What it comes to at `now`: the days of grace end.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::GraceUntil(end) if now >= end => Self::Now,
            duty => duty,
        }
    }

    /// The session as it begins under the duty, as far as can be told before the store knows whether its person has a second
    /// factor.
    #[must_use]
    pub fn applied(self, mut session: SessionRecord) -> SessionRecord {
        match self.at(session.created_at) {
            Self::Free => {}
            Self::GraceUntil(end) => {
                session.absolute_expires_at = session.absolute_expires_at.min(end);
                session.idle_expires_at = session.idle_expires_at.min(end);
            }
            Self::Now | Self::Blocked => session.stage = SessionStage::AwaitsEnrolment,
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::{Digest, id::Uuid};

    use super::*;
    use crate::rules::{
        login_proof::Method,
        session::{ENROLLING, HALF_SIGNED_IN, SessionId, SignInId},
        user::UserId,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn session(methods: &[Method]) -> SessionRecord {
        SessionRecord {
            id: SessionId::from_uuid(Uuid::nil()),
            digest: Digest::of(b""),
            sign_in: SignInId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::nil()),
            stage: SessionStage::Complete,
            methods: methods.into(),
            authenticated_at: NOW,
            created_at: NOW,
            last_seen_at: NOW,
            idle_expires_at: NOW.plus(DAY),
            absolute_expires_at: NOW.plus(DAY),
            passkey: None,
        }
    }

    #[test]
    fn whoever_has_no_second_factor_does_nothing_but_enrol_one() {
        for duty in [EnrolmentDuty::Now, EnrolmentDuty::Blocked, EnrolmentDuty::GraceUntil(NOW)] {
            let begun = duty.applied(session(&[Method::Password])).admitted(false);
            assert_eq!(begun.stage, SessionStage::AwaitsEnrolment, "{duty:?}");
            assert_eq!(begun.absolute_expires_at, NOW.plus(ENROLLING));
        }
    }

    #[test]
    fn whoever_has_one_proves_it_as_ever() {
        let half = EnrolmentDuty::Now.applied(session(&[Method::Password])).admitted(true);
        assert_eq!(half.stage, SessionStage::AwaitsSecondFactor);
        assert_eq!(half.absolute_expires_at, NOW.plus(HALF_SIGNED_IN));
        let whole = EnrolmentDuty::Now.applied(session(&[Method::Password, Method::Otp])).admitted(true);
        assert_eq!((whole.stage, whole.absolute_expires_at), (SessionStage::Complete, NOW.plus(DAY)));
    }

    #[test]
    fn two_factors_that_were_proven_just_now_are_enough() {
        let proven = [Method::Passkey, Method::UserVerified];
        let begun = EnrolmentDuty::Now.applied(session(&proven)).admitted(false);
        assert_eq!(begun.stage, SessionStage::Complete);
    }

    #[test]
    fn no_session_outlives_the_days_of_grace() {
        let end = NOW.plus(Duration::from_secs(60));
        let begun = EnrolmentDuty::GraceUntil(end).applied(session(&[Method::Password])).admitted(false);
        assert_eq!(begun.stage, SessionStage::Complete);
        assert_eq!((begun.idle_expires_at, begun.absolute_expires_at), (end, end));
        let free = EnrolmentDuty::Free.applied(session(&[Method::Password])).admitted(false);
        assert_eq!((free.stage, free.absolute_expires_at), (SessionStage::Complete, NOW.plus(DAY)));
    }
}
