//! Proving a second factor, as a plain call for a host's own handler.
//!
//! 1. There must be a session: of somebody half signed in, or of somebody signed in who steps up. Where a cookie is all that a
//!    session rests on, a code would be the first factor: it is refused, unspent, and the session stays as it is.
//! 2. What was typed is six digits, a code of an app, or a backup code. What is neither is refused and costs no try.
//! 3. The try is counted before it is checked, apps and backup codes each by themselves
//!    ([`lockout`](towergate_identity::rules::lockout)).
//! 4. A code of an app must be of this step, or of a neighbour where a drift is allowed, and of a later step than any that was spent; the store marks it
//!    spent in one step, so that of many uses at once one counts. So does a backup code.
//! 5. A failure is written to the audit log with its reason; the person learns only [`REFUSED`].
//! 6. A success forgets the failures of that credential and becomes a session with a new identifier, in the same sign-in,
//!    by all means together, proven now.

use std::sync::Arc;

use towergate_core::{
    Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
    seal::{SealError, SealingRing},
};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        backup_code::BackupCode,
        fact::{FactorFailure, IdentityFact},
        level::Level,
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        notice::Notice,
        second_factor::{self, FactorUse, Spending},
        session::SessionRecord,
        totp::{self, TotpCode, TotpSecret},
        user::UserId,
    },
};
use towergate_session::{Begun, Session, SessionError};
use tracing::Instrument;

use crate::{mail::Herald, password::SignedIn};

/// What the person is told, whatever the reason.
pub const REFUSED: &str = "This code is not right, or was used before.";

/// Proves second factors. Cheap to clone when the store is.
#[derive(Debug, Clone)]
pub struct SecondFactor<S> {
    store: S,
    sealing: Arc<SealingRing>,
    lockout: LockoutPolicy,
    drift: u32,
    herald: Herald,
}

