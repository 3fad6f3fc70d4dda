//! Tells clients that sign-ins ended: as soon as one has, and again later those that could not be told.

use std::time::Duration;

use tokio::sync::watch;
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::host::Server;

/// How long it rests at most: another instance, or this program before it stopped, may have left something to tell.
const REST: Duration = Duration::from_secs(5);

/// Tells again and again, until `stop` turns true.
pub async fn keep_telling<I: IdentityStore, O: OAuthStore>(
    server: Server<I, O>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        // What is under way when it is to stop is finished; if that takes too long, it is told in a minute, by the next program.
        let mut told = stop.clone();
        match server.deliver_logouts_until(async move { drop(told.wait_for(|stop| *stop).await) }).await {
            Ok(told) => tracing::debug!(?told, "clients were told that sign-ins ended"),
            Err(error) => {
                tracing::warn!(%error, "clients could not be told that sign-ins ended; trying again soon")
            }
        }
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => { drop(stopped); return; }
            // Whether it rests its time or is woken up, there is something to look for.
            _ = tokio::time::timeout(REST, server.logout_queued()) => {}
        }
    }
}
