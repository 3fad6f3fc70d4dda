//! Saying goodbye, as plain calls for a host's own handler and its cleaner.
//!
//! 1. [`schedule`](Goodbye::schedule) closes the account at once: every session ends, what was mailed opens nothing, what came
//!    from it elsewhere ends ([`OnLogout::leaving`]), and the person is told. After the days of grace it ends for good.
//! 2. Meanwhile a sign-in comes to [`SessionStage::Leaving`](towergate_identity::rules::session::SessionStage::Leaving), in
//!    which nobody is signed in; [`withdraw`](Goodbye::withdraw) lets them stay.
//! 3. [`finish`](Goodbye::finish) ends the accounts whose days are over. The host calls it again and again, on one machine or
//!    several; of two at once, and of it and a second thought, one wins.
//!
//! Who may call the first is the caller's to ask: [`AccountRoutes`](crate::AccountRoutes) asks for a proof of the last five
//! minutes.

use std::{fmt, sync::Arc};

use towergate_core::{Clock, Random, StoreError, Timestamp, audit::Origin, seal::SealError};
use towergate_identity::{
    ports::{
        IdentityStore,
        deletion::{DeletingUser, Scheduling, Withdrawing},
    },
    rules::{
        deletion::{DeletionPolicy, Due},
        notice::Notice,
        user::UserId,
    },
};

use crate::{
    logout::OnLogout,
    mail::{Herald, NoticeError},
    site::Site,
};

/// How many accounts one round ends at most.
const ROUND: u16 = 100;

/// Sees people off. Cheap to clone when the store is.
pub struct Goodbye<S, H = ()> {
    store: S,
    policy: DeletionPolicy,
    hook: Arc<H>,
    herald: Herald,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What came of a goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// The account is closed, and ends at this moment.
    Until(Timestamp),
    /// It has ended.
    Gone,
    /// They are disabled or gone.
    Refused,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoodbyeError {
    /// The mail that tells of it cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: IdentityStore, H: OnLogout> Goodbye<S, H> {
    /// Sees off the people of `store`, by the default [policy](DeletionPolicy).
    pub fn new<P>(store: S, site: &Site<P, H>) -> Self {
        Self {
            store,
            policy: DeletionPolicy::default(),
            hook: Arc::clone(&site.hook),
            herald: site.herald(),
            clock: Arc::clone(&site.clock),
            random: Arc::clone(&site.random),
        }
    }

    /// Ends accounts by `policy`.
    #[must_use]
    pub const fn policy(mut self, policy: DeletionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How accounts end.
    #[must_use]
    pub const fn how(&self) -> DeletionPolicy {
        self.policy
    }

    /// When `user` leaves; `None` when they stay, or are gone.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn of(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.store.deletion_of(user).await
    }

    /// Closes the account of `user` at `origin.at`, to end after the days of grace; at once when there are none.
    ///
    /// # Errors
    /// When the mail cannot be sealed, or the store failed: nothing is changed, or the account is closed.
    pub async fn schedule(&self, user: UserId, origin: Origin) -> Result<Parting, GoodbyeError> {
        let at_once = self.policy.grace.is_zero();
        // Told once, of the end, where that is now.
        let notice = if at_once {
            None
        } else {
            self.herald.notice_to(&self.store, user, Notice::DeletionScheduled, origin.at).await?
        };
        let delete_at = self.policy.end(origin.at);
        let until = match self.store.schedule_deletion(user, delete_at, notice, origin).await? {
            Scheduling::Scheduled { .. } => delete_at,
            Scheduling::Leaving(at) => at,
            Scheduling::UserRefused => return Ok(Parting::Refused),
        };
        self.herald.announce();
        // It is tried again before the account ends; nobody comes in meanwhile.
        if let Err(error) = self.hook.leaving(user, origin).await {
            tracing::error!(%error, %user, "what came from a closed account did not end");
        }
        if at_once && let Some(person) = self.store.find_user(user).await? {
            let due = Due { user: person, delete_at };
            self.end(due, origin).await?;
            return Ok(Parting::Gone);
        }
        Ok(Parting::Until(until))
    }

    /// Lets `user` stay at `origin.at`; `false` when they were not leaving, are disabled, or it is too late.
    ///
    /// # Errors
    /// When the mail cannot be sealed, or the store failed.
    pub async fn withdraw(&self, user: UserId, origin: Origin) -> Result<bool, GoodbyeError> {
        let notice = self.herald.notice_to(&self.store, user, Notice::DeletionWithdrawn, origin.at).await?;
        let withdrawn = self.store.withdraw_deletion(user, notice, origin).await? == Withdrawing::Withdrawn;
        if withdrawn {
            self.herald.announce();
        }
        Ok(withdrawn)
    }

    /// Ends the accounts whose days of grace are over, a hundred at most; answers how many. One that could not be ended stays
    /// for the next round.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn finish(&self) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let mut ended = 0;
        for due in self.store.due_deletions(now, ROUND).await? {
            let origin = Origin::detached(now, &*self.random).map_err(StoreError::unavailable)?;
            let user = due.user.id;
            match self.end(due, origin).await {
                Ok(true) => ended += 1,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, %user, "an account could not be ended"),
            }
        }
        Ok(ended)
    }

    async fn end(&self, due: Due, origin: Origin) -> Result<bool, GoodbyeError> {
        let user = due.user.id;
        self.hook.leaving(user, origin).await?;
        let notice = self.herald.notice(Notice::AccountDeleted, &due.user, origin.at)?;
        let deleted = self.store.delete_user(user, self.policy.ending, notice, origin).await?;
        self.herald.announce();
        Ok(deleted == DeletingUser::Deleted)
    }
}

impl From<NoticeError> for GoodbyeError {
    fn from(error: NoticeError) -> Self {
        match error {
            NoticeError::Seal(error) => Self::Seal(error),
            NoticeError::Store(error) => Self::Store(error),
        }
    }
}

impl<S: Clone, H> Clone for Goodbye<S, H> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            policy: self.policy,
            hook: Arc::clone(&self.hook),
            herald: self.herald.clone(),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }
}

impl<S, H> fmt::Debug for Goodbye<S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Goodbye").field("policy", &self.policy).finish_non_exhaustive()
    }
}
