//! A person's own authenticator app and backup codes, as plain calls for a host's own handler: enrol, renew, remove.
//!
//! 1. [`begin`](Authenticator::begin) makes a secret, sealed in the store, that waits ten minutes for its first code.
//! 2. [`confirm`](Authenticator::confirm) takes that code. From then on it is asked for at every sign-in, every other session
//!    of the person ends, and ten backup codes are handed out, once.
//! 3. [`renew_backup_codes`](Authenticator::renew_backup_codes) replaces them all.
//! 4. [`remove`](Authenticator::remove) takes it away, and the codes with it unless a passkey is asked for, and ends every other session.
//! 5. Each of the last three queues the mail that tells the person of it, in the same step.
//!
//! Those who have a passkey can be [asked for it](Authenticator::ask_for_passkey) too, with backup codes of the same kind.
//!
//! Who may call these is the caller's to ask: the pages of [`FactorRoutes`](crate::FactorRoutes) ask for a proof of
//! the last five minutes, by two factors where the person has two.

mod passkey;

use std::{fmt, sync::Arc};

use towergate_core::{
    Random, RandomUnavailable, Secret, StoreError,
    audit::Origin,
    seal::{SealError, SealingRing},
};
use towergate_identity::{
    ports::{
        IdentityStore,
        factor::{BeginningTotp, EnrollingTotp, Enrolment},
    },
    rules::{
        backup_code::BackupCode,
        lockout::{CredentialClass, TryKey},
        notice::Notice,
        session::SessionId,
        totp::{self, TotpCode, TotpSecret, TotpStep},
        user::UserId,
    },
};

use crate::mail::{Herald, NoticeError};

/// Keeps people's authenticator apps. Cheap to clone when the store is.
#[derive(Clone)]
pub struct Authenticator<S> {
    store: S,
    sealing: Arc<SealingRing>,
    random: Arc<dyn Random>,
    drift: u32,
    herald: Herald,
}

/// What a person has.
#[derive(Debug, Clone)]
pub enum Enrolled {
    /// No app.
    Nothing,
    /// A secret that waits for its first code.
    Waiting(TotpSecret),
    /// An app that counts.
    App {
        /// How many backup codes are left.
        backup_codes: usize,
    },
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// There is an app that counts already, or a passkey is asked for already.
    #[error("there is such a factor already")]
    AlreadyThere,
    /// There is no app, or none that waits for its first code; or no passkey.
    #[error("there is no authenticator app or passkey to do this with")]
    NotThere,
    /// The code is not of the secret that was shown.
    #[error("this is not the code of the secret that was shown")]
    WrongCode,
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The secret cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The person is disabled or gone.
    #[error("the person may not sign in")]
    UserRefused,
}

impl<S: IdentityStore> Authenticator<S> {
    /// Keeps apps of the people of `store`, whose secrets `sealing` seals.
    pub fn new(store: S, sealing: SealingRing, random: Arc<dyn Random>) -> Self {
        Self { store, sealing: Arc::new(sealing), random, drift: totp::DRIFT, herald: Herald::silent() }
    }

    /// Tells people of what is changed here, through `herald`.
    #[must_use]
    pub fn telling(mut self, herald: Herald) -> Self {
        self.herald = herald;
        self
    }

    /// Takes a first code that is so many steps early or late: none, or one.
    #[must_use]
    pub const fn drift(mut self, steps: u32) -> Self {
        self.drift = steps;
        self
    }

    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// What `user` has at `origin.at`.
    ///
    /// # Errors
    /// When the store failed, or a secret that waits cannot be opened.
    pub async fn of(&self, user: UserId, origin: Origin) -> Result<Enrolled, AuthenticatorError> {
        match self.store.find_totp(user).await? {
            Some(totp) if totp.is_enrolled() => {
                Ok(Enrolled::App { backup_codes: self.store.backup_codes_left(user).await? })
            }
            Some(totp) if totp.awaits_first_code(origin.at) => {
                Ok(Enrolled::Waiting(TotpSecret::open(&totp.sealed, user, &self.sealing)?))
            }
            _ => Ok(Enrolled::Nothing),
        }
    }

    /// Makes a secret for `user`, to be shown to them, that waits for its first code.
    ///
    /// # Errors
    /// [`AuthenticatorError::AlreadyThere`] when they have an app; otherwise when something failed.
    pub async fn begin(&self, user: UserId, origin: Origin) -> Result<TotpSecret, AuthenticatorError> {
        let secret = TotpSecret::fresh(&self.random)?;
        self.keep(user, &secret, origin).await?;
        Ok(secret)
    }

