//! Setting a forgotten password anew, as plain calls for a host's own handler.
//!
//! 1. Asking takes an address and says the same to everybody, at the same cost: a link is written and sealed whoever asks,
//!    and one store step follows, which keeps it with its mail, or as much in vain.
//! 2. The link is good for an hour, once, and only while it is the newest. Looking at it spends nothing.
//! 3. It may be opened in another browser than the one that asked: people ask at one machine and read their mail on another, and
//!    unlike a link that confirms a registration it does nothing for whoever asked for it. Whoever opens it chooses the password.
//! 4. The new password must be one that [can be taken](crate::new_password).
//! 5. Whoever has a second factor proves it too, by a code of the app or a backup code, under the same count of tries as when
//!    they sign in. A wrong code costs a try, and leaves the link as it is. Where nobody had proven the address before,
//!    none is asked for: it may be somebody else's, and goes with all that they set.
//! 6. One store step sets the password and ends every session; see
//!    [`reset_password`](towergate_identity::ports::PasswordStore::reset_password). Nobody is signed in by it: whoever holds the
//!    mailbox alone is not let in by this any further than the sign-in page lets them, and the person learns the new password by
//!    using it.

pub(crate) mod cookie;
pub(crate) mod forgot;
pub(crate) mod service;

use std::{fmt, sync::Arc};

use towergate_core::{
    LocalPath, Random, RandomUnavailable, Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
    seal::{SealError, SealingRing},
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{
        IdentityStore,
        email_token::InVain,
        password::{PasswordReset as Step, ResettingPassword},
    },
    rules::{
        email::{EmailAddress, InvalidEmail},
        email_token::{EmailToken, EmailTokenId, Minted, PREFIX, Purpose, Shown, Verdict, Wanted},
        fact::{FactorFailure, IdentityFact, TokenRefusal},
        lockout::{LockoutPolicy, TryKey},
        mail::{MailKind, MailLimit, OutboxMail},
        nobody::nobody,
        notice::Notice,
        second_factor::{FactorUse, Spending},
        user::{User, UserId},
    },
};
use tracing::Instrument;

use crate::{
    hasher::{HasherError, PasswordHasher},
    mail::{Herald, Mailroom},
    new_password::{NewPasswordError, NewPasswords, Owner},
    query,
    second_factor::{SecondFactor, SecondFactorError},
    site::{Paths, Site},
};

/// Sets forgotten passwords anew. Cheap to clone when the store is.
#[derive(Clone)]
pub struct PasswordReset<S> {
    pub(crate) store: S,
    pub(crate) passwords: NewPasswords,
    factor: SecondFactor<S>,
    room: Mailroom,
    limit: MailLimit,
    reset_path: LocalPath,
    herald: Herald,
    random: Arc<dyn Random>,
}

/// What a good link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The address of whose password it sets.
    pub email: EmailAddress,
    /// Whether a second factor goes with it.
    pub asks_code: bool,
    /// How many characters the new password needs.
    pub minimum: usize,
}

