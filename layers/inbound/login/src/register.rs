//! Asking for an account, as a plain call for a host's own handler.
//!
//! 1. What was typed must be an address and a password that the policy takes; the person may be told what is wrong with it,
//!    for that says nothing of who has an account.
//! 2. The password is hashed, whoever asks, and the address looked up; the [rule](registration::decide) says which way it goes.
//! 3. One store step: a new person with the proof of their address and its mail; or a proof for the person who is there
//!    unconfirmed; or a mail to the one who has the address. The answer is the same.

pub mod pages;
pub mod routes;
pub(crate) mod service;

use std::{fmt, sync::Arc};

use towergate_core::{
    Digest, LocalPath, Random, RandomUnavailable, Secret, StoreError,
    audit::{Fact, Origin},
    seal::SealError,
};
use towergate_identity::{
    ports::{IdentityStore, email_token::InVain, mail::Queuing, user::AddingUser},
    rules::{
        email::{EmailAddress, InvalidEmail},
        email_token::{EmailToken, Minted, Purpose, Wanted},
        fact::IdentityFact,
        mail::{MailKind, MailLimit, OutboxMail},
        nobody::nobody,
        password::PasswordPolicy,
        registration::{self, Course},
        user::{User, UserId},
    },
};
use tracing::Instrument;

use crate::{
    hasher::PasswordHasher,
    mail::Mailroom,
    new_password::{NewPasswordError, NewPasswords, Owner},
    query,
    site::{Paths, Site},
};

pub use pages::{ConfirmView, ConfirmedView, RegisterPages, RegisterView};
pub use routes::RegisterRoutes;

/// Takes in people. Cheap to clone when the store is.
#[derive(Clone)]
pub struct Registration<S> {
    pub(crate) store: S,
    pub(crate) room: Mailroom,
    pub(crate) passwords: NewPasswords,
    pub(crate) limit: MailLimit,
    pub(crate) confirm_path: LocalPath,
    pub(crate) login_path: LocalPath,
    pub(crate) random: Arc<dyn Random>,
}

/// What somebody asks for an account with.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// The address, as typed.
    pub email: String,
    /// The password, as typed.
    pub password: Secret<String>,
    /// The digest of a secret that only their browser knows: who opens the mail there need not type the password again.
    pub browser: Option<Digest>,
    /// Where they go on once they are signed in.
    pub return_to: LocalPath,
}

