//! Turns the signing keys: makes the next ones in time, and sees what another instance or the command line did.

use std::sync::Arc;

use tokio::sync::watch;
use towergate::{
    core::{Clock, Random},
    oauth::ports::KeyStore,
    oauth_server::KeyRing,
};

/// Turns again and again, until `stop` turns true.
pub async fn keep_turning<S: KeyStore>(
    keys: KeyRing,
    store: S,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    mut stop: watch::Receiver<bool>,
) {
    // A turn takes its time, and must not be late for it.
    let rest = keys.policy().turn_every / 2;
    let mut stopped = async || drop(stop.wait_for(|stop| *stop).await);
    while tokio::time::timeout(rest, stopped()).await.is_err() {
        match keys.turn(&store, &clock, &random).await {
            Ok(moves) => {
                for key in moves {
                    let (kid, algorithm, state) = (key.kid, key.algorithm, key.to.as_str());
                    tracing::info!(%kid, %algorithm, %state, "a signing key has moved");
                }
            }
            Err(error) => tracing::warn!(%error, "the signing keys could not be turned; trying again soon"),
        }
    }
}
