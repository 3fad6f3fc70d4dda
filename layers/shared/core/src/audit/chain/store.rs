use std::{future::Future, sync::Arc};

use super::{Seal, SealSigner};
use crate::{
    StoreError, Timestamp,
    audit::{Event, Fact, Origin, Party, StoredEvent},
};

/// Where the audit log and its seals are kept.
pub trait SealStore: Send + Sync + 'static {
    /// Seals at most `most` events of those that no seal covers, oldest first; answers nothing when there is none, or when what was
    /// written is not settled yet. Never seals an event before which another may still appear. Any number may do so at once.
    ///
    /// # Errors
    /// When the store fails.
    fn seal_next(
        &self,
        most: u32,
        signer: Arc<SealSigner>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Seal>, StoreError>> + Send;

    /// At most `most` seals after the one numbered `after`, in order.
    ///
    /// # Errors
    /// When the store fails.
    fn seals(&self, after: u32, most: u32) -> impl Future<Output = Result<Vec<Seal>, StoreError>> + Send;

    /// At most `most` events after the one numbered `after`, in order.
    ///
    /// # Errors
    /// When the store fails.
    fn events_after(
        &self,
        after: i64,
        most: u32,
    ) -> impl Future<Output = Result<Vec<StoredEvent>, StoreError>> + Send;

    /// The number of the event with the greatest.
    ///
    /// # Errors
    /// When the store fails.
    fn newest_event(&self) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;

    /// Forgets events of before `before`, oldest first, in small steps between which others may write; answers how many. Nothing else
    /// ever removes an event: how long they are kept is the host's to say.
    ///
    /// What is sealed is forgotten by whole seals, and only while as many events are there as were sealed; the seals stay, and an event
    /// says up to which ([`EventsForgotten`]). What no seal covers is forgotten only where nothing was ever sealed.
    ///
    /// # Errors
    /// When the store fails; what was forgotten until then stays forgotten.
    fn forget_events(
        &self,
        before: Timestamp,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// That what some seals cover was forgotten, because it was old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsForgotten {
    /// The last of those seals; all before it are forgotten too.
    pub seal: u32,
    /// The last event that is gone.
    pub through: i64,
    /// How many events went.
    pub count: u64,
}

const FORGOTTEN: &str = "audit.forgotten";

impl EventsForgotten {
    /// Up to which seal this event says that events were forgotten, if it does.
    pub(super) fn said_by(event: &StoredEvent) -> Option<u32> {
        let (_, seal) = event.details.iter().find(|(name, _)| name == "seal")?;
        if event.action == FORGOTTEN { seal.parse().ok() } else { None }
    }
}

impl Fact for EventsForgotten {
    /// `audit.forgotten`, by the house itself.
    fn event(&self, origin: &Origin) -> Event {
        Event::succeeded(*origin, FORGOTTEN, Party::system(), Party::new("audit", ""))
            .with("seal", self.seal)
            .with("through", self.through)
            .with("events", self.count)
    }
}
