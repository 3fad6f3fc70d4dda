use std::{collections::BTreeSet, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    EventsForgotten, MOST_EVENTS, Seal, SealPublicKey,
    seal::{LEAF, batch, leaves},
};
use crate::{Digest, audit::StoredEvent};

/// Goes along a log, from its first seal to its last event, and stops where it is not what was sealed.
#[derive(Debug)]
pub struct Walk {
    keys: Vec<SealPublicKey>,
    noted: Vec<Noted>,
    last: Option<Noted>,
    through: i64,
    events: u64,
    unsealed: u64,
    /// Seals at the beginning whose events are gone, and how many the log itself says were forgotten.
    forgotten: u32,
    said_forgotten: u32,
}

/// The link of a seal, as it was noted where nobody who can write the log can: written as `NUMBER:LINK`.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The seal's number.
    pub number: u32,
    /// Its link.
    pub link: Digest,
}

/// What was given is no link of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a noted link is the number of a seal, a colon, and 43 characters of base64url")]
pub struct NotALink;

/// What a walk to the end has proven.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The last seal, to be noted elsewhere.
    pub last: Option<Noted>,
    /// Events that are what was sealed.
    pub events: u64,
    /// Seals at the beginning whose events were forgotten, as the log says.
    pub forgotten: u32,
    /// Events at the end that no seal covers yet.
    pub unsealed: u64,
}

/// The first place where a log is not what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{place} {damage}")]
pub struct Break {
    /// Where.
    pub place: Place,
    /// What was done there.
    pub damage: Damage,
}

/// A place in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The event with this number.
    Event(i64),
    /// The seal with this number, or what it covers.
    Seal(u32),
}

/// What was done to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It says something else than what was sealed.
    Changed,
    /// It was sealed, and is gone.
    Removed,
    /// It was sealed at another place.
    Reordered,
    /// It was never sealed, and stands among what was.
    Inserted,
    /// A seal that no key of ours signed, or that is not linked to the one before it.
    Forged,
    /// The first seal is sound but for the key: either the keys are those of another log, or all of it was sealed anew.
    OtherKey,
    /// A seal is not there.
    Cut,
}

impl Walk {
    /// A walk that believes seals which any of these keys signed, and whose links are what was noted.
    #[must_use]
    pub const fn new(keys: Vec<SealPublicKey>, noted: Vec<Noted>) -> Self {
        Self {
            keys,
            noted,
            last: None,
            through: i64::MIN,
            events: 0,
            unsealed: 0,
            forgotten: 0,
            said_forgotten: 0,
        }
    }

    /// The last event that is proven: what the next seal covers comes after it.
    #[must_use]
    pub const fn through(&self) -> i64 {
        self.through
    }

    /// How many seals are proven.
    #[must_use]
    pub fn seals(&self) -> u32 {
        self.last.as_ref().map_or(0, |last| last.number)
    }

    /// Goes on over the next seal, and over `events`: all that stand after the last place and up to where the seal ends, in order.
    /// Where there are more than the seal counts, one more is enough. After an error, the walk stands where it stood.
    ///
    /// # Errors
    /// Where the seal or an event is not what it was.
    pub fn seal(&mut self, seal: &Seal, events: &[StoredEvent]) -> Result<(), Break> {
        let number = self.seals().saturating_add(1);
        let at_seal = |damage| Break { place: Place::Seal(number), damage };
        if seal.number != number {
            return Err(at_seal(Damage::Cut));
        }
        let link = seal.linked_to(self.last.as_ref().map(|last| &last.link));
        let sound = seal.link.matches(&link)
            && self.noted.iter().all(|noted| noted.number != number || noted.link.matches(&link))
            && seal.through > self.through
            && (1..=MOST_EVENTS).contains(&seal.count);
        if !sound {
            return Err(at_seal(Damage::Forged));
        }
        if !seal.is_signed_by(&self.keys) {
            return Err(at_seal(if number == 1 { Damage::OtherKey } else { Damage::Forged }));
        }
        if events.is_empty() && seal.leaves.is_empty() {
            if self.events > 0 {
                return Err(at_seal(Damage::Removed));
            }
            self.forgotten = number;
        } else {
            let found = leaves(events);
            if !batch(&found).matches(&seal.digest) {
                // Leaves that were changed too no longer tell which event it is.
                let told = batch(&seal.leaves).matches(&seal.digest);
                let first = if told { first_difference(&seal.leaves, &found) } else { None };
                return Err(first.unwrap_or_else(|| at_seal(Damage::Changed)));
            }
        }
        self.take_note(events);
        self.events += u64::try_from(events.len()).unwrap_or(u64::MAX);
        self.through = seal.through;
        self.last = Some(Noted { number, link });
        Ok(())
    }

