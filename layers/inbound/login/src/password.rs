//! Signing in with a password, as a plain call for a host's own handler.
//!
//! 1. The password is read (1 to 128 characters) and the person is loaded; an address that cannot be one is nobody's.
//! 2. The try is counted before it is checked, at an address that nobody has as well: after five failures in a row come
//!    waits ([`lockout`](towergate_identity::rules::lockout)), which say the same to everybody, and stand in the way of no
//!    other way in.
//! 3. One comparison is made on the [hasher](PasswordHasher), whoever asks. After a hundred failures in a row it is made, and
//!    does not count; the person is told of it by mail, once.
//! 4. A failure is written to the audit log with its reason; the person learns only [`REFUSED`].
//! 5. A success becomes a session with a new identifier, and the store writes both facts with it. Whoever has a second
//!    factor is only half signed in by it.
//! 6. A hash that was made in another way than new ones are is replaced. If that fails, the person is signed in.

use towergate_core::{
    Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        email::EmailAddress,
        fact::{IdentityFact, LoginFailure},
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        password::{Decision, Password},
        registration::UnconfirmedAccess,
        session::{SessionId, SessionStage, SignInId},
        user::{User, UserId},
    },
};
use towergate_session::{Begun, Session, SessionError};
use tracing::Instrument;

use crate::{
    arrival::Stopped,
    hasher::{HasherError, PasswordHasher},
    mail::Herald,
};

/// What the person is told, whatever the reason.
pub const REFUSED: &str = "The e-mail address or the password is wrong.";

/// What the person is told who must wait, whoever they are.
pub const TOO_MANY_TRIES: &str = "That was wrong too often. Please wait a while before you try again.";

/// What the person is told whom the host lets in by two factors alone, and who has one.
pub const SECOND_FACTOR_MISSING: &str =
    "You may sign in only with a second factor, and have none yet. Please ask the operator for one.";

/// What the person is told who may not sign in once more.
pub const TOO_MANY_SESSIONS: &str =
    "You are signed in in as many places as are allowed. Sign out in one of them before you sign in here.";

/// Signs people in with a password. Cheap to clone when the store is.
#[derive(Debug, Clone)]
pub struct PasswordLogin<S> {
    store: S,
    hasher: PasswordHasher,
    lockout: LockoutPolicy,
    unconfirmed: UnconfirmedAccess,
    herald: Herald,
}

/// Somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// Their new session.
    pub session: SessionId,
    /// The sign-in it belongs to: the one before it, where the same person proved themself again.
    pub sign_in: SignInId,
    /// Whether they are signed in, or a second factor is due.
    pub stage: SessionStage,
    /// The sign-in that ended with the session whose place this one took; what else came from it is the host's to end.
    pub ended: Option<SignInId>,
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The address, the password or the account is not good for it. The reason is in the audit log.
    #[error("{REFUSED}")]
    Refused,
    /// It was wrong too often lately. The same to everybody, whether anybody has the address or not.
    #[error("{TOO_MANY_TRIES}")]
    TooManyTries {
        /// From when on it may be tried again.
        until: Timestamp,
    },
    /// Too many are signing in, or memory ran out. The same call may succeed later.
    #[error("too many people are signing in")]
    Overloaded,
    /// The comparison was not made.
    #[error(transparent)]
    Hasher(HasherError),
    /// The session was not begun.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> PasswordLogin<S> {
    /// Signs in the people of `store`.
    #[must_use]
    pub fn new(store: S, hasher: PasswordHasher) -> Self {
        let (lockout, unconfirmed) = (LockoutPolicy::DEFAULT, UnconfirmedAccess::Allow);
        Self { store, hasher, lockout, unconfirmed, herald: Herald::silent() }
    }

    /// Tells people through `herald` when their password was typed wrongly too often.
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

    /// Lets people in, or not, whose address nobody has proven.
    #[must_use]
    pub const fn unconfirmed(mut self, access: UnconfirmedAccess) -> Self {
        self.unconfirmed = access;
        self
    }

    /// The store.
    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// Trades an address and a password for a session in the place of `session`, at `origin.at`. Once begun it runs to
    /// its end, even when the caller goes away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`LoginError::Refused`] when they are not good for it, which takes the same time and says the same whatever the
    /// reason; otherwise when there is too much to do or something failed.
    pub async fn attempt(
        &self,
        email: &str,
        password: &Secret<String>,
        session: &Session,
        origin: Origin,
    ) -> Result<SignedIn, LoginError> {
        let attempt = self.clone().complete(email.to_owned(), password.clone(), session.clone(), origin);
        // On its own task: whoever hangs up early must not keep a failure out of the audit log.
        let attempt = tokio::spawn(attempt.in_current_span());
        attempt.await.unwrap_or(Err(LoginError::Hasher(HasherError::Stopped)))
    }

    async fn complete(
        self,
        email: String,
        password: Secret<String>,
        session: Session,
        origin: Origin,
    ) -> Result<SignedIn, LoginError> {
        let Ok(password) = Password::parse(&password) else {
            return Err(self.refuse(None, LoginFailure::UnusablePassword, origin).await);
        };
        let address = EmailAddress::parse(&email).ok();
        let user = match &address {
            Some(address) => self.store.find_user_by_email(address).await?,
            None => None,
        };
        let class = CredentialClass::Password;
        let key = match &user {
            Some(user) => TryKey::of_user(class, user.id),
            None => TryKey::of_nobody(class, &email),
        };
        let warning = self.herald.warning(user.as_ref(), address.as_ref(), origin.at);
        let reserved = self.store.reserve_try(key, self.lockout, warning, origin).await?;
        if reserved == (Reserving::Blocked { just_now: true }) {
            self.herald.announce();
        }
        if let Reserving::Wait(until) = reserved {
            return Err(match self.refuse(user.as_ref(), LoginFailure::TooManyTries, origin).await {
                LoginError::Refused => LoginError::TooManyTries { until },
                failed => failed,
            });
        }
        let decision = self.hasher.decide(user.clone(), password.clone(), origin.at).await?;
        let (proof, rehash_due) = match decision {
            Decision::Proven { proof, rehash_due } => (proof, rehash_due),
            Decision::Failed(LoginFailure::Exhausted) => return Err(LoginError::Overloaded),
            Decision::Failed(reason) => return Err(self.refuse(user.as_ref(), reason, origin).await),
        };
        if matches!(reserved, Reserving::Blocked { .. }) {
            return Err(self.refuse(user.as_ref(), LoginFailure::Blocked, origin).await);
        }
        if !self.unconfirmed.admits(user.as_ref().and_then(|user| user.confirmed_at)) {
            return Err(self.refuse(user.as_ref(), LoginFailure::Unconfirmed, origin).await);
        }
        self.store.forget_tries(key).await?;
        let id = proof.user();
        let Begun { session, sign_in, stage, ended } = match session.establish(proof).await {
            Ok(begun) => begun,
            // Shut out since they were loaded.
            Err(SessionError::UserRefused) => {
                return Err(self.refuse(user.as_ref(), LoginFailure::Disabled, origin).await);
            }
            Err(SessionError::Store(error)) => return Err(LoginError::Store(error)),
            Err(error) => return Err(LoginError::Session(error)),
        };
        if rehash_due {
            self.rehash(user, password, origin).await;
        }
        Ok(SignedIn { user: id, session, sign_in, stage, ended })
    }

    /// Writes the failure down; when that fails, the failure of the store is what is answered.
    async fn refuse(&self, user: Option<&User>, reason: LoginFailure, origin: Origin) -> LoginError {
        let user = user.map(|user| user.id);
        if reason == LoginFailure::UnreadableHash {
            tracing::error!(user = user.map(tracing::field::display), "a stored password hash is unreadable");
        }
        let fact = IdentityFact::LoginFailed { user, reason };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => LoginError::Refused,
            Err(error) => LoginError::Store(error),
        }
    }

    async fn rehash(&self, user: Option<User>, password: Password, origin: Origin) {
        let Some(User { id, password: Some(old), .. }) = user else { return };
        let new = match self.hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(user = %id, %error, "a password hash could not be renewed");
                return;
            }
        };
        if let Err(error) = self.store.rehash_password(id, old, new, origin).await {
            tracing::warn!(user = %id, %error, "a renewed password hash could not be kept");
        }
    }
}

impl From<HasherError> for LoginError {
    fn from(error: HasherError) -> Self {
        if error == HasherError::Overloaded { Self::Overloaded } else { Self::Hasher(error) }
    }
}