/// Why nothing was proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecondFactorError {
    /// There is no session to complete.
    #[error("nobody is signed in, not even half")]
    NoSession,
    /// The code is not good for it. The reason is in the audit log.
    #[error("{REFUSED}")]
    Refused,
    /// It was wrong too often lately.
    #[error("too many codes were wrong")]
    TooManyTries {
        /// From when on it may be tried again.
        until: Timestamp,
    },
    /// The secret of the app cannot be opened: an operator must look at the sealing keys.
    #[error("the secret of an authenticator app cannot be opened: {0}")]
    Seal(#[from] SealError),
    /// The session was not begun.
    #[error(transparent)]
    Session(SessionError),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error("the work was stopped")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> SecondFactor<S> {
    /// Proves factors of the people of `store`, whose secrets `sealing` opens.
    #[must_use]
    pub fn new(store: S, sealing: SealingRing) -> Self {
        let (lockout, herald) = (LockoutPolicy::DEFAULT, Herald::silent());
        Self { store, sealing: Arc::new(sealing), lockout, drift: totp::DRIFT, herald }
    }

    /// Tells people through `herald` when a code of theirs was wrong too often.
    #[must_use]
    pub fn telling(mut self, herald: Herald) -> Self {
        self.herald = herald;
        self
    }

    /// Counts tries by `policy`.
    #[must_use]
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.lockout = policy;
        self
    }

    /// Takes codes of an app that are so many steps early or late: none, or one.
    #[must_use]
    pub const fn drift(mut self, steps: u32) -> Self {
        self.drift = steps;
        self
    }

    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// Trades a code for a session in the place of `session`, at `origin.at`. Once begun it runs to its end, even when the
    /// caller goes away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`SecondFactorError::Refused`] when the code is not good for it, whatever the reason; [`SecondFactorError::NoSession`] when
    /// there is nobody who proved a first factor; otherwise when it was wrong too often, or something failed.
    pub async fn attempt(
        &self,
        typed: &Secret<String>,
        session: &Session,
        origin: Origin,
    ) -> Result<SignedIn, SecondFactorError> {
        let attempt = self.clone().complete(typed.clone(), session.clone(), origin);
        // On its own task: whoever hangs up early must not keep a failure out of the audit log.
        tokio::spawn(attempt.in_current_span()).await.unwrap_or(Err(SecondFactorError::Stopped))
    }

    async fn complete(
        self,
        typed: Secret<String>,
        session: Session,
        origin: Origin,
    ) -> Result<SignedIn, SecondFactorError> {
        // Beside a cookie alone, a second factor would be the first.
        let proven = |first: &Arc<SessionRecord>| Level::of(&first.methods) > Some(Level::Remembered);
        let first = session.record().filter(proven).ok_or(SecondFactorError::NoSession)?;
        let user = first.user;
        let (used, key) = match self.read(user, &typed, origin).await? {
            Ok(read) => read,
            Err(reason) => return Err(self.refuse(user, reason, origin).await),
        };
        let spending = match used {
            FactorUse::BackupCode(code) => self.store.spend_backup_code(user, code, origin).await?,
            FactorUse::Totp(step) => self.store.spend_totp(user, step, origin).await?,
        };
        let Some(proof) = second_factor::decide(&first, spending, origin.at) else {
            let reason = match spending {
                Spending::SpentBefore => FactorFailure::SpentBefore,
                Spending::Spent | Spending::Missing => FactorFailure::WrongCode,
            };
            return Err(self.refuse(user, reason, origin).await);
        };
        self.store.forget_tries(key).await?;
        match session.establish(proof).await {
            Ok(Begun { session, sign_in, stage, ended }) => {
                Ok(SignedIn { user, session, sign_in, stage, ended })
            }
            Err(SessionError::Store(error)) => Err(SecondFactorError::Store(error)),
            Err(error) => Err(SecondFactorError::Session(error)),
        }
    }

    /// What `user` typed, as a code that can be spent; its try is counted.
    pub(crate) async fn read(
        &self,
        user: UserId,
        typed: &Secret<String>,
        origin: Origin,
    ) -> Result<Result<(FactorUse, TryKey), FactorFailure>, SecondFactorError> {
        if let Some(code) = TotpCode::parse(typed) {
            let totp = self.store.find_totp(user).await?;
            let Some(totp) = totp.filter(|totp| totp.is_enrolled()) else {
                return Ok(Err(FactorFailure::Missing));
            };
            let key = TryKey::of_user(CredentialClass::Totp, user);
            if self.reserve(key, origin).await? {
                return Ok(Err(FactorFailure::Blocked));
            }
            let secret = TotpSecret::open(&totp.sealed, user, &self.sealing)?;
            let step = secret.step_of(&code, origin.at, self.drift);
            return Ok(step.map(|step| (FactorUse::Totp(step), key)).ok_or(FactorFailure::WrongCode));
        }
        let Some(code) = BackupCode::parse(typed) else { return Ok(Err(FactorFailure::NoCode)) };
        let key = TryKey::of_user(CredentialClass::BackupCode, user);
        if self.reserve(key, origin).await? {
            return Ok(Err(FactorFailure::Blocked));
        }
        Ok(Ok((FactorUse::BackupCode(code.digest(user)), key)))
    }

    /// Counts the try; `true` when the credential opens nothing any more.
    async fn reserve(&self, key: TryKey, origin: Origin) -> Result<bool, SecondFactorError> {
        let warning = match key.user().filter(|_| self.herald.tells(Notice::TooManyTries)) {
            Some(user) => {
                let user = self.store.find_user(user).await?;
                self.herald.warning(user.as_ref(), None, origin.at)
            }
            None => None,
        };
        match self.store.reserve_try(key, self.lockout, warning, origin).await? {
            Reserving::Granted => Ok(false),
            Reserving::Blocked { just_now } => {
                if just_now {
                    self.herald.announce();
                }
                Ok(true)
            }
            Reserving::Wait(until) => {
                if let Some(user) = key.user() {
                    let fact = IdentityFact::FactorRefused { user, reason: FactorFailure::TooManyTries };
                    self.store.append(fact.event(&origin)).await?;
                }
                Err(SecondFactorError::TooManyTries { until })
            }
        }
    }

    /// Writes the failure down; when that fails, the failure of the store is what is answered.
    pub(crate) async fn refuse(
        &self,
        user: UserId,
        reason: FactorFailure,
        origin: Origin,
    ) -> SecondFactorError {
        let fact = IdentityFact::FactorRefused { user, reason };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => SecondFactorError::Refused,
            Err(error) => SecondFactorError::Store(error),
        }
    }
}
