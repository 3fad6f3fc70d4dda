use ring::digest::{Context, SHA256};

use super::{SealPublicKey, SealSigner};
use crate::{
    Digest, Timestamp,
    audit::{StoredEvent, StoredParty},
};

/// Events that one seal covers at most, so that whoever checks it needs little room.
pub const MOST_EVENTS: u32 = 10_000;

/// What one event takes among a seal's leaves: its place, and the digest of what it says.
pub(super) const LEAF: usize = 8 + 32;

/// What holds a batch of events to what they say, and to all that was sealed before.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Its own place; the first is 1, and none is left out.
    pub number: u32,
    /// The last event that it covers. It covers every event after the one that the seal before it ends with.
    pub through: i64,
    /// How many events it covers.
    pub count: u32,
    /// The digest of its leaves.
    pub digest: Digest,
    /// The digest of all that stands above, of when it was sealed, and of the link before it.
    pub link: Digest,
    /// When it was made.
    pub sealed_at: Timestamp,
    /// Ed25519 over the link.
    pub signature: [u8; 64],
    /// Of each event its place and the digest of what it says; empty once the events are forgotten.
    pub leaves: Vec<u8>,
}

impl Seal {
    /// Seals `events`, which follow what `previous` covers, in the order of their places; without events there is nothing to seal.
    #[must_use]
    pub fn over(
        previous: Option<&Self>,
        events: &[StoredEvent],
        signer: &SealSigner,
        now: Timestamp,
    ) -> Option<Self> {
        let leaves = leaves(events);
        let mut seal = Self {
            number: previous.map_or(0, |seal| seal.number).checked_add(1)?,
            through: events.last()?.id,
            count: u32::try_from(events.len()).ok()?,
            digest: batch(&leaves),
            link: Digest::from_stored([0; 32]),
            sealed_at: now,
            signature: [0; 64],
            leaves,
        };
        seal.link = seal.linked_to(previous.map(|seal| &seal.link));
        seal.signature = signer.sign(&seal.link);
        Some(seal)
    }

    /// Whether one of these keys signed its link.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[SealPublicKey]) -> bool {
        keys.iter().any(|key| key.signed(&self.link, &self.signature))
    }

    /// What its link must be after this one.
    pub(super) fn linked_to(&self, previous: Option<&Digest>) -> Digest {
        let mut link = Context::new(&SHA256);
        link.update(b"towergate audit link v1");
        link.update(previous.map_or(&[0; 32], Digest::as_bytes).as_slice());
        link.update(&self.number.to_be_bytes());
        link.update(&self.through.to_be_bytes());
        link.update(&self.count.to_be_bytes());
        link.update(&self.sealed_at.unix_millis().to_be_bytes());
        link.update(self.digest.as_bytes());
        finished(link)
    }
}

/// Of each event its place and the digest of what it says.
pub(super) fn leaves(events: &[StoredEvent]) -> Vec<u8> {
    let leaf = |event: &StoredEvent| {
        let mut leaf = event.id.to_be_bytes().to_vec();
        leaf.extend(content(event).as_bytes());
        leaf
    };
    events.iter().flat_map(leaf).collect()
}

/// The digest of a whole batch.
pub(super) fn batch(leaves: &[u8]) -> Digest {
    let mut batch = Context::new(&SHA256);
    batch.update(b"towergate audit batch v1");
    batch.update(leaves);
    finished(batch)
}

/// The digest of what an event says, wherever it stands. Where one part ends and the next begins is part of it.
fn content(event: &StoredEvent) -> Digest {
    let mut content = Context::new(&SHA256);
    content.update(b"towergate audit event v1");
    content.update(&event.at.unix_millis().to_be_bytes());
    content.update(event.request.as_uuid().as_bytes());
    text(&mut content, &event.action);
    text(&mut content, event.outcome.as_str());
    for StoredParty { kind, id } in [&event.actor, &event.target] {
        text(&mut content, kind);
        text(&mut content, id);
    }
    content.update(&[u8::from(event.reason.is_some())]);
    text(&mut content, event.reason.as_deref().unwrap_or_default());
    length(&mut content, event.details.len());
    for (name, value) in &event.details {
        text(&mut content, name);
        text(&mut content, value);
    }
    finished(content)
}

fn text(context: &mut Context, text: &str) {
    length(context, text.len());
    context.update(text.as_bytes());
}

fn length(context: &mut Context, length: usize) {
    context.update(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
}

fn finished(context: Context) -> Digest {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Digest::from_stored(bytes)
}
