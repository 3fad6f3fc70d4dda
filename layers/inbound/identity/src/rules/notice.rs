//! What people are told of after it happened to their account, in case that it was not they who did it.

/// A change that somebody is told of. Whoever words their own letters learns of a new one when they compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// The account is gone.
    AccountDeleted,
    /// They have a new token for a program of theirs.
    ApiTokenCreated,
    /// They have new backup codes.
    BackupCodesRenewed,
    /// The account is to be deleted after the days of grace.
    DeletionScheduled,
    /// The account is to stay.
    DeletionWithdrawn,
    /// Their address was put back; told at the one that it had been changed for.
    EmailChangeUndone,
    /// Their address was changed for another; told at the old one.
    EmailChanged,
    /// Their address was put back, and what was added since was taken away; told at that address.
    EmailRestored,
    /// They have an authenticator app.
    FactorEnrolled,
    /// Their authenticator app is asked for no more.
    FactorRemoved,
    /// They can sign in by an account elsewhere.
    IdentityLinked,
    /// They can no longer sign in by an account elsewhere.
    IdentityUnlinked,
    /// They signed in where they never did before.
    NewDevice,
    /// They can sign in by another passkey.
    PasskeyAdded,
    /// Their passkey is asked for no more after whatever else they sign in by.
    PasskeyFactorSwitchedOff,
    /// Their passkey is asked for after whatever else they sign in by.
    PasskeyFactorSwitchedOn,
    /// A passkey opens nothing any more.
    PasskeyRemoved,
    /// Their password was changed, or set where there was none.
    PasswordChanged,
    /// A forgotten password was set anew.
    PasswordReset,
    /// Somebody showed a cookie that had been used before: it was copied.
    RememberedTheft,
    /// Somebody guessed wrongly for so long that the credential opens nothing any more.
    TooManyTries,
}

impl Notice {
    /// Every one of them.
    pub const ALL: [Self; 21] = [
        Self::AccountDeleted,
        Self::ApiTokenCreated,
        Self::BackupCodesRenewed,
        Self::DeletionScheduled,
        Self::DeletionWithdrawn,
        Self::EmailChangeUndone,
        Self::EmailChanged,
        Self::EmailRestored,
        Self::FactorEnrolled,
        Self::FactorRemoved,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
        Self::NewDevice,
        Self::PasskeyAdded,
        Self::PasskeyFactorSwitchedOff,
        Self::PasskeyFactorSwitchedOn,
        Self::PasskeyRemoved,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::RememberedTheft,
        Self::TooManyTries,
    ];

    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountDeleted => "notice_account_deleted",
            Self::ApiTokenCreated => "notice_api_token_created",
            Self::BackupCodesRenewed => "notice_backup_codes_renewed",
            Self::DeletionScheduled => "notice_deletion_scheduled",
            Self::DeletionWithdrawn => "notice_deletion_withdrawn",
            Self::EmailChangeUndone => "notice_email_change_undone",
            Self::EmailChanged => "notice_email_changed",
            Self::EmailRestored => "notice_email_restored",
            Self::FactorEnrolled => "notice_factor_enrolled",
            Self::FactorRemoved => "notice_factor_removed",
            Self::IdentityLinked => "notice_identity_linked",
            Self::IdentityUnlinked => "notice_identity_unlinked",
            Self::NewDevice => "notice_new_device",
            Self::PasskeyAdded => "notice_passkey_added",
            Self::PasskeyFactorSwitchedOff => "notice_passkey_factor_switched_off",
            Self::PasskeyFactorSwitchedOn => "notice_passkey_factor_switched_on",
            Self::PasskeyRemoved => "notice_passkey_removed",
            Self::PasswordChanged => "notice_password_changed",
            Self::PasswordReset => "notice_password_reset",
            Self::RememberedTheft => "notice_remembered_theft",
            Self::TooManyTries => "notice_too_many_tries",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_back_to_its_notice() {
        for notice in Notice::ALL {
            assert_eq!(Notice::parse(notice.as_str()), Some(notice));
        }
        assert_eq!(Notice::parse("confirm_address"), None);
    }
}
