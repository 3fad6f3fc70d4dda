//! What the stores hold: the audit log, whatever keeps it.

use tokio::runtime::Handle;
use towergate::{identity, oauth, sqlite::SqliteStore};
use towergate_postgres::PostgresStore;

/// A store whose audit log can be read: `action outcome`, oldest first.
pub(crate) trait Log {
    fn log(&self) -> Vec<String>;
}

impl Log for identity::ports::memory::MemoryStore {
    fn log(&self) -> Vec<String> {
        self.events().iter().map(|event| format!("{} {}", event.action, event.outcome.as_str())).collect()
    }
}

impl Log for oauth::ports::memory::MemoryStore {
    fn log(&self) -> Vec<String> {
        self.events().iter().map(|event| format!("{} {}", event.action, event.outcome.as_str())).collect()
    }
}

impl Log for SqliteStore {
    fn log(&self) -> Vec<String> {
        let events = self.events(0, u32::MAX).unwrap();
        events.iter().map(|event| format!("{} {}", event.action, event.outcome.as_str())).collect()
    }
}

impl Log for PostgresStore {
    fn log(&self) -> Vec<String> {
        let events = self.events(0, u32::MAX);
        let events = tokio::task::block_in_place(|| Handle::current().block_on(events)).unwrap();
        events.iter().map(|event| format!("{} {}", event.action, event.outcome.as_str())).collect()
    }
}

/// Reads what was written since it last looked, in two logs that may be one.
pub(crate) struct Watch<'a> {
    logs: [&'a dyn Log; 2],
    seen: [usize; 2],
}

impl<'a> Watch<'a> {
    pub(crate) fn over(people: &'a dyn Log, grants: &'a dyn Log) -> Self {
        let mut watch = Self { logs: [people, grants], seen: [0, 0] };
        watch.news();
        watch
    }

    /// The new events, each once, sorted: the order within one step is the store's own.
    pub(crate) fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for (log, seen) in self.logs.iter().zip(&mut self.seen) {
            let all = log.log();
            news.push(all[*seen..].to_vec());
            *seen = all.len();
        }
        // One store for both shows everything twice.
        if news[0] == news[1] {
            news.pop();
        }
        let mut news = news.concat();
        news.sort();
        news
    }
}
