//! Whether this program tells the time as the database does, and so as every other instance that does.

use std::{fmt, sync::Arc, time::Duration};

use towergate_core::{
    Clock,
    ready::{Missing, Ready},
};

use crate::{params::params, store::PostgresStore};

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// Ready while a clock and the database's differ by little. Made by [`PostgresStore::same_time`].
#[derive(Clone)]
pub struct SameTime {
    store: PostgresStore,
    clock: Arc<dyn Clock>,
    within: Duration,
}

impl PostgresStore {
    /// A part that is ready while `clock`, which the host goes by, and the database's differ by no more than `within`.
    ///
    /// Nothing counts twice by a clock that is wrong, but what others take for good is over to its host: codes, assertions, mailed
    /// proofs. Where the database's own clock is wrong, all instances are unready.
    #[must_use]
    pub fn same_time(&self, clock: Arc<dyn Clock>, within: Duration) -> SameTime {
        SameTime { store: self.clone(), clock, within }
    }
}

impl Ready for SameTime {
    /// A database that does not answer is the store's to tell.
    async fn missing(&self) -> Vec<Missing> {
        let asked = self.clock.now();
        let told = self.store.all(NOW, params![], |fields| fields.time("now")).await;
        let answered = self.clock.now();
        let Some(told) = told.ok().and_then(|rows| rows.into_iter().next()) else { return vec![] };
        // The database said so at some moment in between.
        let (behind, ahead) = (told.since(answered), asked.since(told));
        if behind.max(ahead) <= self.within {
            return vec![];
        }
        let (behind, ahead) = (behind.as_secs(), ahead.as_secs());
        tracing::error!(behind, ahead, "the clock is not the database's, by so many seconds");
        vec![Missing::Clock]
    }
}

impl fmt::Debug for SameTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SameTime").field("within", &self.within).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::{clock::ManualClock, system::SystemClock};
    use towergate_test_servers::postgres::PostgresServer;

    use super::*;

    #[tokio::test]
    async fn a_clock_that_differs_from_the_databases_is_not_ready_until_it_is_put_right() {
        let database = PostgresServer::shared().database();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        let (minute, far) = (Duration::from_secs(60), Duration::from_secs(120));
        let now = SystemClock.now();
        assert_eq!(store.same_time(Arc::new(SystemClock), minute).missing().await, []);
        for wrong in [now.plus(far), now.minus(far)] {
            let clock = Arc::new(ManualClock::at(wrong));
            let part = store.same_time(clock.clone(), minute);
            assert_eq!(part.missing().await, [Missing::Clock]);
            clock.set(SystemClock.now());
            assert_eq!(part.missing().await, []);
        }
    }
}
