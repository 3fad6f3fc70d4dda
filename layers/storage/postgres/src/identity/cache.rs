//! Sessions that are answered from elsewhere, beside the store.

use std::sync::Arc;

use towergate_identity::ports::SessionCache;
pub(crate) use towergate_identity::rules::session::SessionId as Ended;

use crate::options::PostgresOptions;

/// Where sessions are answered from.
pub(crate) type Sessions = Arc<dyn SessionCache>;

impl PostgresOptions {
    /// Answers sessions from `cache`, and keeps the truth about them here. All who share the database must share the cache: whoever
    /// does without would end sessions that it goes on to answer.
    ///
    /// While the cache is away, sessions are read here, and those that are to end do not: such steps answer that the
    /// store is unavailable.
    pub fn session_cache(mut self, cache: impl SessionCache) -> Self {
        self.beside.sessions = Some(Arc::new(cache));
        self
    }
}
