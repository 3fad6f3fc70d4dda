//! The one thing that a session can be had for.

use towergate_core::Timestamp;

use super::{methods::Methods, passkey::PasskeyId, user::UserId};

/// A means by which somebody proved who they are, under its name in
/// [RFC 8176](https://www.rfc-editor.org/rfc/rfc8176#section-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// A link or a code in a mail. No registered value says so; NIST SP 800-63B-4 section 3.1.3.1 takes it for no
    /// authenticator of its own.
    Email,
    /// What another provider says, `fed` by custom.
    Federated,
    /// A one-time password.
    Otp,
    /// The possession of a passkey's private key: `pop`.
    Passkey,
    /// A password.
    Password,
    /// A cookie that outlived the session in which somebody proved who they are. It says nothing by itself.
    Remembered,
    /// A passkey's device asked for a fingerprint, a face or a PIN: `mfa`, together with `pop`.
    UserVerified,
}

impl Method {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::Email,
        Self::Federated,
        Self::Otp,
        Self::Passkey,
        Self::Password,
        Self::Remembered,
        Self::UserVerified,
    ];

    /// The `amr` value, registered where there is one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Federated => "fed",
            Self::Otp => "otp",
            Self::Passkey => "pop",
            Self::Password => "pwd",
            Self::Remembered => "remembered",
            Self::UserVerified => "mfa",
        }
    }

    /// Reads an `amr` value back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// Proof that a person is who they say, by named means, at a moment. Only a rule that checked something makes it.
#[derive(Debug)]
pub struct LoginProof {
    user: UserId,
    at: Timestamp,
    methods: Methods,
    second_factor_due: bool,
    passkey: Option<PasskeyId>,
    rests_on_session: bool,
}

impl LoginProof {
    /// The proof that a verified password is. Called by the password rule alone, hence not public.
    pub(super) fn by_password(user: UserId, at: Timestamp, second_factor_due: bool) -> Self {
        Self::alone(user, at, Method::Password, second_factor_due)
    }

    /// The proof that a mailed proof, spent just now, is. Called by the rule of signing in by mail alone.
    pub(super) fn by_email(user: UserId, at: Timestamp) -> Self {
        Self::alone(user, at, Method::Email, false)
    }

    /// The proof that a code, spent just now after `methods` without it, is; a passkey may be among those. Called by the
    /// second factor rule alone.
    pub(super) const fn by_second_factor(
        user: UserId,
        at: Timestamp,
        methods: Methods,
        passkey: Option<PasskeyId>,
    ) -> Self {
        Self { user, at, methods, second_factor_due: false, passkey, rests_on_session: true }
    }

    /// The proof that a passkey is, together with what was proven before it, where something was. Called by the passkey rule
    /// alone.
    pub(super) const fn by_passkey(
        user: UserId,
        at: Timestamp,
        methods: Methods,
        passkey: PasskeyId,
        rests_on_session: bool,
    ) -> Self {
        Self { user, at, methods, second_factor_due: false, passkey: Some(passkey), rests_on_session }
    }

    /// The proof that another provider's word on a linked account is. Called by the rule of those alone.
    pub(super) fn by_federation(user: UserId, at: Timestamp) -> Self {
        Self::alone(user, at, Method::Federated, false)
    }

    fn alone(user: UserId, at: Timestamp, method: Method, second_factor_due: bool) -> Self {
        Self { user, at, methods: [method].into(), second_factor_due, passkey: None, rests_on_session: false }
    }

    /// Who.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// By which means.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The passkey among the means.
    #[must_use]
    pub const fn passkey(&self) -> Option<PasskeyId> {
        self.passkey
    }

    /// Whether it is worth something only beside the session in which the rest was proven, and for as long as that lives.
    #[must_use]
    pub const fn rests_on_session(&self) -> bool {
        self.rests_on_session
    }

    /// Whether a second factor must follow before anybody is signed in.
    #[must_use]
    pub const fn second_factor_due(&self) -> bool {
        self.second_factor_due
    }
}
