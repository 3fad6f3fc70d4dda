//! An event as it is read back from a store.

use super::{Event, Outcome, RequestId};
use crate::Timestamp;

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the log; later events have greater numbers, none is used twice. Where several write at the same time, one with
    /// a smaller number may be seen later.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// In which request.
    pub request: RequestId,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it.
    pub actor: StoredParty,
    /// To whom or what.
    pub target: StoredParty,
    /// Why it ended so.
    pub reason: Option<String>,
    /// Further facts by name, in the order in which they were told.
    pub details: Vec<(String, String)>,
}

/// Who acted, or what was acted upon, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredParty {
    /// The kind, for example `client`.
    pub kind: String,
    /// Its identifier; empty when the kind says all.
    pub id: String,
}

impl StoredEvent {
    /// The event as it stands at place `id` of a log.
    #[must_use]
    pub fn of(id: i64, event: &Event) -> Self {
        let party = |party: &super::Party| StoredParty { kind: party.kind.to_owned(), id: party.id.clone() };
        Self {
            id,
            at: event.origin.at,
            request: event.origin.request,
            action: event.action.to_owned(),
            outcome: event.outcome,
            actor: party(&event.actor),
            target: party(&event.target),
            reason: event.reason.map(ToOwned::to_owned),
            details: event.details.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }
}

impl Outcome {
    /// The outcome of which this is the word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Succeeded, Self::Refused, Self::Failed].into_iter().find(|outcome| outcome.as_str() == word)
    }
}
