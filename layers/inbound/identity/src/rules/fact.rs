//! Every security-relevant fact of signing in, as one closed list.

use towergate_core::audit::{Event, Fact, Origin, Party};

use super::{
    login_proof::Method,
    session::{SessionId, SignInId},
    user::UserId,
};

/// What happened while people signed in and out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the identifiers that their names say")]
pub enum IdentityFact {
    /// Somebody proved who they are.
    LoginSucceeded { user: UserId, methods: Vec<Method> },
    /// Somebody did not. The reason is for operators; the person learns only that it failed.
    LoginFailed { user: Option<UserId>, reason: LoginFailure },
    /// A session began.
    SessionCreated { session: SessionId, sign_in: SignInId, user: UserId },
    /// A session was ended before its time.
    SessionRevoked { session: SessionId, sign_in: SignInId, user: UserId, reason: SessionEnd },
    /// A person was written.
    UserRegistered { user: UserId },
    /// A person was shut out.
    UserDisabled { user: UserId },
    /// A password hash was replaced by a stronger one of the same password.
    PasswordRehashed { user: UserId },
}

/// Why a sign-in failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginFailure {
    /// The account is disabled.
    Disabled,
    /// The machine had no memory for the work.
    Exhausted,
    /// The account has no password.
    NoPassword,
    /// Nobody has this address.
    UnknownUser,
    /// The stored hash cannot be read, or would cost more than is ever spent: an operator must look at it.
    UnreadableHash,
    /// What was typed is empty, or too long to be anybody's password.
    UnusablePassword,
    /// The password is wrong.
    WrongPassword,
}

impl LoginFailure {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Exhausted => "exhausted",
            Self::NoPassword => "no_password",
            Self::UnknownUser => "unknown_user",
            Self::UnreadableHash => "unreadable_hash",
            Self::UnusablePassword => "unusable_password",
            Self::WrongPassword => "wrong_password",
        }
    }
}

/// Why a session was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionEnd {
    /// Its person signed out.
    Logout,
    /// A new identifier took its place.
    Replaced,
    /// Its person ended it from elsewhere.
    RevokedByUser,
    /// Its person was shut out.
    UserDisabled,
}

impl SessionEnd {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Replaced => "replaced",
            Self::RevokedByUser => "revoked_by_user",
            Self::UserDisabled => "user_disabled",
        }
    }
}

impl Fact for IdentityFact {
    fn event(&self, origin: &Origin) -> Event {
        let origin = *origin;
        let person = |id: &UserId| Party::new("user", id);
        match self {
            Self::LoginSucceeded { user, methods } => {
                let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
                Event::succeeded(origin, "login.succeeded", person(user), person(user))
                    .with("amr", names.join(" "))
            }
            Self::LoginFailed { user, reason } => {
                let target = user.as_ref().map_or_else(Party::anonymous, person);
                Event::refused(origin, "login.failed", Party::anonymous(), target, reason.as_str())
            }
            Self::SessionCreated { session, sign_in, user } => {
                Event::succeeded(origin, "session.created", person(user), Party::new("session", session))
                    .with("sid", sign_in)
            }
            Self::SessionRevoked { session, sign_in, user, reason } => {
                let mut event =
                    Event::succeeded(origin, "session.revoked", person(user), Party::new("session", session))
                        .with("sid", sign_in);
                event.reason = Some(reason.as_str());
                event
            }
            Self::UserRegistered { user } => {
                Event::succeeded(origin, "user.registered", Party::system(), person(user))
            }
            Self::UserDisabled { user } => {
                Event::succeeded(origin, "user.disabled", Party::system(), person(user))
            }
            Self::PasswordRehashed { user } => {
                Event::succeeded(origin, "password.rehashed", Party::system(), person(user))
            }
        }
    }
}