/// Why an asking was not taken. Whether somebody has the address is none of the reasons.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// What was typed is no address; the sentence may be shown.
    #[error("This is not an e-mail address.")]
    Email(#[from] InvalidEmail),
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
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

impl<S: IdentityStore> Registration<S> {
    /// Takes people into `store`, with mail from `room`.
    pub fn new(store: S, hasher: PasswordHasher, room: Mailroom) -> Self {
        let Paths { confirm, login, .. } = Paths::default();
        Self {
            store,
            passwords: NewPasswords::new(hasher),
            room,
            limit: MailLimit::default(),
            confirm_path: confirm,
            login_path: login,
            random: Arc::new(towergate_core::system::OsRandom::new()),
        }
    }

    /// With the paths and the randomness of `site`.
    #[must_use]
    pub fn at<P, H>(mut self, site: &Site<P, H>) -> Self {
        self.confirm_path = site.paths.confirm.clone();
        self.login_path = site.paths.login.clone();
        self.random = Arc::clone(&site.random);
        self
    }

    /// Asks this of new passwords.
    #[must_use]
    pub fn policy(mut self, policy: PasswordPolicy) -> Self {
        self.passwords = self.passwords.policy(policy);
        self
    }

    /// Takes new passwords by `passwords`.
    #[must_use]
    pub fn passwords(mut self, passwords: NewPasswords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Sends a person at most so many mails of a kind.
    #[must_use]
    pub const fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Asks for an account at `origin.at`. Once begun it runs to its end, even when the caller goes away. Call it within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When what was typed cannot be taken, which does not depend on who has an account; or when something failed.
    pub async fn register(&self, applicant: Applicant, origin: Origin) -> Result<(), RegisterError> {
        let asking = self.clone().complete(applicant, origin).in_current_span();
        tokio::spawn(asking).await.unwrap_or(Err(RegisterError::Stopped))
    }

    async fn complete(self, applicant: Applicant, origin: Origin) -> Result<(), RegisterError> {
        let Applicant { email, password, browser, return_to } = applicant;
        let email = EmailAddress::parse(&email)?;
        let owner = Owner { email: &email, second_factor: false };
        let hash = self.passwords.hash(&password, owner, &self.store, origin).await?;
        // Twice: somebody may take the address in between.
        for _ in 0..2 {
            let mut found = self.store.find_user_by_email(&email).await?;
            if found.is_none()
                && let Some(keeper) = self.store.find_address_keeper(&email, origin.at).await?
            {
                // Nobody has it, but it is kept for whom it may go back to: theirs as before.
                let keeper = self.store.find_user(keeper).await?;
                found = keeper.map(|keeper| User { email: email.clone(), ..keeper });
            }
            let wanted = |user, password| Wanted {
                user,
                email: email.clone(),
                purpose: Purpose::Confirm,
                browser: browser.clone(),
                password,
            };
            match (registration::decide(found.as_ref()), found) {
                (Course::Again, Some(user)) => {
                    self.issue(wanted(user.id, Some(hash)), &return_to, origin).await?;
                    return Ok(());
                }
                (Course::Taken, Some(user)) => return self.tell_owner(&user, &return_to, origin).await,
                (Course::Fresh | Course::Again | Course::Taken, _) => {
                    let user = User::fresh(email.clone(), hash.clone(), origin.at, &self.random)?;
                    let (token, mail) = self.write(wanted(user.id, None), &return_to, origin)?;
                    if self.store.register_user(user, token, mail, origin).await? == AddingUser::Added {
                        self.room.wake();
                        return Ok(());
                    }
                }
            }
        }
        Err(StoreError::unavailable("the address is being taken and released by somebody else").into())
    }

    /// Mails the proof of an address once more, if the person is there and unconfirmed and has had few. What was chosen with
    /// the proof before it, and in which browser, goes over to the new one: whoever asks for it here changes neither.
    ///
    /// # Errors
    /// When something failed; not when there is nobody to mail to.
    pub async fn resend(
        &self,
        email: &str,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(), RegisterError> {
        let found = match EmailAddress::parse(email) {
            Ok(email) => self.store.find_user_by_email(&email).await?,
            Err(_) => None,
        };
        let Some(user) = found.as_ref().filter(|user| registration::is_unconfirmed(user)) else {
            return self.resend_in_vain(email, found.map(|user| user.id), return_to, origin).await;
        };
        let before = self.store.open_email_token_of(user.id, Purpose::Confirm, origin.at).await?;
        let (browser, password) = before.map_or((None, None), |token| (token.browser, token.password));
        let (id, email, purpose) = (user.id, user.email.clone(), Purpose::Confirm);
        self.issue(Wanted { user: id, email, purpose, browser, password }, return_to, origin).await
    }

    async fn issue(
        &self,
        wanted: Wanted,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(), RegisterError> {
        let (token, mail) = self.write(wanted, return_to, origin)?;
        self.store.issue_email_token(token, mail, self.limit, origin).await?;
        self.room.wake();
        Ok(())
    }

    async fn tell_owner(
        &self,
        user: &User,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(), RegisterError> {
        let login = self.room.address(&query::with_return_to(&self.login_path, return_to));
        let letter = self.room.letters().address_taken(&login);
        let when = (origin.at, Purpose::Confirm.lifetime());
        let to = (user.id, &user.email);
        let mail = self.room.seal(letter, MailKind::AddressTaken, to, when, &self.random)?;
        match self.store.queue_mail(mail, self.limit, origin).await? {
            Queuing::Queued => {
                self.room.wake();
                Ok(())
            }
            Queuing::TooMany => self.unknown(Some(user.id), "too_many", origin).await,
        }
    }

    /// The proof, and the mail it goes out with.
    fn write(
        &self,
        wanted: Wanted,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(EmailToken, OutboxMail), RegisterError> {
        let Minted { token, link, code } = wanted.mint(self.room.codes(), origin.at, &self.random)?;
        let page = query::with_return_to(&self.confirm_path, return_to);
        let join = if page.as_str().contains('?') { '&' } else { '?' };
        let link = Secret::new(format!("{}{join}token={}", self.room.address(&page), link.expose()));
        let letter = self.room.letters().confirm_address(link.expose(), code.expose());
        let (to, when) = ((token.user, &token.email), (origin.at, token.purpose.lifetime()));
        let mail = self.room.seal(letter, MailKind::ConfirmAddress, to, when, &self.random)?;
        Ok((token, mail))
    }

    /// Does what [`resend`](Self::resend) does for somebody, for nobody: so that the time tells nothing of who is there.
    async fn resend_in_vain(
        &self,
        email: &str,
        person: Option<UserId>,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(), RegisterError> {
        let Ok(email) = EmailAddress::parse(email) else {
            return self.unknown(person, "resend", origin).await;
        };
        let (user, purpose) = (nobody(self.room.codes(), &email), Purpose::Confirm);
        self.store.open_email_token_of(user, purpose, origin.at).await?;
        let wanted = Wanted { user, email, purpose, browser: None, password: None };
        let (token, mail) = self.write(wanted, return_to, origin)?;
        let vain = InVain { token, mail, person, asked: "resend" };
        self.store.issue_in_vain(vain, self.limit, origin).await?;
        self.room.wake();
        Ok(())
    }

    /// Writes down that no mail went out.
    pub(crate) async fn unknown(
        &self,
        user: Option<UserId>,
        asked: &'static str,
        origin: Origin,
    ) -> Result<(), RegisterError> {
        let fact = IdentityFact::EmailTokenUnknown { user, asked };
        Ok(self.store.append(fact.event(&origin)).await?)
    }
}

impl<S> fmt::Debug for Registration<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("passwords", &self.passwords).finish_non_exhaustive()
    }
}
