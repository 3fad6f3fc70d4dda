//! The words of notices.

use towergate_core::Timestamp;
use towergate_identity::rules::notice::Notice;

const GET_IT_BACK: &str =
    "somebody else may hold your account. Set your password anew and look through your account here:";
const LOOK: &str = "change your password and look through your account here:";

/// The subject, what happened, and what to do if it was somebody else.
pub(super) const fn words(notice: Notice) -> (&'static str, &'static str, &'static str) {
    match notice {
        Notice::AccountDeleted => (
            "Your account was deleted",
            "Your account was deleted.",
            "write to the operator. The site is here:",
        ),
        Notice::BackupCodesRenewed => (
            "New backup codes",
            "New backup codes were made for your account; those before are no longer good.",
            GET_IT_BACK,
        ),
        Notice::DeletionScheduled => (
            "Your account is going to be deleted",
            "Your account is going to be deleted.",
            "sign in and keep it, here:",
        ),
        Notice::DeletionWithdrawn => {
            ("Your account stays", "Your account is no longer going to be deleted.", GET_IT_BACK)
        }
        Notice::EmailChanged => (
            "Your e-mail address was changed",
            "The e-mail address of your account was changed for another one.",
            GET_IT_BACK,
        ),
        Notice::FactorEnrolled => (
            "An authenticator app was added",
            "An authenticator app is now asked for when you sign in.",
            GET_IT_BACK,
        ),
        Notice::FactorRemoved => (
            "Your authenticator app was removed",
            "Your authenticator app and your backup codes are no longer asked for.",
            GET_IT_BACK,
        ),
        Notice::IdentityLinked => {
            ("Another account was linked", "An account at another site now opens yours.", GET_IT_BACK)
        }
        Notice::IdentityUnlinked => {
            ("A linked account was removed", "An account at another site no longer opens yours.", LOOK)
        }
        Notice::NewDevice => {
            ("A new sign-in", "Somebody signed in to your account where you have not signed in before.", LOOK)
        }
        Notice::PasskeyAdded => ("A passkey was added", "A new passkey now opens your account.", GET_IT_BACK),
        Notice::PasskeyRemoved => {
            ("A passkey was removed", "A passkey no longer opens your account.", GET_IT_BACK)
        }
        Notice::PasswordChanged => {
            ("Your password was changed", "The password of your account was changed.", GET_IT_BACK)
        }
        Notice::PasswordReset => {
            ("Your password was set anew", "A forgotten password of your account was set anew.", GET_IT_BACK)
        }
        Notice::RememberedTheft => (
            "A copied cookie",
            "Somebody used a copy of a cookie that kept you signed in. That browser is signed out.",
            LOOK,
        ),
        Notice::TooManyTries => (
            "Too many wrong tries",
            "Somebody tried to sign in to your account, wrongly, a great many times.",
            "your account is closed to guesses. Look through it here:",
        ),
    }
}

/// A moment as people read it, in UTC to the minute.
pub(super) fn moment(when: Timestamp) -> String {
    when.to_rfc3339().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_minute() {
        assert_eq!(moment(Timestamp::from_unix_seconds(951_782_400 + 3661)), "2000-02-29 01:01");
    }
}
