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
    Disabled,
    Leaving,
    MustEnrol,
    /// By an authenticator app.
    Protected,
    StaysOut,
}

impl Person {
    pub(crate) const ALL: [Self; 6] =
        [Self::Anybody, Self::Disabled, Self::Leaving, Self::MustEnrol, Self::Protected, Self::StaysOut];

    pub(crate) fn duty(self) -> EnrolmentDuty {
        match self {
            Self::MustEnrol => EnrolmentDuty::Now,
            Self::StaysOut => EnrolmentDuty::Blocked,
            _ => EnrolmentDuty::Free,
        }
    }
}
