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
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    loop {
        tokio::select! {
            // Whatever is cut off here is told in a minute, by this program or the next.
            () = stopped() => return,
            () = tell(&server) => {}
        }
    }
}

async fn tell<I: IdentityStore, O: OAuthStore>(server: &Server<I, O>) {
    match server.deliver_logouts().await {
        Ok(told) => tracing::debug!(?told, "clients were told that sign-ins ended"),
        Err(error) => {
            tracing::warn!(%error, "clients could not be told that sign-ins ended; trying again soon")
        }
    }
    // Whether it rests its time or is woken up, there is something to look for.
    let _ = tokio::time::timeout(REST, server.logout_queued()).await;
}
