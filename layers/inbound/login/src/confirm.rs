//! Confirming an address, as plain calls for a host's own handler. See
//! [`email_token`](towergate_identity::rules::email_token) for what is good.

pub(crate) mod service;

use towergate_core::{
    Digest, Secret, StoreError,
    audit::{Fact, Origin},
    token::OpaqueToken,
};
use towergate_identity::{
    ports::{IdentityStore, email_token::Confirming},
    rules::{
        email::EmailAddress,
        email_token::{EmailToken, EmailTokenId, PREFIX, Purpose, Shown, Verdict, code_digest, read_code},
        fact::{IdentityFact, TokenRefusal},
        password::{Decision, Password},
        user::{User, UserId},
    },
};
use tracing::Instrument;

use crate::{
    hasher::{HasherError, PasswordHasher},
    mail::Mailroom,
};

pub(crate) use service::ConfirmPage;

/// Confirms addresses. Cheap to clone when the store is.
#[derive(Debug, Clone)]
pub struct Confirmation<S> {
    pub(crate) store: S,
    pub(crate) hasher: PasswordHasher,
    pub(crate) room: Mailroom,
}

/// What somebody shows.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// The token of a mailed link.
    Link(Secret<String>),
    /// A mailed code, and the address it was mailed to, both as typed.
    Code {
        /// The address.
        email: String,
        /// The code.
        code: Secret<String>,
    },
}

/// Where somebody stands.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// The digest of the secret that the browser which asked for the mail knows.
    pub browser: Option<Digest>,
    /// The password that was chosen, as typed.
    pub password: Option<Secret<String>>,
    /// Who is signed in.
    pub user: Option<UserId>,
}

/// What a link is worth before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prospect {
    /// It is good here.
    Good,
    /// It is good for whoever knows the password.
    AsksPassword,
    /// It is not good.
    Dead,
}

/// Why an address was not confirmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmError {
    /// The link or the code is not good, whatever the reason.
    #[error("the link or the code is not good")]
    Refused,
    /// The link is good for whoever knows the password.
    #[error("the link is good for whoever knows the password")]
    AsksPassword,
    /// Too many passwords are being compared. The same call may succeed later.
    #[error("too many passwords are being compared")]
    Overloaded,
    /// The comparison was not made.
    #[error(transparent)]
    Hasher(HasherError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore> Confirmation<S> {
    /// Confirms the addresses of the people in `store`, by the mail of `room`.
    #[must_use]
    pub const fn new(store: S, hasher: PasswordHasher, room: Mailroom) -> Self {
        Self { store, hasher, room }
    }

    /// Looks at a link without using it, as a page does that mail programs may fetch ahead of their reader.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look(&self, link: &str, ground: &Ground, origin: Origin) -> Result<Prospect, ConfirmError> {
        let Some((token, shown)) = self.by_link(link).await? else { return Ok(Prospect::Dead) };
        Ok(match token.judge(&shown, stands(&token, ground), origin.at) {
            Verdict::Good => Prospect::Good,
            Verdict::Stranger => Prospect::AsksPassword,
            Verdict::Dead | Verdict::Wrong => Prospect::Dead,
        })
    }

    /// Confirms an address at `origin.at`; answers whose. Once begun it runs to its end, even when the caller goes away. Call
    /// it within a tokio runtime.
    ///
    /// # Errors
    /// When what is shown is not good; or when something failed.
    pub async fn confirm(
        &self,
        evidence: Evidence,
        ground: Ground,
        origin: Origin,
    ) -> Result<UserId, ConfirmError> {
        let confirming = self.clone().complete(evidence, ground, origin).in_current_span();
        tokio::spawn(confirming).await.unwrap_or(Err(ConfirmError::Hasher(HasherError::Stopped)))
    }

    async fn complete(
        self,
        evidence: Evidence,
        ground: Ground,
        origin: Origin,
    ) -> Result<UserId, ConfirmError> {
        let found = match &evidence {
            Evidence::Link(link) => self.by_link(link.expose()).await?,
            Evidence::Code { email, code } => self.by_code(email, code, origin).await?,
        };
        let (token, shown) = found.map_or((None, None), |(token, shown)| (Some(token), Some(shown)));
        let knows = self.knows_password(token.as_ref(), ground.password.as_ref(), origin).await?;
        let Some((token, shown)) = token.zip(shown) else {
            let asked = if matches!(evidence, Evidence::Link(_)) { "link" } else { "code" };
            let fact = IdentityFact::EmailTokenUnknown { user: None, asked };
            self.store.append(fact.event(&origin)).await?;
            return Err(ConfirmError::Refused);
        };
        let grounded = knows || stands(&token, &ground);
        match self.store.confirm_email(token.id, shown, grounded, origin).await? {
            Confirming::Confirmed { user, .. } => Ok(user),
            Confirming::Refused(TokenRefusal::Stranger) => Err(ConfirmError::AsksPassword),
            Confirming::Refused(_) | Confirming::Missing => Err(ConfirmError::Refused),
        }
    }

    async fn by_link(&self, link: &str) -> Result<Option<(EmailToken, Shown)>, ConfirmError> {
        let Some(link) = OpaqueToken::parse(PREFIX, link) else { return Ok(None) };
        let token = self.store.find_email_token(EmailTokenId::from_uuid(link.id())).await?;
        let token = token.filter(|token| token.purpose == Purpose::Confirm);
        Ok(token.map(|token| (token, Shown::Link(link.digest()))))
    }

    async fn by_code(
        &self,
        email: &str,
        code: &Secret<String>,
        origin: Origin,
    ) -> Result<Option<(EmailToken, Shown)>, ConfirmError> {
        let Ok(email) = EmailAddress::parse(email) else { return Ok(None) };
        let Some(user) = self.store.find_user_by_email(&email).await? else { return Ok(None) };
        let purpose = Purpose::Confirm;
        let Some(token) = self.store.open_email_token_of(user.id, purpose, origin.at).await? else {
            return Ok(None);
        };
        // What is no code at all is a wrong one: it costs a try like any other.
        let typed = read_code(code.expose()).unwrap_or_else(|| Secret::from("no code"));
        let digest = code_digest(self.room.codes(), purpose, user.id, &email, typed.expose());
        Ok(Some((token, Shown::Code(digest))))
    }

    /// Whether the typed password is the one that goes with the proof. Nobody's costs the same.
    async fn knows_password(
        &self,
        token: Option<&EmailToken>,
        typed: Option<&Secret<String>>,
        origin: Origin,
    ) -> Result<bool, ConfirmError> {
        let Some(Ok(typed)) = typed.map(Password::parse) else { return Ok(false) };
        let user = match token {
            Some(token) => self.store.find_user(token.user).await?,
            None => None,
        };
        let chosen = token.and_then(|token| token.password.clone());
        let user = user.map(|user| User { password: chosen.or(user.password.clone()), ..user });
        match self.hasher.decide(user, typed, origin.at).await {
            Ok(decision) => Ok(matches!(decision, Decision::Proven { .. })),
            Err(HasherError::Overloaded) => Err(ConfirmError::Overloaded),
            Err(error) => Err(ConfirmError::Hasher(error)),
        }
    }
}

/// Whether this is the browser that asked for the mail, or the person is signed in.
fn stands(token: &EmailToken, ground: &Ground) -> bool {
    ground.user == Some(token.user)
        || ground.browser.as_ref().is_some_and(|browser| token.was_asked_by(browser))
}
