//! What stands beside the store: quicker, and allowed to forget.

use std::fmt;
#[cfg(any(feature = "inbound", feature = "outbound"))]
use std::sync::Arc;
#[cfg(feature = "outbound")]
use std::{future::Future, pin::Pin};

#[cfg(feature = "outbound")]
use towergate_core::{StoreError, audit::Origin};
#[cfg(feature = "inbound")]
use towergate_identity::{ports::session_cache::SessionCache, rules::session::SessionId};
#[cfg(feature = "outbound")]
use towergate_oauth::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::SingleUse,
};

use crate::failure::Failure;
#[cfg(feature = "outbound")]
use crate::{oauth::birth::PostgresBirths, store::PostgresStore};

/// What stands beside the store.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    /// Where sessions are answered from.
    #[cfg(feature = "inbound")]
    pub(crate) sessions: Option<Arc<dyn SessionCache>>,
    /// Where it is marked what was shown once.
    #[cfg(feature = "outbound")]
    pub(crate) marks: Option<Arc<dyn Marks>>,
}

/// What a store will mark with, once it is open.
#[cfg(feature = "outbound")]
pub(crate) type MakeMarks = Arc<dyn Fn(PostgresBirths) -> Arc<dyn Marks> + Send + Sync>;

/// A [`ReplayStore`] whose kind does not matter.
#[cfg(feature = "outbound")]
pub(crate) trait Marks: Send + Sync {
    fn mark(
        &self,
        once: SingleUse,
        origin: Origin,
    ) -> Pin<Box<dyn Future<Output = Result<Remembering, StoreError>> + Send + '_>>;
}

#[cfg(feature = "outbound")]
impl<R: ReplayStore> Marks for R {
    fn mark(
        &self,
        once: SingleUse,
        origin: Origin,
    ) -> Pin<Box<dyn Future<Output = Result<Remembering, StoreError>> + Send + '_>> {
        Box::pin(self.remember_once(once, origin))
    }
}

impl Beside {
    /// The same, for a store that judges the births of what marks.
    #[cfg(feature = "outbound")]
    pub(crate) fn marking(mut self, make: &MakeMarks, judge: PostgresStore) -> Self {
        self.marks = Some(make(PostgresBirths(judge)));
        self
    }
}

/// The sessions that a step ends.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    #[cfg(feature = "inbound")]
    sessions: Vec<SessionId>,
}

impl Ends {
    #[cfg(feature = "inbound")]
    pub(crate) fn of(&mut self, session: SessionId) {
        if !self.sessions.contains(&session) {
            self.sessions.push(session);
        }
    }

    /// Before the commit: from here on nobody is answered these sessions from elsewhere.
    #[cfg_attr(not(feature = "inbound"), expect(clippy::unused_async, reason = "there is nothing to tell"))]
    pub(crate) async fn closing(&self, beside: &Beside) -> Result<(), Failure> {
        #[cfg(feature = "inbound")]
        if let Some(cache) = beside.sessions.as_ref().filter(|_| !self.sessions.is_empty()) {
            cache.closing(&self.sessions).await.map_err(Failure::Store)?;
        }
        #[cfg(not(feature = "inbound"))]
        let _ = beside;
        Ok(())
    }

    /// After the commit, and before anybody hears of it.
    #[cfg_attr(not(feature = "inbound"), expect(clippy::unused_async, reason = "there is nothing to tell"))]
    pub(crate) async fn closed(&self, beside: &Beside) -> Result<(), Failure> {
        #[cfg(feature = "inbound")]
        if let Some(cache) = beside.sessions.as_ref().filter(|_| !self.sessions.is_empty()) {
            cache.closed(&self.sessions).await.map_err(Failure::Store)?;
        }
        #[cfg(not(feature = "inbound"))]
        let _ = beside;
        Ok(())
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}

#[cfg(all(feature = "inbound", feature = "outbound"))]
#[cfg(test)]
mod tests;
