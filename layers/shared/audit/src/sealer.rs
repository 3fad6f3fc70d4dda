use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use towergate_core::{
    Clock, StoreError,
    audit::chain::{SealSigner, SealStore},
};

/// Events under one seal, unless another number is chosen.
const MOST: u32 = 1000;

/// How long a sealer rests, unless it is told otherwise.
const REST: Duration = Duration::from_secs(10);

/// Seals what is written into an audit log, again and again, outside of whatever writes it.
#[derive(Debug, Clone)]
pub struct Sealer<S, C> {
    store: S,
    signer: Arc<SealSigner>,
    clock: C,
    rest: Duration,
    most: u32,
}

impl<S: SealStore, C: Clock> Sealer<S, C> {
    /// A sealer that rests ten seconds between two rounds, and puts at most 1000 events under one seal.
    pub const fn new(store: S, signer: Arc<SealSigner>, clock: C) -> Self {
        Self { store, signer, clock, rest: REST, most: MOST }
    }

    /// The same, resting for this long.
    #[must_use]
    pub fn every(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    /// The same, with at most so many events under one seal.
    #[must_use]
    pub fn at_most(self, events: u32) -> Self {
        Self { most: events.max(1), ..self }
    }

    /// Seals what there is now; answers how many events that were.
    ///
    /// # Errors
    /// When the store fails; what was sealed until then stays sealed.
    pub async fn seal(&self) -> Result<u64, StoreError> {
        let mut total = 0;
        while let Some(seal) =
            self.store.seal_next(self.most, Arc::clone(&self.signer), self.clock.now()).await?
        {
            total += u64::from(seal.count);
            if seal.count < self.most {
                break;
            }
        }
        Ok(total)
    }

    /// Seals until `stop` is there, and once more after it. What fails is tried again in the next round.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let stopped = tokio::time::timeout(self.rest, &mut stop).await.is_ok();
            match self.seal().await {
                Ok(events) => tracing::debug!(events, "audit events were sealed"),
                Err(error) => tracing::warn!(%error, "audit events could not be sealed"),
            }
            if stopped {
                return;
            }
        }
    }
}
