//! Throws away what has expired: at the start, and every few minutes.
//!
//! Anybody may begin an authorization request, so a database that nobody cleans grows without end.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio::sync::watch;
use towergate::{
    core::{Clock, StoreError, Timestamp, audit::Origin, system::OsRandom},
    identity::ports::IdentityStore,
    login::{Goodbye, OnLogout},
    oauth::ports::OAuthStore,
    postgres::PostgresStore,
    sqlite::SqliteStore,
};

use crate::host::Server;

/// How long it rests between two rounds.
const REST: Duration = Duration::from_secs(5 * 60);

/// A store that keeps what has expired until somebody cleans.
pub trait Cleans: Send + Sync + 'static {
    /// Throws away what can no longer matter at `now`; answers what that was.
    ///
    /// # Errors
    /// When the store fails.
    fn throw_away(&self, now: Timestamp) -> impl Future<Output = Result<impl fmt::Debug, StoreError>> + Send;
}

impl Cleans for SqliteStore {
    async fn throw_away(&self, now: Timestamp) -> Result<impl fmt::Debug, StoreError> {
        self.cleanup(now).await
    }
}

impl Cleans for PostgresStore {
    async fn throw_away(&self, now: Timestamp) -> Result<impl fmt::Debug, StoreError> {
        self.cleanup(now).await
    }
}

/// Cleans now and every few minutes, until `stop` turns true.
pub async fn keep_clean(store: impl Cleans, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    loop {
        clean(&store, &*clock).await;
        if tokio::time::timeout(REST, stopped()).await.is_ok() {
            return;
        }
    }
}

/// Cleans once. What fails now is tried again in the next round.
async fn clean(store: &impl Cleans, clock: &dyn Clock) {
    match store.throw_away(clock.now()).await {
        Ok(cleaned) => tracing::debug!(?cleaned, "what had expired was thrown away"),
        Err(error) => tracing::warn!(%error, "what has expired could not be thrown away"),
    }
}

/// Ends the accounts whose days of grace are over: at the start, and every few minutes until `stop` turns true.
pub async fn keep_seeing_off<I: IdentityStore, H: OnLogout>(
    goodbye: Goodbye<I, H>,
    mut stop: watch::Receiver<bool>,
) {
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    loop {
        match goodbye.finish().await {
            Ok(gone) => tracing::debug!(gone, "accounts ended"),
            Err(error) => tracing::warn!(%error, "accounts could not be ended"),
        }
        if tokio::time::timeout(REST, stopped()).await.is_ok() {
            return;
        }
    }
}

/// Forgets clients that registered themselves and were never used: at the start, and every few minutes until `stop` turns
/// true.
pub async fn keep_forgetting<I: IdentityStore, O: OAuthStore>(
    server: Server<I, O>,
    mut stop: watch::Receiver<bool>,
) {
    let random = OsRandom::new();
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    loop {
        match Origin::detached(server.now(), &random) {
            Ok(origin) => match server.forget_unused_clients(origin).await {
                Ok(gone) => tracing::debug!(gone, "unused clients were forgotten"),
                Err(error) => tracing::warn!(%error, "unused clients could not be forgotten"),
            },
            Err(error) => tracing::warn!(%error, "unused clients could not be forgotten"),
        }
        if tokio::time::timeout(REST, stopped()).await.is_ok() {
            return;
        }
    }
}
