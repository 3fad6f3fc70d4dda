//! What towergate keeps of a person: an identifier, an address, a password hash. All else is the host's.

use towergate_core::{Random, RandomUnavailable, Secret, Timestamp, typed_id};

use super::email::EmailAddress;

typed_id! {
    /// A person, for ever: never reused, never an address.
    UserId
}

/// A person as a store keeps them.
#[derive(Debug, Clone)]
pub struct User {
    /// Their identifier.
    pub id: UserId,
    /// The address they sign in with.
    pub email: EmailAddress,
    /// The PHC string of their password, if they have one.
    pub password: Option<Secret<String>>,
    /// Whether they may sign in.
    pub state: UserState,
    /// When they came.
    pub created_at: Timestamp,
    /// Since when their address is known to be theirs; `None` while nobody has proven it.
    pub confirmed_at: Option<Timestamp>,
}

impl User {
    /// Somebody new with a new identifier and an address that is still to be proven, who may sign in by the password behind
    /// `hash`, a PHC string.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn fresh(
        email: EmailAddress,
        hash: Secret<String>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, RandomUnavailable> {
        let id = UserId::fresh(now, random)?;
        let (password, state) = (Some(hash), UserState::Active);
        Ok(Self { id, email, password, state, created_at: now, confirmed_at: None })
    }
}

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserState {
    /// They may.
    Active,
    /// They may not, and every session they had has ended.
    Disabled,
    /// Their account is going to be deleted. They may prove who they are, and then keep it or not, and nothing else.
    Leaving,
    /// Their account was deleted. They may not.
    Deleted,
}

impl UserState {
    /// Whether it counts when they prove who they are.
    #[must_use]
    pub const fn may_prove(self) -> bool {
        matches!(self, Self::Active | Self::Leaving)
    }
}
