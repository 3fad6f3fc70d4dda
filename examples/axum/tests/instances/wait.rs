//! Waiting for something to become true.

use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again, and fails when it is not so in time.
pub(crate) async fn until(patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let becomes_so = async {
        while !is_so().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let became_so = tokio::time::timeout(patience, becomes_so).await;
    assert!(became_so.is_ok(), "it did not become so within {patience:?}");
}
