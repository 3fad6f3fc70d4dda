//! Signing in by mail, as plain calls for a host's own handler.
//!
//! 1. Somebody types an address. Whoever has it, and is not shut out, is mailed a link and a code: good for ten minutes, once,
//!    and only the newest. Whoever has it and whether anybody does is not told, and costs the same: a proof is made, a mail is
//!    sealed, one step writes as much. Nobody is registered by it.
//! 2. Looking at the link does nothing, for mail programs fetch links ahead of their reader. Posting it spends it.
//! 3. In the browser that asked, the link or the code signs in.
//! 4. The code is good nowhere else. There it looks wrong, and the mail loses none of its five tries by it.
//! 5. The link is good in another browser for whoever types the address that it was mailed to, or is signed in as its person
//!    already; it signs in that browser and no other. So a link that somebody had mailed to themself makes nobody sign in as
//!    them who only clicks; and whoever opens a link that a stranger asked for signs in nobody's browser but their own.
//! 6. A code is a credential that can be guessed: tries are counted over all mails of a person
//!    ([`lockout`](towergate_identity::rules::lockout)), and at an address that nobody has alike. Links are not guessed, and
//!    open whatever was tried; so do they where a password is blocked.
//! 7. Mail is one factor, never two: whoever has a second one is half signed in by it.
//! 8. Where nobody had proven the address before, signing in proves it, and what was set until then is gone: password,
//!    factors, sessions. It may have been somebody else's.

pub mod pages;
pub mod routes;
pub(crate) mod service;

use std::{fmt, sync::Arc, time::Duration};

use towergate_core::{
    Digest, LocalPath, Random, RandomUnavailable, Secret, StoreError, Timestamp,
    audit::{Fact, Origin},
    seal::SealError,
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{IdentityStore, email_token::InVain},
    rules::{
        email::{EmailAddress, InvalidEmail},
        email_token::{
            EmailToken, EmailTokenId, Minted, PREFIX, Purpose, Shown, Verdict, Wanted, code_digest, read_code,
        },
        fact::{IdentityFact, TokenRefusal},
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
        mail::{MailKind, MailLimit, OutboxMail},
        mail_sign_in::{self, MailSpending},
        nobody::nobody,
        user::{User, UserId},
    },
};
use towergate_session::{Begun, Session, SessionError};

use crate::{
    arrival::Stopped,
    confirm::Evidence,
    mail::{Herald, Mailroom},
    password::SignedIn,
    query,
    site::{Paths, Site},
};

pub use pages::{MagicPages, MagicView};
pub use routes::MagicRoutes;

/// Signs people in by mail. Cheap to clone when the store is.
#[derive(Clone)]
pub struct MagicLink<S> {
    store: S,
    room: Mailroom,
    herald: Herald,
    path: LocalPath,
    random: Arc<dyn Random>,
    pub(crate) limit: MailLimit,
    pub(crate) lockout: LockoutPolicy,
    pub(crate) lifetime: Duration,
}

/// Where somebody stands who shows a link or a code.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The digest of the secret of their browser.
    pub browser: Option<Digest>,
    /// The address that they typed, where they were asked to.
    pub address: Option<String>,
}

/// What a link is worth before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MagicProspect {
    /// It signs in here.
    Good,
    /// It was asked for in another browser, at this moment: it signs in whoever types the address it was mailed to.
    AsksAddress(Timestamp),
    /// It is not good.
    Dead,
}

