//! What a second factor proves: the person behind a session that already proved something.

use towergate_core::{Digest, Timestamp};

use super::{
    login_proof::{LoginProof, Method},
    session::SessionRecord,
    totp::TotpStep,
};

/// A code about to be spent.
#[derive(Debug, Clone)]
pub enum FactorUse {
    /// The digest of a backup code.
    BackupCode(Digest),
    /// The step of a code of an app.
    Totp(TotpStep),
}

/// What became of a code, as the store that marks it spent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// It was good, and is good no more.
    Spent,
    /// It was spent before, or a later one was; nothing was written.
    SpentBefore,
    /// There is none; nothing was written.
    Missing,
}

/// The proof of the person of `first`, who had a session by other means and has just spent a one-time code at `now`: by
/// all those means together. `None` unless the code was spent by this very try.
#[must_use]
pub fn decide(first: &SessionRecord, spending: Spending, now: Timestamp) -> Option<LoginProof> {
    if spending != Spending::Spent {
        return None;
    }
    let mut methods = first.methods;
    methods.push(Method::Otp);
    Some(LoginProof::by_second_factor(first.user, now, methods, first.passkey))
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{
        level::Level,
        session::{SessionId, SessionStage, SignInId},
        user::UserId,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn first(methods: &[Method]) -> SessionRecord {
        let before = Timestamp::from_unix_seconds(1_600_000_000);
        SessionRecord {
            id: SessionId::from_uuid(Uuid::nil()),
            digest: Digest::of(b""),
            sign_in: SignInId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::from_u128(7)),
            stage: SessionStage::AwaitsSecondFactor,
            methods: methods.into(),
            passkey: None,
            authenticated_at: before,
            created_at: before,
            last_seen_at: before,
            idle_expires_at: NOW,
            absolute_expires_at: NOW,
        }
    }

    #[test]
    fn a_code_that_was_spent_just_now_completes_what_was_proven_before() {
        for methods in [&[Method::Password][..], &[Method::Password, Method::Otp]] {
            let proof = decide(&first(methods), Spending::Spent, NOW).unwrap();
            assert_eq!((proof.user(), proof.at()), (first(methods).user, NOW));
            assert_eq!(proof.methods(), [Method::Password, Method::Otp]);
            assert_eq!(Level::of(proof.methods()), Some(Level::TwoFactors));
            assert!(!proof.second_factor_due());
        }
    }

    #[test]
    fn any_other_code_proves_nothing() {
        for spending in [Spending::SpentBefore, Spending::Missing] {
            assert!(decide(&first(&[Method::Password]), spending, NOW).is_none());
        }
    }
}
