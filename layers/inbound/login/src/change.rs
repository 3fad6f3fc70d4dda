//! Changing a password, or setting the first one, as a plain call for a host's own handler.
//!
//! 1. Whoever calls has let the person through the [gate](crate::sensitive) of sensitive changes.
//! 2. Who has a password types it too, however fresh their sign-in is: a browser that was left open does not give it away. The try
//!    is counted before it is checked, under the count that signing in has.
//! 3. The new password must be one that [can be taken](crate::new_password).
//! 4. One store step replaces the password that was seen, and ends every other session; see
//!    [`change_password`](towergate_identity::ports::PasswordStore::change_password).

pub(crate) mod service;

use towergate_core::{
    Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
    seal::SealError,
};
use towergate_identity::{
    ports::{
        IdentityStore,
        password::{ChangingPassword, PasswordChange as Step},
    },
    rules::{
        fact::{IdentityFact, LoginFailure},
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        notice::Notice,
        password::{Decision, Password},
        session::SessionRecord,
        user::{User, UserState},
    },
};
use tracing::Instrument;

use crate::{
    hasher::{HasherError, PasswordHasher},
    mail::Herald,
    new_password::{NewPasswordError, NewPasswords, Owner},
    site::Site,
};

/// What the person is told whose current password was wrong.
pub const WRONG_PASSWORD: &str = "This is not your current password.";

/// Changes passwords. Cheap to clone when the store is.
#[derive(Debug, Clone)]
pub struct PasswordChange<S> {
    pub(crate) store: S,
    pub(crate) passwords: NewPasswords,
    lockout: LockoutPolicy,
    herald: Herald,
}

/// What is asked of somebody who wants another password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Their address.
    pub email: String,
    /// Whether they have a password, which is asked for.
    pub current: bool,
    /// How many characters the new one needs.
    pub minimum: usize,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The current password is wrong, or missing. The reason is in the audit log.
    #[error("{WRONG_PASSWORD}")]
    WrongPassword,
    /// It was wrong too often lately.
    #[error("the current password was wrong too often")]
    TooManyTries {
        /// From when on it may be tried again.
        until: Timestamp,
    },
    /// The new password cannot be taken.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// Somebody was quicker: the password is another by now.
    #[error("the password is another by now")]
    Overtaken,
    /// The person is disabled or gone.
    #[error("the person may not sign in")]
    UserRefused,
    /// The notice could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error("the work was stopped")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> PasswordChange<S> {
    /// Changes the passwords of the people of `store`.
    #[must_use]
    pub fn new(store: S, hasher: PasswordHasher) -> Self {
        let (passwords, lockout) = (NewPasswords::new(hasher), LockoutPolicy::DEFAULT);
        Self { store, passwords, lockout, herald: Herald::silent() }
    }

    /// Telling people through `site`.
    #[must_use]
    pub fn at<P, H>(mut self, site: &Site<P, H>) -> Self {
        self.herald = site.herald();
        self
    }

    /// Takes new passwords by `passwords`.
    #[must_use]
    pub fn passwords(mut self, passwords: NewPasswords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Counts wrong passwords by `policy`.
    #[must_use]
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.lockout = policy;
        self
    }

    /// What the person of `record` is asked for.
    ///
    /// # Errors
    /// When they are gone, or the store failed.
    pub async fn asked(&self, record: &SessionRecord) -> Result<Asked, ChangeError> {
        let (user, second_factor) = self.person(record).await?;
        let minimum = self.passwords.minimum(second_factor);
        Ok(Asked { email: user.email.to_string(), current: user.password.is_some(), minimum })
    }

    /// Sets the password of the person of `record`, whose session goes on, at `origin.at`. `current` is what they have now, where
    /// they have one. Once begun it runs to its end, even when the caller goes away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When one of them is not good; or when something failed.
    pub async fn change(
        &self,
        record: &SessionRecord,
        current: Option<&Secret<String>>,
        new: &Secret<String>,
        origin: Origin,
    ) -> Result<(), ChangeError> {
        let changing = self.clone().complete(record.clone(), current.cloned(), new.clone(), origin);
        tokio::spawn(changing.in_current_span()).await.unwrap_or(Err(ChangeError::Stopped))
    }

    async fn complete(
        self,
        record: SessionRecord,
        current: Option<Secret<String>>,
        new: Secret<String>,
        origin: Origin,
    ) -> Result<(), ChangeError> {
        let (user, second_factor) = self.person(&record).await?;
        if user.password.is_some() {
            self.verify(&user, current.as_ref(), origin).await?;
        }
        let owner = Owner { email: &user.email, second_factor };
        let hash = self.passwords.hash(&new, owner, &self.store, origin).await?;
        let notice = self.herald.notice(Notice::PasswordChanged, &user, origin.at)?;
        let step = Step { user: user.id, old: user.password, new: hash, keeps: Some(record.id) };
        match self.store.change_password(step, notice, origin).await? {
            ChangingPassword::Changed { .. } => {
                self.herald.announce();
                Ok(())
            }
            ChangingPassword::Overtaken => Err(ChangeError::Overtaken),
        }
    }

    async fn person(&self, record: &SessionRecord) -> Result<(User, bool), ChangeError> {
        let user = self.store.find_user(record.user).await?;
        let user = user.filter(|user| user.state == UserState::Active).ok_or(ChangeError::UserRefused)?;
        let app = self.store.find_totp(user.id).await?;
        let has_second =
            app.is_some_and(|app| app.is_enrolled()) || self.store.has_passkey_factor(user.id).await?;
        Ok((user, has_second))
    }

    /// Whether they know the password that they have.
    async fn verify(
        &self,
        user: &User,
        typed: Option<&Secret<String>>,
        origin: Origin,
    ) -> Result<(), ChangeError> {
        let Some(Ok(typed)) = typed.map(Password::parse) else {
            return Err(self.refuse(user, LoginFailure::UnusablePassword, origin).await);
        };
        let key = TryKey::of_user(CredentialClass::Password, user.id);
        let warning = self.herald.warning(Some(user), None, origin.at);
        let reserved = self.store.reserve_try(key, self.lockout, warning, origin).await?;
        if reserved == (Reserving::Blocked { just_now: true }) {
            self.herald.announce();
        }
        if let Reserving::Wait(until) = reserved {
            return Err(match self.refuse(user, LoginFailure::TooManyTries, origin).await {
                ChangeError::WrongPassword => ChangeError::TooManyTries { until },
                failed => failed,
            });
        }
        let decision = self.passwords.hasher().decide(Some(user.clone()), typed, origin.at).await;
        let reason = match decision.map_err(NewPasswordError::from)? {
            Decision::Proven { .. } if reserved == Reserving::Granted => {
                return Ok(self.store.forget_tries(key).await?);
            }
            Decision::Proven { .. } => LoginFailure::Blocked,
            Decision::Failed(LoginFailure::Exhausted) => return Err(NewPasswordError::Overloaded.into()),
            Decision::Failed(reason) => reason,
        };
        Err(self.refuse(user, reason, origin).await)
    }

    /// Writes the failure down; when that fails, the failure of the store is what is answered.
    async fn refuse(&self, user: &User, reason: LoginFailure, origin: Origin) -> ChangeError {
        let fact = IdentityFact::PasswordRefused { user: user.id, reason };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => ChangeError::WrongPassword,
            Err(error) => ChangeError::Store(error),
        }
    }
}

impl From<HasherError> for ChangeError {
    fn from(error: HasherError) -> Self {
        Self::Password(error.into())
    }
}
