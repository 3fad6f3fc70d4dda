//! Tells figures that nobody tells by themselves, for whichever recorder is installed.

use std::time::Duration;

use tokio::sync::watch;
use towergate::{core::store::Connections, login::PasswordHasher, metrics::gauges};

/// How long it rests between two looks.
const REST: Duration = Duration::from_secs(5);

/// Looks again and again how busy `hasher` is, until `stop` turns true.
pub async fn keep_telling_of_hashing(hasher: PasswordHasher, stop: watch::Receiver<bool>) {
    let look = || {
        let load = hasher.load();
        gauges::hashing(load.running, load.waiting, load.shed);
    };
    keep_looking(look, stop).await;
}

/// Looks again and again how many connections `store` has, until `stop` turns true.
pub async fn keep_telling_of_connections(
    store: &'static str,
    connections: impl Fn() -> Connections,
    stop: watch::Receiver<bool>,
) {
    keep_looking(|| gauges::connections(store, connections()), stop).await;
}

async fn keep_looking(look: impl Fn(), mut stop: watch::Receiver<bool>) {
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    loop {
        look();
        if tokio::time::timeout(REST, stopped()).await.is_ok() {
            return;
        }
    }
}
