//! Tells figures that nobody tells by themselves, for whichever recorder is installed.

use std::time::Duration;

use tokio::sync::watch;
use towergate::{
    core::store::Connections, identity::ports::IdentityStore, login::PasswordHasher, metrics::gauges,
    oauth::ports::OAuthStore,
};

/// How long it rests between two looks.
const REST: Duration = Duration::from_secs(5);

/// Looks again and again how busy `hasher` is, and lets it go of memory that it has not used since, until `stop` turns true.
pub async fn keep_telling_of_hashing(hasher: PasswordHasher, mut stop: watch::Receiver<bool>) {
    loop {
        let load = hasher.load();
        gauges::hashing(load.running, load.waiting, load.shed);
        hasher.give_back_idle();
        if is_over(&mut stop).await {
            return;
        }
    }
}

/// Looks again and again how many connections `store` has, until `stop` turns true.
pub async fn keep_telling_of_connections(
    store: &'static str,
    connections: impl Fn() -> Connections,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        gauges::connections(store, connections());
        if is_over(&mut stop).await {
            return;
        }
    }
}

/// Looks again and again how much mail and how many notices wait, until `stop` turns true. Whoever cannot look tells nothing new:
/// that the store is away is told by its steps.
pub async fn keep_telling_of_outboxes<I: IdentityStore, O: OAuthStore>(
    people: I,
    grants: O,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        if let Ok(backlog) = people.mail_backlog().await {
            gauges::outbox("mail", backlog);
        }
        if let Ok(backlog) = grants.logout_backlog().await {
            gauges::outbox("logout", backlog);
        }
        if is_over(&mut stop).await {
            return;
        }
    }
}

/// Rests, unless it is to stop.
async fn is_over(stop: &mut watch::Receiver<bool>) -> bool {
    tokio::time::timeout(REST, stop.wait_for(|stop| *stop)).await.is_ok()
}
