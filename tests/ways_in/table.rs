//! The rows and the columns.

use towergate::identity::rules::enrolment::EnrolmentDuty;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    BarePasskey,
    MailedCode,
    MailedLink,
    Password,
    RememberedBrowser,
    /// It began before its person had a second factor.
    RememberedByOneFactor,
    Social,
    /// By a password in it.
    TrustedBrowser,
    VerifiedPasskey,
}

impl Way {
    pub(crate) const ALL: [Self; 9] = [
        Self::BarePasskey,
        Self::MailedCode,
        Self::MailedLink,
        Self::Password,
        Self::RememberedBrowser,
        Self::RememberedByOneFactor,
        Self::Social,
        Self::TrustedBrowser,
        Self::VerifiedPasskey,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// Of whom nothing more is asked.
    Anybody,
    /// Who has a bare passkey, and wants to be asked for it.
    AskedForKey,
    Disabled,
    Leaving,
    MustEnrol,
    /// Who must have a second factor, and has a bare passkey.
    MustHaveKey,
    /// By an authenticator app.
    Protected,
    StaysOut,
    /// Who stays out without a second factor, and has a bare passkey.
    StaysOutWithoutKey,
}

impl Person {
    pub(crate) const ALL: [Self; 9] = [
        Self::Anybody,
        Self::AskedForKey,
        Self::Disabled,
        Self::Leaving,
        Self::MustEnrol,
        Self::MustHaveKey,
        Self::Protected,
        Self::StaysOut,
        Self::StaysOutWithoutKey,
    ];

    /// Whether they have a bare passkey, whichever way they come.
    pub(crate) fn has_key(self) -> bool {
        matches!(self, Self::AskedForKey | Self::MustHaveKey | Self::StaysOutWithoutKey)
    }

    pub(crate) fn duty(self) -> EnrolmentDuty {
        match self {
            Self::MustEnrol | Self::MustHaveKey => EnrolmentDuty::Now,
            Self::StaysOut | Self::StaysOutWithoutKey => EnrolmentDuty::Blocked,
            _ => EnrolmentDuty::Free,
        }
    }
}
