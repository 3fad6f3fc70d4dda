//! What a mailed proof proves once it is spent: that whoever shows it reads the mail of its person. One factor, never two.

use towergate_core::Timestamp;

use super::{fact::TokenRefusal, login_proof::LoginProof, user::UserId};

/// What became of a mailed proof, as the store that marks it spent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSpending {
    /// It was good, and is good no more.
    Spent {
        /// Whose it was.
        user: UserId,
        /// Whether nobody had proven the address before, so that whatever was set until then is gone.
        reclaimed: bool,
    },
    /// It is not good.
    Refused(TokenRefusal),
    /// There is no such proof.
    Missing,
}

/// The proof of the person whose mailed proof was spent at `now`. `None` unless it was spent by this very try.
#[must_use]
pub fn decide(spending: MailSpending, now: Timestamp) -> Option<LoginProof> {
    match spending {
        MailSpending::Spent { user, .. } => Some(LoginProof::by_email(user, now)),
        MailSpending::Refused(_) | MailSpending::Missing => None,
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{level::Level, login_proof::Method};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    #[test]
    fn a_proof_that_was_spent_just_now_is_one_factor() {
        for reclaimed in [false, true] {
            let user = UserId::from_uuid(Uuid::from_u128(7));
            let proof = decide(MailSpending::Spent { user, reclaimed }, NOW).unwrap();
            assert_eq!((proof.user(), proof.at(), proof.methods()), (user, NOW, &[Method::Email][..]));
            assert_eq!(Level::of(proof.methods()), Some(Level::OneFactor));
        }
        assert_eq!(Level::of(&[Method::Password, Method::Email]), Some(Level::OneFactor));
    }

    #[test]
    fn any_other_proves_nothing() {
        for reason in [TokenRefusal::Dead, TokenRefusal::Stranger, TokenRefusal::Wrong] {
            assert!(decide(MailSpending::Refused(reason), NOW).is_none());
        }
        assert!(decide(MailSpending::Missing, NOW).is_none());
    }
}
