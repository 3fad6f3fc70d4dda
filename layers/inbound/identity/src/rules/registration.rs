//! Which way an asking for an account goes. Every way has the same answer and costs the same work; only mail tells.

use towergate_core::Timestamp;

use super::user::User;

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The address is free: a new person is written, and the address is to be confirmed.
    Fresh,
    /// Somebody has asked before, and nobody has proven the address: the password that comes with this asking counts once
    /// the address is proven from its mail.
    Again,
    /// The address is somebody's: they are told by mail.
    Taken,
}

/// Decides, by who has the address.
#[must_use]
pub fn decide(found: Option<&User>) -> Course {
    match found {
        None => Course::Fresh,
        Some(user) if is_unconfirmed(user) => Course::Again,
        Some(_) => Course::Taken,
    }
}

/// Whether anybody may still prove the address to be theirs.
#[must_use]
pub fn is_unconfirmed(user: &User) -> bool {
    user.state == super::user::UserState::Active && user.confirmed_at.is_none()
}

/// Whether people get in whose address nobody has proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UnconfirmedAccess {
    /// They do, and the host shows them what is missing.
    #[default]
    Allow,
    /// They do not, and are told nothing else than those whose password is wrong.
    Block,
}

impl UnconfirmedAccess {
    /// Whether somebody whose address was proven at `confirmed_at` gets in.
    #[must_use]
    pub const fn admits(self, confirmed_at: Option<Timestamp>) -> bool {
        matches!(self, Self::Allow) || confirmed_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::{
        email::EmailAddress,
        user::{UserId, UserState},
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn user(state: UserState, confirmed_at: Option<Timestamp>) -> User {
        let email = EmailAddress::parse("alice@example.com").unwrap();
        User {
            id: UserId::from_uuid(Uuid::nil()),
            email,
            password: None,
            state,
            created_at: NOW,
            confirmed_at,
        }
    }

    #[test]
    fn only_an_address_that_nobody_proved_can_be_asked_for_again() {
        for (found, course) in [
            (None, Course::Fresh),
            (Some(user(UserState::Active, None)), Course::Again),
            (Some(user(UserState::Active, Some(NOW))), Course::Taken),
            (Some(user(UserState::Disabled, None)), Course::Taken),
            (Some(user(UserState::Disabled, Some(NOW))), Course::Taken),
        ] {
            assert_eq!(decide(found.as_ref()), course);
        }
    }

    #[test]
    fn blocking_keeps_out_whoever_has_proven_nothing() {
        assert!(UnconfirmedAccess::Allow.admits(None) && UnconfirmedAccess::Block.admits(Some(NOW)));
        assert!(!UnconfirmedAccess::Block.admits(None));
    }
}
