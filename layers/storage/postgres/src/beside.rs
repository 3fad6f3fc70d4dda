//! What stands beside the store: quicker, and allowed to forget.

use std::fmt;

use crate::failure::Failure;
#[cfg(feature = "inbound")]
use crate::identity::cache::{Ended, Sessions};
#[cfg(feature = "outbound")]
use crate::oauth::marks::Kept;

/// What stands beside the store.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    /// Where sessions are answered from.
    #[cfg(feature = "inbound")]
    pub(crate) sessions: Option<Sessions>,
    /// Where it is marked what was shown once.
    #[cfg(feature = "outbound")]
    pub(crate) marks: Option<Kept>,
}

/// The sessions that a step ends.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    #[cfg(feature = "inbound")]
    sessions: Vec<Ended>,
}

impl Ends {
    #[cfg(feature = "inbound")]
    pub(crate) fn of(&mut self, session: Ended) {
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
