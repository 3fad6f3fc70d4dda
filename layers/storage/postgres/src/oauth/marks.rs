//! Marks that are kept elsewhere, beside the store.

use std::{future::Future, pin::Pin, sync::Arc};

use towergate_core::{StoreError, audit::Origin};
use towergate_oauth::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::SingleUse,
};

use super::birth::PostgresBirths;
use crate::{beside::Beside, options::PostgresOptions, store::PostgresStore};

impl PostgresOptions {
    /// Marks what was shown once in what `make` makes, and no longer here. It is handed the births that are remembered here. All who share the
    /// database must do the same.
    pub fn replay_marks<R: ReplayStore>(
        mut self,
        make: impl Fn(PostgresBirths) -> R + Send + Sync + 'static,
    ) -> Self {
        self.marks = Some(Arc::new(move |births| Arc::new(make(births))));
        self
    }
}

impl Beside {
    /// The same, for a store that judges the births of what marks.
    pub(crate) fn marking(mut self, make: &MakeMarks, judge: PostgresStore) -> Self {
        self.marks = Some(make(PostgresBirths(judge)));
        self
    }
}

/// What a store will mark with, once it is open.
pub(crate) type MakeMarks = Arc<dyn Fn(PostgresBirths) -> Kept + Send + Sync>;

/// What a store marks with.
pub(crate) type Kept = Arc<dyn Marks>;

/// A [`ReplayStore`] whose kind does not matter.
pub(crate) trait Marks: Send + Sync {
    fn mark(
        &self,
        once: SingleUse,
        origin: Origin,
    ) -> Pin<Box<dyn Future<Output = Result<Remembering, StoreError>> + Send + '_>>;
}

impl<R: ReplayStore> Marks for R {
    fn mark(
        &self,
        once: SingleUse,
        origin: Origin,
    ) -> Pin<Box<dyn Future<Output = Result<Remembering, StoreError>> + Send + '_>> {
        Box::pin(self.remember_once(once, origin))
    }
}
