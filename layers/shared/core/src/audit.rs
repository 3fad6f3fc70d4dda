//! What happened, to whom, in which request, and how it ended.
//!
//! Each wing has its own closed list of facts; a [`Fact`] turns into an [`Event`] when it is told where it comes
//! from ([`Origin`]). A store writes the event in the transaction of the change, then tells its [`Sink`].
//! An event never holds a secret: its details are identifiers, names of rules, and reasons.

pub mod chain;
mod stored;

use std::{fmt, future::Future};

pub use stored::{StoredEvent, StoredParty};

use crate::{Random, RandomUnavailable, StoreError, Timestamp, typed_id};

typed_id! {
    /// One request, from its first layer to its last byte.
    RequestId
}

/// The request that an event belongs to, and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The request.
    pub request: RequestId,
    /// When the fact was established.
    pub at: Timestamp,
}

impl Origin {
    /// An origin outside any request: a command, a test, a job.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn detached(at: Timestamp, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        Ok(Self { request: RequestId::fresh(at, random)?, at })
    }
}

/// That a request tried to get around a defence: left in the extensions of its answer by whoever held it off, for the layer that keeps
/// the record of the request. The word is stable, lower-case, and for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempted(pub &'static str);

impl Fact for Attempted {
    /// `defence.tried`, by nobody that is known: whoever it was got no further.
    fn event(&self, origin: &Origin) -> Event {
        Event::refused(*origin, "defence.tried", Party::anonymous(), Party::anonymous(), self.0)
    }
}

/// Something security-relevant that a wing knows to have happened.
pub trait Fact {
    /// The event to write down.
    fn event(&self, origin: &Origin) -> Event;
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When and in which request.
    pub origin: Origin,
    /// What was done, as `noun.verb`, for example `code.redeemed`.
    pub action: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it.
    pub actor: Party,
    /// To whom or what.
    pub target: Party,
    /// Why it ended so, as a stable lower-case word; for operators, never for the peer.
    pub reason: Option<&'static str>,
    /// Further facts by name: identifiers and names only.
    pub details: Vec<(&'static str, String)>,
}

impl Event {
    /// A success of `actor` upon `target`.
    #[must_use]
    pub const fn succeeded(origin: Origin, action: &'static str, actor: Party, target: Party) -> Self {
        Self { origin, action, outcome: Outcome::Succeeded, actor, target, reason: None, details: Vec::new() }
    }

    /// A refusal of `actor` for `reason`.
    #[must_use]
    pub const fn refused(
        origin: Origin,
        action: &'static str,
        actor: Party,
        target: Party,
        reason: &'static str,
    ) -> Self {
        Self {
            origin,
            action,
            outcome: Outcome::Refused,
            actor,
            target,
            reason: Some(reason),
            details: Vec::new(),
        }
    }

    /// The event with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if self.details.is_empty() {
            // Few have more, and a log keeps many.
            self.details.reserve_exact(2);
        }
        self.details.push((name, value.to_string()));
        self
    }

    /// The event with this detail alone, and room for no other: for what every sign-in writes, and a log in memory keeps.
    #[must_use]
    pub fn with_only(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.details = vec![(name, value.to_string())];
        self
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Succeeded,
    /// A rule said no.
    Refused,
    /// It broke.
    Failed,
}

impl Outcome {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Who acts, or what is acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Party {
    /// The kind, as a stable lower-case word: `user`, `client`, `session`, `grant`, `code`, `token` ...
    pub kind: &'static str,
    /// Its identifier; empty when the kind says all.
    pub id: String,
}

impl Party {
    /// Somebody or something with an identifier.
    pub fn new(kind: &'static str, id: impl fmt::Display) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// Nobody we know.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { kind: "anonymous", id: String::new() }
    }

    /// The house itself.
    #[must_use]
    pub const fn system() -> Self {
        Self { kind: "system", id: String::new() }
    }
}

/// Hears of every event after it is written. It must be quick and must not fail.
pub trait Sink: Send + Sync + 'static {
    /// Takes note of `event`.
    fn record(&self, event: &Event);
}

impl<S: Sink + ?Sized> Sink for std::sync::Arc<S> {
    fn record(&self, event: &Event) {
        (**self).record(event);
    }
}

/// A sink that hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Sink for Silent {
    fn record(&self, _: &Event) {}
}

/// Where events that come without a change of their own are written.
pub trait AuditLog: Send + Sync + 'static {
    /// Writes `event`, durably, before it answers.
    ///
    /// # Errors
    /// When the store fails.
    fn append(&self, event: Event) -> impl Future<Output = Result<(), StoreError>> + Send;
}
