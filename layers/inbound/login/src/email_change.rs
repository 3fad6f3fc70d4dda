//! Changing one's address, as plain calls for a host's own handler.
//!
//! 1. Who asks has passed the [gate](crate::sensitive) of sensitive changes. What is asked for waits as the proof that is
//!    mailed to the new address, good for a day; nothing else changes, and it can be called off.
//! 2. An address that is somebody's is answered like a free one: its owner is told by mail, and nobody is mailed a proof.
//! 3. The proof, by link or by code, is good for the person who asked, signed in in whatever browser; wrong codes are counted
//!    over all mails ([`lockout`](towergate_identity::rules::lockout)). Whoever mistypes the address changes nothing: whoever
//!    has it is not signed in as them. Whoever shows it has passed the gate as of the moment of asking: they proved themself
//!    within five minutes before that, or since, by two factors if they can. So nothing is asked of whoever asked, and a
//!    session that has grown old elsewhere finishes nothing ([ASVS 5.0](https://github.com/OWASP/ASVS) 7.5.1). Calling it off
//!    asks for no proof: nothing changes by it, and whoever finds a change that is not theirs stops it at once.
//! 4. One store step: the address moves, if it is still nobody's; every mailed proof of the person and every other session
//!    ends; the address until now is told, with a link that puts it back within seven days. Until then nobody else can have it.
//!    An address that nobody had proven is neither told nor kept: it may be a stranger's.
//! 5. The way back needs nobody to be signed in, for whoever changed the address may be a thief: all sessions, remembered and
//!    trusted browsers end, the password opens nothing any more, the account is not deleted, and what was added goes: an
//!    authenticator app, backup codes, passkeys, accounts elsewhere, browsers that are known. That is what was added since the
//!    sign-in began in which the change was made, a day before it was asked for at most. A mail to the address that is back
//!    tells what is gone. A new password is had at the page for forgotten ones. The way back to an older address outlives later changes, and closes the ways back of these.
//! 6. Looking at a link does nothing; posting spends it.

pub mod pages;
pub mod routes;
pub(crate) mod service;

use std::{fmt, sync::Arc, time::Duration};

use towergate_core::{
    Digest, Random, RandomUnavailable, Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
    random,
    seal::SealError,
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{
        IdentityStore,
        email_change::{ChangingEmail, EmailChange},
        email_token::Issuing,
    },
    rules::{
        email::{EmailAddress, InvalidEmail},
        email_token::{
            EmailToken, EmailTokenId, Minted, PREFIX, Purpose, Shown, Verdict, Wanted, code_digest, read_code,
        },
        fact::IdentityFact,
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        mail::{MailKind, MailLimit, OutboxMail},
        notice::Notice,
        session::{SessionRecord, SessionStage},
        user::{User, UserId},
    },
};
use towergate_session::{Session, SessionError};
use tracing::Instrument;

use crate::{
    arrival::Stopped,
    mail::{AddedSince, Herald, Mailroom, NOTICE_LIFETIME},
    site::{Paths, Site},
};

pub use pages::{EmailChangePages, EmailUndoView, EmailView};
pub use routes::EmailChangeRoutes;

/// How far before the asking an undoing reaches at most.
const REACH: Duration = Duration::from_secs(24 * 3600);

/// Changes addresses. Cheap to clone when the store is.
#[derive(Clone)]
pub struct AddressChange<S> {
    store: S,
    room: Mailroom,
    herald: Herald,
    paths: Arc<Paths>,
    random: Arc<dyn Random>,
    pub(crate) limit: MailLimit,
    pub(crate) lockout: LockoutPolicy,
}

/// What shows that a new address is its person's.
#[derive(Debug, Clone)]
pub enum ChangeEvidence {
    /// The token of the mailed link.
    Link(Secret<String>),
    /// The mailed code, as typed.
    Code(Secret<String>),
}

