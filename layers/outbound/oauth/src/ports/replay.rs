//! What was shown once.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::single_use::SingleUse;

/// Remembers identifiers that count once, across restarts and for all who share the store.
pub trait ReplayStore: Send + Sync + 'static {
    /// Remembers the identifier until its time is over, unless it is remembered already: of many who come with the same
    /// one at once, one is the first. Writes no event: what a repetition means is for the caller to say.
    ///
    /// Each call also forgets what need not be remembered any more at `origin.at`, at least two if there are so many: what
    /// is kept does not outgrow what is alive, even if nobody cleans.
    ///
    /// # Errors
    /// When the store fails; the identifier then counts as neither seen nor unseen.
    fn remember_once(
        &self,
        once: SingleUse,
        origin: Origin,
    ) -> impl Future<Output = Result<Remembering, StoreError>> + Send;
}

/// What became of [`ReplayStore::remember_once`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Remembering {
    /// It was not seen before.
    First,
    /// It was.
    Seen,
}