    /// Goes on over events that come after the last seal.
    pub fn unsealed(&mut self, events: &[StoredEvent]) {
        self.take_note(events);
        self.unsealed += u64::try_from(events.len()).unwrap_or(u64::MAX);
    }

    /// Ends the walk.
    ///
    /// # Errors
    /// When events are gone of which the log does not say that they were forgotten, or seals that were noted.
    pub fn finish(self) -> Result<Proven, Break> {
        if self.forgotten > self.said_forgotten {
            let place = Place::Seal(self.said_forgotten.saturating_add(1));
            return Err(Break { place, damage: Damage::Removed });
        }
        let seals = self.seals();
        if self.noted.iter().any(|noted| noted.number > seals) {
            return Err(Break { place: Place::Seal(seals.saturating_add(1)), damage: Damage::Cut });
        }
        Ok(Proven {
            last: self.last,
            events: self.events,
            forgotten: self.forgotten,
            unsealed: self.unsealed,
        })
    }

    fn take_note(&mut self, events: &[StoredEvent]) {
        let said = events.iter().filter_map(EventsForgotten::said_by).max().unwrap_or(0);
        self.said_forgotten = self.said_forgotten.max(said);
    }
}

/// The first event that is not what was sealed, both in the order of their places.
fn first_difference(sealed: &[u8], found: &[u8]) -> Option<Break> {
    let (sealed, found) = (split(sealed), split(found));
    let known: BTreeSet<[u8; 32]> = sealed.iter().map(|(_, says)| *says).collect();
    let there: BTreeSet<[u8; 32]> = found.iter().map(|(_, says)| *says).collect();
    let mut found = found.into_iter().peekable();
    for (id, says) in sealed {
        let gone = if there.contains(&says) { Damage::Reordered } else { Damage::Removed };
        let Some((other, tells)) = found.next() else {
            return Some(Break { place: Place::Event(id), damage: gone });
        };
        let (place, damage) = match other.cmp(&id) {
            std::cmp::Ordering::Equal if says == tells => continue,
            std::cmp::Ordering::Equal if known.contains(&tells) => (id, Damage::Reordered),
            std::cmp::Ordering::Equal => (id, Damage::Changed),
            std::cmp::Ordering::Greater => (id, gone),
            std::cmp::Ordering::Less if known.contains(&tells) => (other, Damage::Reordered),
            std::cmp::Ordering::Less => (other, Damage::Inserted),
        };
        return Some(Break { place: Place::Event(place), damage });
    }
    let (id, says) = found.next()?;
    let damage = if known.contains(&says) { Damage::Reordered } else { Damage::Inserted };
    Some(Break { place: Place::Event(id), damage })
}

fn split(leaves: &[u8]) -> Vec<(i64, [u8; 32])> {
    let leaf = |leaf: &[u8]| {
        let (id, says) = leaf.split_first_chunk()?;
        Some((i64::from_be_bytes(*id), says.try_into().ok()?))
    };
    leaves.chunks_exact(LEAF).filter_map(leaf).collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => write!(f, "event {id}"),
            Self::Seal(number) => write!(f, "seal {number}"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "was changed, or what it covers",
            Self::Removed => "was removed, or what it covers",
            Self::Reordered => "stands where it was not written",
            Self::Inserted => "was inserted among what was sealed",
            Self::Forged => "is forged: its link or its signature is not what it must be",
            Self::OtherKey => {
                "is signed by none of the keys that were given: give the key that the host tells when it starts, and each that it \
                 had before. If those are given, somebody sealed the whole log anew"
            }
            Self::Cut => "was cut out",
        })
    }
}

impl FromStr for Noted {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let (number, link) = text.split_once(':').ok_or(NotALink)?;
        let bytes = URL_SAFE_NO_PAD.decode(link).map_err(|_| NotALink)?;
        let link = bytes.try_into().map(Digest::from_stored).map_err(|_| NotALink)?;
        Ok(Self { number: number.parse().map_err(|_| NotALink)?, link })
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, URL_SAFE_NO_PAD.encode(self.link.as_bytes()))
    }
}
