//! Telling people what was changed of their account.

use std::{collections::BTreeSet, fmt, sync::Arc};

use towergate_core::{LocalPath, Random, StoreError, Timestamp, seal::SealError};
use towergate_identity::{
    ports::UserStore,
    rules::{
        email::EmailAddress,
        mail::OutboxMail,
        notice::Notice,
        user::{User, UserId},
    },
};

use super::Mailroom;
use crate::site::Paths;

/// Writes the mail that tells somebody of a change, for the store step that makes the change. Cheap to clone; a host gets its
/// own from [`Site::herald`](crate::Site::herald).
///
/// Only an address that its person has proven is told: any other may be a stranger's.
#[derive(Clone)]
pub struct Herald {
    pub(crate) room: Option<Mailroom>,
    pub(crate) silenced: Arc<BTreeSet<Notice>>,
    pub(crate) paths: Arc<Paths>,
    pub(crate) random: Arc<dyn Random>,
}

/// Why a notice could not be written.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Herald {
    /// One that tells nobody anything.
    pub fn silent() -> Self {
        Self {
            room: None,
            silenced: Arc::default(),
            paths: Arc::default(),
            random: Arc::new(towergate_core::system::OsRandom::new()),
        }
    }

    /// The mail that tells `user` of a change at `now`, to be handed to the store step that makes it. `None` where the host
    /// sends no such mail, or nobody has proven the address.
    ///
    /// # Errors
    /// When it could not be sealed; the change is then not to be made.
    pub fn notice(
        &self,
        notice: Notice,
        user: &User,
        now: Timestamp,
    ) -> Result<Option<OutboxMail>, SealError> {
        let Some(_) = user.confirmed_at else { return Ok(None) };
        self.write(notice, (user.id, &user.email), now)
    }

    /// The same for somebody who is known by identifier only. `None` also where there is no such person.
    ///
    /// # Errors
    /// When it could not be sealed, or the store failed.
    pub async fn notice_to<S: UserStore>(
        &self,
        store: &S,
        user: UserId,
        notice: Notice,
        now: Timestamp,
    ) -> Result<Option<OutboxMail>, NoticeError> {
        if !self.tells(notice) {
            return Ok(None);
        }
        let user = store.find_user(user).await?;
        Ok(user.map(|user| self.notice(notice, &user, now)).transpose()?.flatten())
    }

    /// Says that a notice was queued, so that it is sent at once. It is sent without it too, only later.
    pub fn announce(&self) {
        if let Some(room) = &self.room {
            room.wake();
        }
    }

    /// The mail that goes out in case a try is one too many; a decoy of it is thrown away where nobody, or nobody who proved
    /// the address, would be told: it costs the same whoever has the address. Nobody is kept out because it cannot be written.
    pub(crate) fn warning(
        &self,
        user: Option<&User>,
        typed: Option<&EmailAddress>,
        now: Timestamp,
    ) -> Option<OutboxMail> {
        let nobody = UserId::from_uuid(towergate_core::id::Uuid::nil());
        let to = user.map(|user| (user.id, &user.email)).or_else(|| typed.map(|email| (nobody, email)))?;
        match self.write(Notice::TooManyTries, to, now) {
            Ok(mail) => mail.filter(|_| user.is_some_and(|user| user.confirmed_at.is_some())),
            Err(error) => {
                tracing::error!(%error, "a warning of too many tries could not be sealed");
                None
            }
        }
    }

    pub(crate) fn tells(&self, notice: Notice) -> bool {
        self.room.is_some() && !self.silenced.contains(&notice)
    }

    fn write(
        &self,
        notice: Notice,
        to: (UserId, &EmailAddress),
        now: Timestamp,
    ) -> Result<Option<OutboxMail>, SealError> {
        let Some(room) = self.room.as_ref().filter(|_| self.tells(notice)) else { return Ok(None) };
        room.notice(notice, to, self.page(notice), now, &*self.random).map(Some)
    }

    /// Where somebody looks after it.
    fn page(&self, notice: Notice) -> &LocalPath {
        let paths = &*self.paths;
        match notice {
            Notice::AccountDeleted => &paths.after_logout,
            Notice::DeletionScheduled => &paths.login,
            Notice::ApiTokenCreated => &paths.api_tokens,
            Notice::BackupCodesRenewed
            | Notice::FactorEnrolled
            | Notice::FactorRemoved
            | Notice::PasskeyFactorSwitchedOff
            | Notice::PasskeyFactorSwitchedOn => &paths.security,
            Notice::IdentityLinked | Notice::IdentityUnlinked => &paths.identities,
            Notice::NewDevice | Notice::RememberedTheft => &paths.devices,
            Notice::PasskeyAdded | Notice::PasskeyRemoved => &paths.passkeys,
            Notice::PasswordChanged | Notice::PasswordReset | Notice::TooManyTries => &paths.forgot,
            Notice::EmailChangeUndone | Notice::EmailRestored => &paths.forgot,
            Notice::DeletionWithdrawn | Notice::EmailChanged => &paths.account,
        }
    }
}

impl fmt::Debug for Herald {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Herald").field("silenced", &self.silenced).finish_non_exhaustive()
    }
}
