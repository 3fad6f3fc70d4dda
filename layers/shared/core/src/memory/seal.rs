use std::sync::Arc;

use super::{Log, Memory, Tables};
use crate::{
    StoreError, Timestamp,
    audit::{
        Origin, StoredEvent,
        chain::{EventsForgotten, MOST_EVENTS, Seal, SealSigner, SealStore},
    },
};

impl<T: Tables> SealStore for Memory<T> {
    async fn seal_next(
        &self,
        most: u32,
        signer: Arc<SealSigner>,
        now: Timestamp,
    ) -> Result<Option<Seal>, StoreError> {
        self.step(|tables| {
            let log = tables.log();
            let from = log.seals.last().map_or(0, |seal| seal.through);
            let events = log.after(from, most.min(MOST_EVENTS));
            let seal = Seal::over(log.seals.last(), &events, &signer, now);
            log.seals.extend(seal.clone());
            Ok(seal)
        })
    }

    async fn seals(&self, after: u32, most: u32) -> Result<Vec<Seal>, StoreError> {
        self.step(|tables| {
            let seals = tables.log().seals.iter().filter(|seal| seal.number > after);
            Ok(seals.take(size(most)).cloned().collect())
        })
    }

    async fn events_after(&self, after: i64, most: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.step(|tables| Ok(tables.log().after(after, most)))
    }

    async fn newest_event(&self) -> Result<Option<i64>, StoreError> {
        self.step(|tables| {
            let log = tables.log();
            Ok(if log.events.is_empty() { None } else { i64::try_from(log.written()).ok() })
        })
    }

    async fn forget_events(&self, before: Timestamp, origin: Origin) -> Result<u64, StoreError> {
        self.step(|tables| Ok(tables.log().forget(before, &origin)))
    }
}

impl Log {
    fn after(&self, after: i64, most: u32) -> Vec<StoredEvent> {
        let known = usize::try_from(after).unwrap_or(0);
        let events = (1 + known.max(self.forgotten)..).zip(self.since(known));
        let stored =
            |(id, event): (usize, &Arc<_>)| StoredEvent::of(i64::try_from(id).unwrap_or(i64::MAX), event);
        events.take(size(most)).map(stored).collect()
    }

    fn forget(&mut self, before: Timestamp, origin: &Origin) -> u64 {
        if self.seals.is_empty() {
            return self
                .forget_first(self.events.iter().take_while(|event| event.origin.at < before).count());
        }
        let mut forgotten: Option<EventsForgotten> = None;
        for place in 0..self.seals.len() {
            let Some(seal) = self.seals.get(place).filter(|seal| !seal.leaves.is_empty()) else { continue };
            let (number, through, covered) = (seal.number, seal.through, size(seal.count));
            let old = self.events.iter().take(covered).all(|event| event.origin.at < before);
            if !old || covered > self.events.len() {
                break;
            }
            let gone = self.forget_first(covered);
            if let Some(seal) = self.seals.get_mut(place) {
                seal.leaves.clear();
            }
            let count = gone + forgotten.map_or(0, |forgotten| forgotten.count);
            forgotten = Some(EventsForgotten { seal: number, through, count });
        }
        let Some(forgotten) = forgotten else { return 0 };
        self.write(&forgotten, origin);
        forgotten.count
    }

    fn forget_first(&mut self, count: usize) -> u64 {
        self.events.drain(..count.min(self.events.len()));
        self.forgotten += count;
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

fn size(most: u32) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}