/// Why an address was not changed, or a change not asked for. Whether somebody has the address is none of the reasons.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressChangeError {
    /// What was typed is no address; the sentence may be shown.
    #[error("This is not an e-mail address.")]
    Email(#[from] InvalidEmail),
    /// The person has this address already; the sentence may be shown.
    #[error("This is your address already.")]
    Unchanged,
    /// Too many changes were asked for lately; the sentence may be shown.
    #[error("You have asked for too many changes lately. Please try again later.")]
    TooMany,
    /// The link or the code is not good, whatever the reason.
    #[error("the link or the code is not good")]
    Refused,
    /// Codes were wrong too often lately.
    #[error("too many codes were wrong")]
    TooManyTries {
        /// From when on one may be tried again.
        until: Timestamp,
    },
    /// Nobody is signed in, or only half.
    #[error("nobody is signed in")]
    NoSession,
    /// The mail could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> AddressChange<S> {
    /// Changes the addresses of the people in `store`, with mail from `room`.
    pub fn new(store: S, room: Mailroom) -> Self {
        Self {
            store,
            room,
            herald: Herald::silent(),
            paths: Arc::default(),
            random: Arc::new(towergate_core::system::OsRandom::new()),
            limit: MailLimit::default(),
            lockout: LockoutPolicy::DEFAULT,
        }
    }

    /// With the paths, the randomness, the notices and the assurance of `site`.
    #[must_use]
    pub fn at<P, H>(mut self, site: &Site<P, H>) -> Self {
        self.herald = site.herald();
        self.paths = Arc::clone(&site.paths);
        self.random = Arc::clone(&site.random);
        self.lockout = site.lockout();
        self
    }

    /// Lets a person ask so often.
    #[must_use]
    pub const fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) const fn store(&self) -> &S {
        &self.store
    }

    /// The address that a person waits for, if any.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn pending(&self, user: UserId, now: Timestamp) -> Result<Option<EmailAddress>, StoreError> {
        let open = self.store.open_email_token_of(user, Purpose::ChangeEmail, now).await?;
        Ok(open.map(|token| token.email))
    }

    /// When the address that a person waits for was asked for, if there is one. Whoever confirms it is to have proven who they
    /// are no longer before than whoever asked had to; the page of [`EmailChangeRoutes`] sees to that.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn asked_at(&self, user: UserId, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let open = self.store.open_email_token_of(user, Purpose::ChangeEmail, now).await?;
        Ok(open.map(|token| token.created_at))
    }

    /// Asks for another address for `user`, who passed the gate of sensitive changes.
    ///
    /// # Errors
    /// When what was typed cannot be taken, which does not depend on who has an account; or when something failed.
    pub async fn ask(&self, user: UserId, typed: &str, origin: Origin) -> Result<(), AddressChangeError> {
        let email = EmailAddress::parse(typed)?;
        let person = self.store.find_user(user).await?.ok_or(AddressChangeError::NoSession)?;
        if person.email == email {
            return Err(AddressChangeError::Unchanged);
        }
        let kept = self.store.find_address_keeper(&email, origin.at).await?;
        let holder = self.store.find_user_by_email(&email).await?.map(|holder| holder.id).or(kept);
        let wanted = Wanted {
            user,
            email: email.clone(),
            purpose: Purpose::ChangeEmail,
            browser: None,
            password: None,
        };
        let Minted { mut token, link, code } = wanted.mint(self.room.codes(), origin.at, &self.random)?;
        let link = Secret::new(format!("{}?token={}", self.room.address(&self.paths.email), link.expose()));
        let (mut letter, mut kind, mut to) =
            (self.room.letters().change_email(link.expose(), code.expose()), MailKind::ChangeEmail, user);
        if let Some(holder) = holder.filter(|holder| *holder != user) {
            letter = self.room.letters().address_taken(&self.room.address(&self.paths.login));
            (kind, to) = (MailKind::AddressTaken, holder);
            // Nobody knows what it is good for.
            token.code = Digest::of(&random::bytes::<32>(&self.random)?);
        }
        let when = (origin.at, Purpose::ChangeEmail.lifetime());
        let mail = self.room.seal(letter, kind, (to, &email), when, &self.random)?;
        match self.store.ask_email_change(token, mail, self.limit, origin).await? {
            Issuing::Issued => {
                self.room.wake();
                Ok(())
            }
            Issuing::TooMany => Err(AddressChangeError::TooMany),
            Issuing::UserRefused => Err(AddressChangeError::NoSession),
        }
    }

    /// Calls off what was asked for; `false` when nothing was.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn cancel(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.store.cancel_email_change(user, origin).await
    }

    /// Looks at a link without using it: the address that it gives to whoever is signed in.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn look(
        &self,
        link: &str,
        session: &Session,
        origin: Origin,
    ) -> Result<Option<EmailAddress>, StoreError> {
        let Some((token, shown)) = self.by_link(link, Purpose::ChangeEmail).await? else { return Ok(None) };
        let good =
            session.user() == Some(token.user) && token.judge(&shown, true, origin.at) == Verdict::Good;
        Ok(good.then_some(token.email))
    }

    /// Changes the address of whoever is signed in, whose proof is as fresh as [`asked_at`](Self::asked_at) says, at
    /// `origin.at`, and gives their session another identifier. Once begun it
    /// runs to its end, even when the caller goes away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// When what is shown is not good; or when something failed.
    pub async fn confirm(
        &self,
        evidence: ChangeEvidence,
        session: &Session,
        origin: Origin,
    ) -> Result<(), AddressChangeError> {
        let (this, session) = (self.clone(), session.clone());
        let changing = async move { this.complete(evidence, session, origin).await }.in_current_span();
        tokio::spawn(changing).await.unwrap_or_else(|_| Err(Stopped.into()))
    }

    async fn complete(
        self,
        evidence: ChangeEvidence,
        session: Session,
        origin: Origin,
    ) -> Result<(), AddressChangeError> {
        let record = session.record().filter(|record| record.stage == SessionStage::Complete);
        let record = record.ok_or(AddressChangeError::NoSession)?;
        let user = record.user;
        let person = self.store.find_user(user).await?.ok_or(AddressChangeError::NoSession)?;
        let found = match &evidence {
            ChangeEvidence::Link(link) => self.by_link(link.expose(), Purpose::ChangeEmail).await?,
            ChangeEvidence::Code(code) => self.by_code(&person, code, origin).await?,
        };
        let Some((token, shown)) = found else { return Err(self.refused(user, origin).await) };
        let undo = self.way_back(&person, self.reach(&record, &token, origin).await?, origin)?;
        let change = EmailChange { id: token.id, shown, user, keeps: record.id, undo };
        match self.store.change_email(change, origin).await? {
            ChangingEmail::Changed { .. } => self.room.wake(),
            ChangingEmail::Refused(_) | ChangingEmail::Missing => return Err(AddressChangeError::Refused),
        }
        self.store.forget_tries(TryKey::of_user(CredentialClass::MailedCode, user)).await?;
        Self::renew(&session, &record).await;
        Ok(())
    }

    /// The address is changed whatever becomes of this.
    async fn renew(session: &Session, record: &SessionRecord) {
        if let Err(error) = session.renew_id().await
            && !matches!(error, SessionError::Gone)
        {
            tracing::warn!(%error, session = %record.id, "a session keeps its identifier after a change of address");
        }
    }

    /// Looks at a way back without going it: the address that it leads to.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn look_back(&self, link: &str, origin: Origin) -> Result<Option<EmailAddress>, StoreError> {
        let found = self.by_link(link, Purpose::UndoEmailChange).await?;
        let good =
            |(token, shown): &(EmailToken, Shown)| token.judge(shown, true, origin.at) == Verdict::Good;
        Ok(found.filter(good).map(|(token, _)| token.email))
    }

    /// Puts an address back, at `origin.at`; answers which. Once begun it runs to its end, even when the caller goes away. Call
    /// it within a tokio runtime.
    ///
    /// # Errors
    /// When the link is not good; or when something failed.
    pub async fn undo(
        &self,
        link: &Secret<String>,
        origin: Origin,
    ) -> Result<EmailAddress, AddressChangeError> {
        let (this, link) = (self.clone(), link.clone());
        let undoing = async move { this.go_back(link, origin).await }.in_current_span();
        tokio::spawn(undoing).await.unwrap_or_else(|_| Err(Stopped.into()))
    }

    async fn go_back(self, link: Secret<String>, origin: Origin) -> Result<EmailAddress, AddressChangeError> {
        let Some((token, shown)) = self.by_link(link.expose(), Purpose::UndoEmailChange).await? else {
            let fact = IdentityFact::EmailTokenUnknown { user: None, asked: "undo" };
            self.store.append(fact.event(&origin)).await?;
            return Err(AddressChangeError::Refused);
        };
        let person = self.store.find_user(token.user).await?.ok_or(AddressChangeError::Refused)?;
        let mut notices = vec![self.restored(&token, origin).await?];
        notices.extend(self.herald.notice(Notice::EmailChangeUndone, &person, origin.at)?);
        match self.store.undo_email_change(token.id, shown, notices, origin).await? {
            ChangingEmail::Changed { .. } => {
                self.room.wake();
                Ok(token.email)
            }
            ChangingEmail::Refused(_) | ChangingEmail::Missing => Err(AddressChangeError::Refused),
        }
    }

    async fn by_link(&self, link: &str, purpose: Purpose) -> Result<Option<(EmailToken, Shown)>, StoreError> {
        let Some(link) = OpaqueToken::parse(PREFIX, link) else { return Ok(None) };
        let token = self.store.find_email_token(EmailTokenId::from_uuid(link.id())).await?;
        let token = token.filter(|token| token.purpose == purpose);
        Ok(token.map(|token| (token, Shown::Link(link.digest()))))
    }

    async fn by_code(
        &self,
        person: &User,
        code: &Secret<String>,
        origin: Origin,
    ) -> Result<Option<(EmailToken, Shown)>, AddressChangeError> {
        let key = TryKey::of_user(CredentialClass::MailedCode, person.id);
        let warning = self.herald.warning(Some(person), None, origin.at);
        match self.store.reserve_try(key, self.lockout, warning, origin).await? {
            Reserving::Granted => {}
            Reserving::Blocked { just_now } => {
                if just_now {
                    self.herald.announce();
                }
                return Ok(None);
            }
            Reserving::Wait(until) => return Err(AddressChangeError::TooManyTries { until }),
        }
        let (user, purpose) = (person.id, Purpose::ChangeEmail);
        let Some(token) = self.store.open_email_token_of(user, purpose, origin.at).await? else {
            return Ok(None);
        };
        // What is no code at all is a wrong one: it costs a try like any other.
        let typed = read_code(code.expose()).unwrap_or_else(|| Secret::from("no code"));
        let digest = code_digest(self.room.codes(), purpose, user, &token.email, typed.expose());
        Ok(Some((token, Shown::Code(digest))))
    }

    /// From when on what is added goes when the change is undone: the beginning of the sign-in that shows the proof, or the
    /// asking where that was earlier; of a sign-in that goes on for days its last day.
    async fn reach(
        &self,
        record: &SessionRecord,
        token: &EmailToken,
        origin: Origin,
    ) -> Result<Timestamp, StoreError> {
        let asked = token.created_at.min(origin.at);
        let devices = self.store.devices_of(record.user, origin.at).await?;
        let here = devices.sessions.iter().find(|device| device.session.id == record.id);
        let began = here.map_or(record.created_at, |device| device.first_seen_at);
        Ok(began.clamp(asked.minus(REACH), asked))
    }

    /// The mail that tells of what is gone, to the address that is put back.
    async fn restored(&self, token: &EmailToken, origin: Origin) -> Result<OutboxMail, AddressChangeError> {
        let (user, since, notice) = (token.user, token.created_at, Notice::EmailRestored);
        let app = self.store.find_totp(user).await?;
        let passkeys = self.store.passkeys_of(user).await?;
        let linked = self.store.linked_identities_of(user).await?;
        let gone = AddedSince {
            since,
            app: app.is_some_and(|app| app.is_enrolled() && app.created_at >= since),
            passkeys: passkeys.iter().filter(|passkey| passkey.created_at >= since).count(),
            linked: linked.iter().filter(|linked| linked.linked_at >= since).count(),
            was_leaving: self.store.deletion_of(user).await?.is_some(),
        };
        let page = self.room.address(&self.paths.forgot);
        let letter = self.room.letters().email_restored(&gone, origin.at, &page);
        let when = (origin.at, NOTICE_LIFETIME);
        Ok(self.room.seal(letter, MailKind::Notice(notice), (user, &token.email), when, &self.random)?)
    }

    /// The way back to the address until now, which takes back what was added since, and the mail that tells of it.
    fn way_back(
        &self,
        person: &User,
        since: Timestamp,
        origin: Origin,
    ) -> Result<(EmailToken, OutboxMail), AddressChangeError> {
        let purpose = Purpose::UndoEmailChange;
        let (user, email) = (person.id, person.email.clone());
        let wanted = Wanted { user, email, purpose, browser: None, password: None };
        let Minted { mut token, link, .. } = wanted.mint(self.room.codes(), origin.at, &self.random)?;
        token.created_at = since;
        let link = Secret::new(format!("{}?undo={}", self.room.address(&self.paths.email), link.expose()));
        let letter = self.room.letters().notice(Notice::EmailChanged, origin.at, link.expose());
        let when = (origin.at, purpose.lifetime());
        let kind = MailKind::Notice(Notice::EmailChanged);
        let mail = self.room.seal(letter, kind, (user, &person.email), when, &self.random)?;
        Ok((token, mail))
    }

    async fn refused(&self, user: UserId, origin: Origin) -> AddressChangeError {
        let fact = IdentityFact::EmailTokenUnknown { user: Some(user), asked: "change_email" };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => AddressChangeError::Refused,
            Err(error) => error.into(),
        }
    }
}

impl<S> fmt::Debug for AddressChange<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressChange").field("limit", &self.limit).finish_non_exhaustive()
    }
}
