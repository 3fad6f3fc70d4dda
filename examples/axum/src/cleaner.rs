//! Throws away what has expired: at the start, and every few minutes.
//!
//! Anybody may begin an authorization request, so a database that nobody cleans grows without end.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use towergate::{core::Clock, sqlite::SqliteStore};

/// How long it rests between two rounds.
const REST: Duration = Duration::from_secs(5 * 60);

/// Cleans again and again, until `stop` turns true.
pub async fn keep_clean(store: SqliteStore, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    while tokio::time::timeout(REST, stopped()).await.is_err() {
        clean(&store, &*clock).await;
    }
}

/// Cleans once. What fails now is tried again in the next round.
pub async fn clean(store: &SqliteStore, clock: &dyn Clock) {
    match store.cleanup(clock.now()).await {
        Ok(cleaned) => tracing::debug!(?cleaned, "what had expired was thrown away"),
        Err(error) => tracing::warn!(%error, "what has expired could not be thrown away"),
    }
}
