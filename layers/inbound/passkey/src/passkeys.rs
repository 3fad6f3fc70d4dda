//! What every ceremony has in common.

use std::{fmt, sync::Arc};

use towergate_core::{
    Digest, Random, RandomUnavailable, StoreError,
    audit::{Fact, Origin},
    seal::SealError,
    system::OsRandom,
};
use towergate_identity::{
    ports::{IdentityStore, passkey::BeginningCeremony},
    rules::{
        fact::IdentityFact,
        mail::OutboxMail,
        notice::Notice,
        passkey::{CEREMONY, Ceremony, CeremonyFailure, CeremonyId, CeremonyPurpose},
        registration::UnconfirmedAccess,
        user::{User, UserId},
    },
};
use towergate_login::{Stopped, mail::Herald};
use towergate_session::SessionError;
use webauthn_rs_core::WebauthnCore;

use crate::relying_party::RelyingParty;

/// What the person is told, whatever the reason.
pub const REFUSED: &str = "This passkey was not accepted. Please try again, or choose another way.";

/// Makes, takes and keeps passkeys. Cheap to clone when the store is.
#[derive(Clone)]
pub struct Passkeys<S> {
    pub(crate) store: S,
    pub(crate) party: Arc<RelyingParty>,
    pub(crate) core: Arc<WebauthnCore>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) herald: Herald,
    pub(crate) unconfirmed: UnconfirmedAccess,
    pub(crate) other_ways: bool,
    pub(crate) providers: Arc<[String]>,
}

/// Why nothing came of a ceremony, or of a change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// Too many ceremonies wait. The same call may succeed later.
    #[error("too many ceremonies wait for an answer")]
    Busy,
    /// There is no session that this belongs to.
    #[error("nobody is signed in, not even half")]
    NoSession,
    /// The answer is not good for it. The reason is in the audit log too.
    #[error("{REFUSED}")]
    Refused(CeremonyFailure),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// A mail that tells of it could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The session was not begun.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The work was stopped, as happens when the runtime shuts down.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A ceremony could not be put together: a defect.
    #[error("a ceremony could not be put together: {0}")]
    Ceremony(String),
}

impl<S: IdentityStore> Passkeys<S> {
    /// Keeps the passkeys of the people of `store`, for `party`.
    pub fn new(store: S, party: RelyingParty) -> Self {
        Self {
            store,
            core: Arc::new(party.core()),
            party: Arc::new(party),
            random: Arc::new(OsRandom::new()),
            herald: Herald::silent(),
            unconfirmed: UnconfirmedAccess::Allow,
            other_ways: false,
            providers: Arc::default(),
        }
    }

    /// Draws identifiers from `random`. Challenges are drawn by `webauthn-rs-core`, from the machine.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Tells people by mail, as `herald` does, which of their passkeys came and went. Nobody is told otherwise.
    #[must_use]
    pub fn herald(mut self, herald: Herald) -> Self {
        self.herald = herald;
        self
    }

    /// Lets people in, or not, whose address nobody has proven. They get in by default.
    #[must_use]
    pub const fn unconfirmed(mut self, access: UnconfirmedAccess) -> Self {
        self.unconfirmed = access;
        self
    }

    /// Says that people can sign in by mail at this host too: then their last passkey is not their last way in.
    #[must_use]
    pub const fn signs_in_by_mail(mut self) -> Self {
        self.other_ways = true;
        self
    }

    /// Says by which providers people sign in at this host too: whoever has an account at one of them may remove their last
    /// passkey.
    #[must_use]
    pub fn providers<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.providers = names.into_iter().map(Into::into).collect();
        self
    }

    /// Who people sign in at.
    pub fn party(&self) -> &RelyingParty {
        &self.party
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    pub(crate) async fn begin(
        &self,
        purpose: CeremonyPurpose,
        browser: &Digest,
        state: String,
        origin: Origin,
    ) -> Result<CeremonyId, PasskeyError> {
        let id = CeremonyId::fresh(origin.at, &*self.random)?;
        let ceremony = Ceremony {
            id,
            browser: browser.clone(),
            purpose,
            state,
            created_at: origin.at,
            expires_at: origin.at.plus(CEREMONY),
        };
        match self.store.begin_ceremony(ceremony, self.party.room).await? {
            BeginningCeremony::Begun => Ok(id),
            BeginningCeremony::Full => Err(PasskeyError::Busy),
        }
    }

    /// Takes the ceremony, which is spent by it, and says why it is not the one that this answer is for.
    pub(crate) async fn take(
        &self,
        id: CeremonyId,
        purpose: CeremonyPurpose,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<Result<Ceremony, CeremonyFailure>, PasskeyError> {
        let Some(ceremony) = self.store.take_ceremony(id, origin.at).await? else {
            return Ok(Err(CeremonyFailure::Missing));
        };
        Ok(ceremony.admits(browser, purpose, origin.at).map(|()| ceremony))
    }

    /// Writes the failure down; when that fails, the failure of the store is what is answered.
    pub(crate) async fn refuse(
        &self,
        user: Option<UserId>,
        purpose: CeremonyPurpose,
        reason: CeremonyFailure,
        origin: Origin,
    ) -> PasskeyError {
        let fact = IdentityFact::PasskeyRefused { user: user.or(purpose.user()), purpose, reason };
        match self.store.append(fact.event(&origin)).await {
            Ok(()) => PasskeyError::Refused(reason),
            Err(error) => PasskeyError::Store(error),
        }
    }

    /// The mail that tells `user` of it, where people are told.
    pub(crate) fn notice(
        &self,
        notice: Notice,
        user: &User,
        origin: Origin,
    ) -> Result<Option<OutboxMail>, PasskeyError> {
        Ok(self.herald.notice(notice, user, origin.at)?)
    }
}

impl<S> fmt::Debug for Passkeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkeys").field("party", &self.party).finish_non_exhaustive()
    }
}

/// Ceremonies are kept as text, and read back as they were written.
pub(crate) fn written(state: &impl serde::Serialize) -> Result<String, PasskeyError> {
    serde_json::to_string(state).map_err(|error| PasskeyError::Ceremony(error.to_string()))
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(ceremony: &Ceremony) -> Result<T, PasskeyError> {
    serde_json::from_str(&ceremony.state).map_err(|_| {
        PasskeyError::Store(StoreError::Corrupt {
            table: "passkey_ceremonies",
            row: ceremony.id.to_string(),
            problem: String::from("the state cannot be read"),
        })
    })
}
