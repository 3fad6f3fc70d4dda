//! The one way by which a password comes to count: read, held against what is asked of new ones, hashed.
//!
//! Every flow that sets a password goes through [`NewPasswords::hash`]: registering, a reset, a change, a first one, and whatever
//! a host brings along.

use std::fmt;

#[cfg(feature = "breaches")]
use towergate_core::audit::Fact;
use towergate_core::{
    Secret, StoreError,
    audit::{AuditLog, Origin},
};
#[cfg(feature = "breaches")]
use towergate_identity::rules::fact::IdentityFact;
use towergate_identity::rules::password::{InvalidPassword, Password, PasswordPolicy, PolicyBreach};

#[cfg(feature = "breaches")]
use crate::breaches::Breaches;
use crate::hasher::{HasherError, PasswordHasher};
pub use towergate_identity::rules::password::Owner;

/// Takes new passwords. Cheap to clone.
#[derive(Clone)]
pub struct NewPasswords {
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    must_look_up: bool,
    #[cfg(feature = "breaches")]
    breaches: Option<Breaches>,
}

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewPasswordError {
    /// What was typed is no password; the sentence may be shown.
    #[error(transparent)]
    Password(#[from] InvalidPassword),
    /// The policy does not take it; the sentence may be shown.
    #[error(transparent)]
    Policy(#[from] PolicyBreach),
    /// It leaked somewhere; the sentence may be shown.
    #[error("this password has leaked at another site: whoever guesses tries it")]
    Breached,
    /// It could not be looked up among those that leaked, and the host takes none that was not. The same call may succeed later.
    #[error("the password could not be looked up")]
    Unchecked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords are being hashed, or memory ran out. The same call may succeed later.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// The hash was not made.
    #[error(transparent)]
    Hasher(HasherError),
}

impl NewPasswordError {
    /// What the person may be told, where it is something that they can mend.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Password(_) | Self::Policy(_) | Self::Breached => Some(sentence(&self.to_string())),
            Self::Overloaded | Self::Hasher(_) | Self::Unchecked | Self::Store(_) => None,
        }
    }
}

impl NewPasswords {
    /// Takes what the default policy takes, hashed by `hasher`.
    #[must_use]
    pub fn new(hasher: PasswordHasher) -> Self {
        Self {
            hasher,
            policy: PasswordPolicy::default(),
            must_look_up: false,
            #[cfg(feature = "breaches")]
            breaches: None,
        }
    }

    /// Asks this of them.
    #[must_use]
    pub fn policy(mut self, policy: PasswordPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Takes none without something that looks it up among those that leaked: what an assurance profile asks for does not go missing
    /// in silence.
    #[must_use]
    pub(crate) const fn must_be_looked_up(mut self, must: bool) -> Self {
        self.must_look_up |= must;
        self
    }

    /// Looks them up among those that leaked.
    #[cfg(feature = "breaches")]
    #[must_use]
    pub fn looked_up(mut self, breaches: Breaches) -> Self {
        self.breaches = Some(breaches);
        self
    }

    /// How many characters the password of somebody needs who has a second factor, or not.
    #[must_use]
    pub fn minimum(&self, second_factor: bool) -> usize {
        self.policy.minimum_for(second_factor)
    }

    /// The PHC string of what `owner` typed, if it can be their password from now on. `log` is told where it could not be looked
    /// up.
    ///
    /// # Errors
    /// When it cannot; or when it could not be hashed.
    pub async fn hash<L: AuditLog>(
        &self,
        typed: &Secret<String>,
        owner: Owner<'_>,
        log: &L,
        origin: Origin,
    ) -> Result<Secret<String>, NewPasswordError> {
        let password = Password::parse(typed)?;
        let whose = (owner.email.clone(), owner.second_factor);
        self.hasher.judge(password.clone(), self.policy.clone(), whose).await??;
        self.look_up(&password, log, origin).await?;
        Ok(self.hasher.hash(password).await?)
    }

    /// Where nothing looks them up.
    fn taken_without(&self) -> Result<(), NewPasswordError> {
        if !self.must_look_up {
            return Ok(());
        }
        tracing::error!(
            "the assurance profile asks that new passwords be looked up among those that leaked, and nothing does: give `NewPasswords::looked_up`"
        );
        Err(NewPasswordError::Unchecked)
    }

    #[cfg(not(feature = "breaches"))]
    async fn look_up<L: AuditLog>(&self, _: &Password, _: &L, _: Origin) -> Result<(), NewPasswordError> {
        self.taken_without()
    }

    #[cfg(feature = "breaches")]
    async fn look_up<L: AuditLog>(
        &self,
        password: &Password,
        log: &L,
        origin: Origin,
    ) -> Result<(), NewPasswordError> {
        let Some(breaches) = &self.breaches else { return self.taken_without() };
        match breaches.know(password).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(NewPasswordError::Breached),
            Err(error) => {
                tracing::warn!(%error, "a new password could not be looked up among those that leaked");
                let taken = !breaches.refuses_unchecked();
                log.append(IdentityFact::PasswordUnchecked { taken }.event(&origin)).await?;
                if taken { Ok(()) } else { Err(NewPasswordError::Unchecked) }
            }
        }
    }

    pub(crate) const fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

impl From<HasherError> for NewPasswordError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Overloaded | HasherError::Hashing(_) => Self::Overloaded,
            HasherError::Stopped => Self::Hasher(error),
        }
    }
}

impl fmt::Debug for NewPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPasswords").field("policy", &self.policy).finish_non_exhaustive()
    }
}
