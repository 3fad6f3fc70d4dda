use super::{AuditTrail, origin};
use crate::{
    Timestamp,
    audit::{Event, Fact},
};

/// Hears what a store writes into its audit log.
#[derive(Debug)]
pub struct Ear<'s, S> {
    store: &'s S,
    heard: usize,
}

impl<'s, S: AuditTrail> Ear<'s, S> {
    /// Hears what is written from now on.
    pub async fn on(store: &'s S) -> Self {
        Self { store, heard: store.events().await.len() }
    }

    /// Insists that since the last time these facts were written, whole, in whatever order, and nothing else.
    ///
    /// # Panics
    /// When anything else was written, or less.
    pub async fn heard(&mut self, facts: &[impl Fact], at: Timestamp) {
        let expected: Vec<_> = facts.iter().map(|fact| fact.event(&origin(at))).collect();
        self.expect(&expected).await;
    }

    /// Insists that nothing was written since the last time.
    ///
    /// # Panics
    /// When anything was.
    pub async fn silence(&mut self) {
        self.expect(&[]).await;
    }

    async fn expect(&mut self, expected: &[Event]) {
        let events = self.store.events().await;
        let told = events.get(self.heard..).expect("an audit log only grows");
        assert_eq!(sorted(told), sorted(expected));
        self.heard = events.len();
    }
}

/// How often an action is in the audit log.
pub async fn written<S: AuditTrail>(store: &S, action: &str) -> usize {
    store.events().await.iter().filter(|event| event.action == action).count()
}

/// All that an event says. Its details are named, so their order says nothing.
#[must_use]
pub fn told(event: &Event) -> String {
    let mut event = event.clone();
    event.details.sort();
    format!("{event:?}")
}

fn sorted(events: &[Event]) -> Vec<String> {
    let mut lines: Vec<_> = events.iter().map(told).collect();
    lines.sort();
    lines
}