    /// Makes the secret that waits count, of which `code` is; answers the backup codes, to be shown once. Every session of
    /// theirs but `keeps` ends.
    ///
    /// # Errors
    /// [`AuthenticatorError::WrongCode`] when it is not its code, [`AuthenticatorError::NotThere`] when none waits;
    /// otherwise when something failed.
    pub async fn confirm(
        &self,
        user: UserId,
        code: &Secret<String>,
        keeps: Option<SessionId>,
        origin: Origin,
    ) -> Result<Vec<BackupCode>, AuthenticatorError> {
        let waiting = self.store.find_totp(user).await?;
        let waiting = waiting.filter(|totp| totp.awaits_first_code(origin.at));
        let sealed = waiting.ok_or(AuthenticatorError::NotThere)?.sealed;
        let secret = TotpSecret::open(&sealed, user, &self.sealing)?;
        let step = TotpCode::parse(code).and_then(|code| secret.step_of(&code, origin.at, self.drift));
        let step = step.ok_or(AuthenticatorError::WrongCode)?;
        let codes = BackupCode::fresh_set(&self.random)?;
        let digests = codes.iter().map(|code| code.digest(user)).collect();
        let notice = self.herald.notice_to(&self.store, user, Notice::FactorEnrolled, origin.at).await?;
        let enrolment = Enrolment { user, sealed, step, codes: digests, keeps, notice };
        match self.store.enrol_totp(enrolment, origin).await? {
            EnrollingTotp::Enrolled => {}
            EnrollingTotp::Changed => return Err(AuthenticatorError::NotThere),
        }
        self.herald.announce();
        for class in [CredentialClass::Totp, CredentialClass::BackupCode] {
            self.store.forget_tries(TryKey::of_user(class, user)).await?;
        }
        Ok(codes)
    }

    /// Gives `user` an app with a known secret, which counts at once: for people that a host brings along. No backup codes
    /// come with it, and nobody is told.
    ///
    /// # Errors
    /// [`AuthenticatorError::AlreadyThere`] when they have an app; otherwise when something failed.
    pub async fn import(
        &self,
        user: UserId,
        secret: &TotpSecret,
        origin: Origin,
    ) -> Result<(), AuthenticatorError> {
        let sealed = self.keep(user, secret, origin).await?;
        let (step, codes) = (TotpStep::new(0), Vec::new());
        let enrolment = Enrolment { user, sealed, step, codes, keeps: None, notice: None };
        match self.store.enrol_totp(enrolment, origin).await? {
            EnrollingTotp::Enrolled => Ok(()),
            EnrollingTotp::Changed => Err(AuthenticatorError::AlreadyThere),
        }
    }

    /// Replaces all backup codes of `user`, who has an app or is asked for a passkey; answers the new ones, to be shown once.
    ///
    /// # Errors
    /// [`AuthenticatorError::NotThere`] when they have neither; otherwise when something failed.
    pub async fn renew_backup_codes(
        &self,
        user: UserId,
        origin: Origin,
    ) -> Result<Vec<BackupCode>, AuthenticatorError> {
        let codes = BackupCode::fresh_set(&self.random)?;
        let digests = codes.iter().map(|code| code.digest(user)).collect();
        let notice = self.herald.notice_to(&self.store, user, Notice::BackupCodesRenewed, origin.at).await?;
        if !self.store.renew_backup_codes(user, digests, notice, origin).await? {
            return Err(AuthenticatorError::NotThere);
        }
        self.herald.announce();
        self.store.forget_tries(TryKey::of_user(CredentialClass::BackupCode, user)).await?;
        Ok(codes)
    }

    /// Takes the app of `user` away, and the backup codes unless a passkey is asked for, and ends every session of theirs but `keeps`.
    ///
    /// # Errors
    /// [`AuthenticatorError::NotThere`] when they have no app; otherwise when the store failed.
    pub async fn remove(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        origin: Origin,
    ) -> Result<(), AuthenticatorError> {
        let notice = self.herald.notice_to(&self.store, user, Notice::FactorRemoved, origin.at).await?;
        if !self.store.remove_totp(user, keeps, notice, origin).await? {
            return Err(AuthenticatorError::NotThere);
        }
        self.herald.announce();
        Ok(())
    }

    async fn keep(
        &self,
        user: UserId,
        secret: &TotpSecret,
        origin: Origin,
    ) -> Result<Vec<u8>, AuthenticatorError> {
        let sealed = secret.seal(user, &self.sealing, &self.random)?;
        match self.store.begin_totp(user, sealed.clone(), origin).await? {
            BeginningTotp::Begun => Ok(sealed),
            BeginningTotp::Enrolled => Err(AuthenticatorError::AlreadyThere),
            BeginningTotp::UserRefused => Err(AuthenticatorError::UserRefused),
        }
    }
}

impl From<NoticeError> for AuthenticatorError {
    fn from(error: NoticeError) -> Self {
        match error {
            NoticeError::Seal(error) => Self::Seal(error),
            NoticeError::Store(error) => Self::Store(error),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Authenticator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("store", &self.store).finish_non_exhaustive()
    }
}