/// Why nobody signed in, or no mail was asked for. Whether somebody has the address is none of the reasons.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MagicError {
    /// What was typed is no address; the sentence may be shown.
    #[error("This is not an e-mail address.")]
    Email(#[from] InvalidEmail),
    /// The link or the code is not good, whatever the reason.
    #[error("the link or the code is not good")]
    Refused,
    /// The link is good here for whoever types the address that it was mailed to.
    #[error("the link was asked for in another browser")]
    AsksAddress,
    /// Codes were wrong too often lately. The same to everybody, whether anybody has the address or not.
    #[error("too many codes were wrong")]
    TooManyTries {
        /// From when on one may be tried again.
        until: Timestamp,
    },
    /// The mail could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
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

impl<S: IdentityStore> MagicLink<S> {
    /// Signs in the people of `store` by mail from `room`.
    pub fn new(store: S, room: Mailroom) -> Self {
        Self {
            store,
            room,
            herald: Herald::silent(),
            path: Paths::default().magic,
            random: Arc::new(towergate_core::system::OsRandom::new()),
            limit: MailLimit::default(),
            lockout: LockoutPolicy::DEFAULT,
            lifetime: Purpose::SignIn.lifetime(),
        }
    }

    /// With the paths, the randomness, the notices and the assurance of `site`.
    #[must_use]
    pub fn at<P, H>(mut self, site: &Site<P, H>) -> Self {
        self.herald = site.herald();
        self.path = site.paths.magic.clone();
        self.random = Arc::clone(&site.random);
        self.lockout = site.lockout();
        self.lifetime(site.mailed_sign_in_lifetime())
    }

    /// Sends a person at most so many mails.
    #[must_use]
    pub const fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Counts wrong codes by `policy`.
    #[must_use]
    pub const fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.lockout = policy;
        self
    }

    /// Lets a mail be good for so long, ten minutes at most.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.min(Purpose::SignIn.lifetime());
        self
    }

    /// Mails whoever has this address, if anybody has, at `origin.at`. `browser` is the digest of a secret of the browser that
    /// asks; `return_to` where they go on once they are signed in.
    ///
    /// # Errors
    /// When what was typed is no address, or something failed; not when there is nobody to mail to.
    pub async fn ask(
        &self,
        email: &str,
        browser: Option<Digest>,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(), MagicError> {
        let email = EmailAddress::parse(email)?;
        let found = self.store.find_user_by_email(&email).await?;
        let nobody = nobody(self.room.codes(), &email);
        let somebody = found.as_ref().filter(|user| user.state.may_prove()).map(|user| user.id);
        let (token, mail) = self.write(somebody.unwrap_or(nobody), email, browser, return_to, origin)?;
        if somebody.is_some() {
            self.store.issue_email_token(token, mail, self.limit, origin).await?;
        } else {
            let vain = InVain { token, mail, person: found.map(|user| user.id), asked: "sign_in" };
            self.store.issue_in_vain(vain, self.limit, origin).await?;
        }
        self.room.wake();
        Ok(())
    }

    /// Looks at a link without using it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look(
        &self,
        link: &str,
        standing: &Standing,
        session: &Session,
        origin: Origin,
    ) -> Result<MagicProspect, MagicError> {
        let Some((token, shown)) = self.by_link(link).await? else { return Ok(MagicProspect::Dead) };
        Ok(match token.judge(&shown, stands(&token, standing, session), origin.at) {
            Verdict::Good => MagicProspect::Good,
            Verdict::Stranger => MagicProspect::AsksAddress(token.created_at),
            Verdict::Dead | Verdict::Wrong => MagicProspect::Dead,
        })
    }

    /// Trades what was mailed for a session in the place of `session`, at `origin.at`. Run it within
    /// [`Site::sign_in`], so that it runs to its end.
    ///
    /// # Errors
    /// When what is shown is not good; or when something failed.
    pub async fn attempt(
        &self,
        evidence: &Evidence,
        standing: &Standing,
        session: &Session,
        origin: Origin,
    ) -> Result<SignedIn, MagicError> {
        let found = match evidence {
            Evidence::Link(link) => self.by_link(link.expose()).await?,
            Evidence::Code { email, code } => self.by_code(email, code, standing, origin).await?,
        };
        let Some((token, shown)) = found else {
            let asked = if matches!(evidence, Evidence::Link(_)) { "link" } else { "code" };
            self.unknown(None, asked, origin).await?;
            return Err(MagicError::Refused);
        };
        let grounded = stands(&token, standing, session);
        let spending = self.store.spend_mail_sign_in(token.id, shown, grounded, origin).await?;
        let Some(proof) = mail_sign_in::decide(spending, origin.at) else {
            return Err(match spending {
                MailSpending::Refused(TokenRefusal::Stranger) => MagicError::AsksAddress,
                _ => MagicError::Refused,
            });
        };
        let user = proof.user();
        self.store.forget_tries(TryKey::of_user(CredentialClass::MailedCode, user)).await?;
        match session.establish(proof).await {
            Ok(Begun { session, sign_in, stage, ended }) => {
                Ok(SignedIn { user, session, sign_in, stage, ended })
            }
            // Shut out since the proof was spent.
            Err(SessionError::UserRefused) => Err(MagicError::Refused),
            Err(error) => Err(error.into()),
        }
    }

    async fn by_link(&self, link: &str) -> Result<Option<(EmailToken, Shown)>, MagicError> {
        let Some(link) = OpaqueToken::parse(PREFIX, link) else { return Ok(None) };
        let token = self.store.find_email_token(EmailTokenId::from_uuid(link.id())).await?;
        let token = token.filter(|token| token.purpose == Purpose::SignIn);
        Ok(token.map(|token| (token, Shown::Link(link.digest()))))
    }

    /// The proof that a code may be of, in the browser that asked for it; the try is counted wherever and at whom it is made.
    async fn by_code(
        &self,
        typed: &str,
        code: &Secret<String>,
        standing: &Standing,
        origin: Origin,
    ) -> Result<Option<(EmailToken, Shown)>, MagicError> {
        let address = EmailAddress::parse(typed).ok();
        let user = match &address {
            Some(address) => self.store.find_user_by_email(address).await?,
            None => None,
        };
        let class = CredentialClass::MailedCode;
        let key = match &user {
            Some(user) => TryKey::of_user(class, user.id),
            None => TryKey::of_nobody(class, typed),
        };
        let warning = self.herald.warning(user.as_ref(), address.as_ref(), origin.at);
        let blocked = match self.store.reserve_try(key, self.lockout, warning, origin).await? {
            Reserving::Granted => false,
            Reserving::Blocked { just_now } => {
                if just_now {
                    self.herald.announce();
                }
                true
            }
            Reserving::Wait(until) => {
                self.unknown(user.map(|user| user.id), "too_many_tries", origin).await?;
                return Err(MagicError::TooManyTries { until });
            }
        };
        let Some(User { id, email, .. }) = user else { return Ok(None) };
        let open = self.store.open_email_token_of(id, Purpose::SignIn, origin.at).await?;
        let here = |token: &EmailToken| asked_here(token, standing);
        let Some(token) = open.filter(|token| !blocked && here(token)) else { return Ok(None) };
        // What is no code at all is a wrong one: it costs a try like any other.
        let typed = read_code(code.expose()).unwrap_or_else(|| Secret::from("no code"));
        let digest = code_digest(self.room.codes(), Purpose::SignIn, id, &email, typed.expose());
        Ok(Some((token, Shown::Code(digest))))
    }

    /// The proof, and the mail it goes out with.
    fn write(
        &self,
        user: UserId,
        email: EmailAddress,
        browser: Option<Digest>,
        return_to: &LocalPath,
        origin: Origin,
    ) -> Result<(EmailToken, OutboxMail), MagicError> {
        let wanted = Wanted { user, email, purpose: Purpose::SignIn, browser, password: None };
        let Minted { mut token, link, code } = wanted.mint(self.room.codes(), origin.at, &self.random)?;
        token.expires_at = origin.at.plus(self.lifetime);
        let page = query::with_return_to(&self.path, return_to);
        let join = if page.as_str().contains('?') { '&' } else { '?' };
        let link = Secret::new(format!("{}{join}token={}", self.room.address(&page), link.expose()));
        let letter = self.room.letters().sign_in(link.expose(), code.expose());
        let (to, when) = ((token.user, &token.email), (origin.at, self.lifetime));
        let mail = self.room.seal(letter, MailKind::SignIn, to, when, &self.random)?;
        Ok((token, mail))
    }

    /// Writes down that nothing came of it, which costs what writing something does.
    async fn unknown(
        &self,
        user: Option<UserId>,
        asked: &'static str,
        origin: Origin,
    ) -> Result<(), MagicError> {
        let fact = IdentityFact::EmailTokenUnknown { user, asked };
        Ok(self.store.append(fact.event(&origin)).await?)
    }
}

impl<S> fmt::Debug for MagicLink<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MagicLink").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Whether somebody stands on firm ground: in the browser that asked, signed in as the person, or by typing their address.
fn stands(token: &EmailToken, standing: &Standing, session: &Session) -> bool {
    let typed = standing.address.as_deref().and_then(|typed| EmailAddress::parse(typed).ok());
    asked_here(token, standing)
        || session.user() == Some(token.user)
        || typed.is_some_and(|typed| typed == token.email)
}

fn asked_here(token: &EmailToken, standing: &Standing) -> bool {
    standing.browser.as_ref().is_some_and(|browser| token.was_asked_by(browser))
}