/// Why a password was not set anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResetError {
    /// What was typed is no address; the sentence may be shown.
    #[error("This is not an e-mail address.")]
    Email(#[from] InvalidEmail),
    /// The link is not good, whatever the reason.
    #[error("the link is not good")]
    Dead,
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// A code is asked for, and none came.
    #[error("a second factor is asked for")]
    SecondFactorDue,
    /// The code is not good. The reason is in the audit log.
    #[error("the code is not good")]
    FactorRefused,
    /// Codes were wrong too often lately.
    #[error("too many codes were wrong")]
    TooManyTries {
        /// From when on it may be tried again.
        until: Timestamp,
    },
    /// The second factor could not be looked at.
    #[error(transparent)]
    Factor(SecondFactorError),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error("the work was stopped")]
    Stopped,
    /// The mail could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> PasswordReset<S> {
    /// Sets the passwords of the people of `store`, by mail of `room`; `sealing` opens the secrets of their apps.
    pub fn new(store: S, hasher: PasswordHasher, sealing: SealingRing, room: Mailroom) -> Self {
        let Paths { reset, .. } = Paths::default();
        Self {
            factor: SecondFactor::new(store.clone(), sealing),
            store,
            passwords: NewPasswords::new(hasher),
            room,
            limit: MailLimit::default(),
            reset_path: reset,
            herald: Herald::silent(),
            random: Arc::new(towergate_core::system::OsRandom::new()),
        }
    }

    /// With the paths and the randomness of `site`, and telling people through it.
    #[must_use]
    pub fn at<P, H>(mut self, site: &Site<P, H>) -> Self {
        self.reset_path = site.paths.reset.clone();
        self.herald = site.herald();
        self.factor = self.factor.telling(site.herald()).drift(site.totp_drift());
        self.random = Arc::clone(&site.random);
        self
    }

    /// Takes new passwords by `passwords`.
    #[must_use]
    pub fn passwords(mut self, passwords: NewPasswords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Counts wrong codes by `policy`.
    #[must_use]
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.factor = self.factor.lockout(policy);
        self
    }

    /// Sends a person at most so many mails.
    #[must_use]
    pub const fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Has a link mailed to whoever has the address, if anybody has. Once begun it runs to its end, even when the caller goes away.
    /// Call it within a tokio runtime.
    ///
    /// # Errors
    /// When what was typed is no address; or when something failed. Not when nobody has the address.
    pub async fn ask(&self, email: &str, return_to: &LocalPath, origin: Origin) -> Result<(), ResetError> {
        let email = EmailAddress::parse(email)?;
        let asking = self.clone().send(email, return_to.clone(), origin).in_current_span();
        tokio::spawn(asking).await.unwrap_or(Err(ResetError::Stopped))
    }

    async fn send(self, email: EmailAddress, return_to: LocalPath, origin: Origin) -> Result<(), ResetError> {
        let found = self.store.find_user_by_email(&email).await?;
        let nobody = nobody(self.room.codes(), &email);
        let somebody = found.as_ref().filter(|user| user.state.may_prove()).map(|user| user.id);
        let (token, mail) = self.write(somebody.unwrap_or(nobody), email, &return_to, origin)?;
        if somebody.is_some() {
            self.store.issue_email_token(token, mail, self.limit, origin).await?;
        } else {
            let vain = InVain { token, mail, person: found.map(|user| user.id), asked: "reset" };
            self.store.issue_in_vain(vain, self.limit, origin).await?;
        }
        self.room.wake();
        Ok(())
    }

    fn write(
        &self,
        user: UserId,
        email: EmailAddress,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(EmailToken, OutboxMail), ResetError> {
        let purpose = Purpose::ResetPassword;
        let wanted = Wanted { user, email, purpose, browser: None, password: None };
        let Minted { token, link, .. } = wanted.mint(self.room.codes(), origin.at, &self.random)?;
        let page = query::with_return_to(&self.reset_path, return_to);
        let join = if page.as_str().contains('?') { '&' } else { '?' };
        let link = Secret::new(format!("{}{join}token={}", self.room.address(&page), link.expose()));
        let letter = self.room.letters().reset_password(link.expose());
        let (to, when) = ((token.user, &token.email), (origin.at, purpose.lifetime()));
        let mail = self.room.seal(letter, MailKind::ResetPassword, to, when, &self.random)?;
        Ok((token, mail))
    }

    /// Looks at a link without using it, as a page does that mail programs may fetch ahead of their reader; `None` when it is not
    /// good.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look(&self, link: &str, origin: Origin) -> Result<Option<Opened>, ResetError> {
        let Some(Good { owner, asks_code, .. }) = self.good(link, origin).await? else { return Ok(None) };
        let minimum = self.passwords.minimum(asks_code);
        Ok(Some(Opened { email: owner.email, asks_code, minimum }))
    }

    /// Sets the password of whoever the link was mailed to; answers whose it is. Once begun it runs to its end, even when the
    /// caller goes away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When the link, the password or the code is not good, in this order; or when something failed.
    pub async fn reset(
        &self,
        link: &Secret<String>,
        password: &Secret<String>,
        code: Option<&Secret<String>>,
        origin: Origin,
    ) -> Result<UserId, ResetError> {
        let setting = self.clone().complete(link.clone(), password.clone(), code.cloned(), origin);
        tokio::spawn(setting.in_current_span()).await.unwrap_or(Err(ResetError::Stopped))
    }

    async fn complete(
        self,
        link: Secret<String>,
        password: Secret<String>,
        code: Option<Secret<String>>,
        origin: Origin,
    ) -> Result<UserId, ResetError> {
        let Some(Good { token, shown, owner, asks_code }) = self.good(link.expose(), origin).await? else {
            return Err(self.dead(link.expose(), origin).await);
        };
        let spends = match (asks_code, code) {
            (false, _) => None,
            (true, None) => return Err(ResetError::SecondFactorDue),
            (true, Some(code)) => Some(code),
        };
        let owned = Owner { email: &owner.email, second_factor: asks_code };
        let hash = self.passwords.hash(&password, owned, &self.store, origin).await?;
        let spends = match spends {
            Some(code) => Some(self.read_code(owner.id, &code, origin).await?),
            None => None,
        };
        let (factor, key) = spends.unzip();
        let notice = self.herald.notice(Notice::PasswordReset, &owner, origin.at)?;
        let step = Step { token, shown, hash, factor };
        match self.store.reset_password(step, notice, origin).await? {
            ResettingPassword::Reset { user, .. } => {
                self.herald.announce();
                if let Some(key) = key {
                    self.store.forget_tries(key).await?;
                }
                Ok(user)
            }
            ResettingPassword::SecondFactorDue => Err(ResetError::SecondFactorDue),
            ResettingPassword::FactorRefused(spending) => {
                let reason = match spending {
                    Spending::SpentBefore => FactorFailure::SpentBefore,
                    Spending::Spent | Spending::Missing => FactorFailure::WrongCode,
                };
                Err(self.refuse(owner.id, reason, origin).await)
            }
            ResettingPassword::Refused(_) | ResettingPassword::Missing => Err(ResetError::Dead),
        }
    }

    /// What was typed, as a code that can be spent; its try is counted.
    async fn read_code(
        &self,
        user: UserId,
        code: &Secret<String>,
        origin: Origin,
    ) -> Result<(FactorUse, TryKey), ResetError> {
        match self.factor.read(user, code, origin).await? {
            Ok(read) => Ok(read),
            Err(reason) => Err(self.refuse(user, reason, origin).await),
        }
    }

    async fn refuse(&self, user: UserId, reason: FactorFailure, origin: Origin) -> ResetError {
        self.factor.refuse(user, reason, origin).await.into()
    }

    /// What the link proves, if it is good.
    async fn good(&self, link: &str, origin: Origin) -> Result<Option<Good>, ResetError> {
        let Some(link) = OpaqueToken::parse(PREFIX, link) else { return Ok(None) };
        let token = self.store.find_email_token(EmailTokenId::from_uuid(link.id())).await?;
        let shown = Shown::Link(link.digest());
        let good = |token: &EmailToken| {
            token.purpose == Purpose::ResetPassword && token.judge(&shown, true, origin.at) == Verdict::Good
        };
        let Some(token) = token.filter(good) else { return Ok(None) };
        let owner = self.store.find_user(token.user).await?;
        let owner = owner.filter(|owner| owner.state.may_prove() && owner.email == token.email);
        let Some(owner) = owner else { return Ok(None) };
        let app = self.store.find_totp(owner.id).await?;
        let has_second =
            app.is_some_and(|app| app.is_enrolled()) || self.store.has_passkey_factor(owner.id).await?;
        let asks_code = owner.confirmed_at.is_some() && has_second;
        Ok(Some(Good { token: token.id, shown, owner, asks_code }))
    }

    /// Writes down that a link was shown that is not good.
    async fn dead(&self, link: &str, origin: Origin) -> ResetError {
        let found = match OpaqueToken::parse(PREFIX, link) {
            Some(link) => self.store.find_email_token(EmailTokenId::from_uuid(link.id())).await,
            None => Ok(None),
        };
        let found = match found {
            Ok(found) => found.filter(|token| token.purpose == Purpose::ResetPassword),
            Err(error) => return ResetError::Store(error),
        };
        let fact = match found {
            Some(EmailToken { id: token, user, purpose, .. }) => {
                IdentityFact::EmailTokenRefused { token, user, purpose, reason: TokenRefusal::Dead }
            }
            None => IdentityFact::EmailTokenUnknown { user: None, asked: "reset_link" },
        };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => ResetError::Dead,
            Err(error) => ResetError::Store(error),
        }
    }
}

/// A link that is good.
struct Good {
    token: EmailTokenId,
    shown: Shown,
    owner: User,
    asks_code: bool,
}

impl From<SecondFactorError> for ResetError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Refused => Self::FactorRefused,
            SecondFactorError::TooManyTries { until } => Self::TooManyTries { until },
            SecondFactorError::Store(error) => Self::Store(error),
            error => Self::Factor(error),
        }
    }
}

impl From<HasherError> for ResetError {
    fn from(error: HasherError) -> Self {
        Self::Password(error.into())
    }
}

impl<S> fmt::Debug for PasswordReset<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordReset").field("passwords", &self.passwords).finish_non_exhaustive()
    }
}
