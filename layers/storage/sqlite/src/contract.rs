//! The laws of every contract, on a file and in memory.

use towergate_core::{
    audit::{Event, Origin, Party, Sink},
    contract::AuditTrail,
};

use crate::store::SqliteStore;

/// The directory of a store under test, which goes with the store that holds it.
struct Room {
    _dir: tempfile::TempDir,
}

impl Sink for Room {
    fn record(&self, _: &Event) {}
}

fn on_file() -> SqliteStore {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("contract.db");
    SqliteStore::options().sink(std::sync::Arc::new(Room { _dir: dir })).open(path).unwrap()
}

fn in_memory() -> SqliteStore {
    SqliteStore::in_memory().unwrap()
}

/// The whole log, as it was told. Names in an event are `'static`, so those of a test are never given back.
fn told(store: &SqliteStore) -> Vec<Event> {
    let name = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let events = store.events(0, u32::MAX).unwrap().into_iter();
    events
        .map(|event| Event {
            origin: Origin { request: event.request, at: event.at },
            action: name(event.action),
            outcome: event.outcome,
            actor: Party { kind: name(event.actor.kind), id: event.actor.id },
            target: Party { kind: name(event.target.kind), id: event.target.id },
            reason: event.reason.map(name),
            details: event.details.into_iter().map(|(key, value)| (name(key), value)).collect(),
        })
        .collect()
}

impl AuditTrail for SqliteStore {
    async fn events(&self) -> Vec<Event> {
        told(self)
    }
}

mod seal {
    mod on_file {
        towergate_core::seal_store_contract!(make: crate::contract::on_file);
    }

    mod in_memory {
        towergate_core::seal_store_contract!(make: crate::contract::in_memory);
    }
}

mod rate_limit {
    mod on_file {
        towergate_rate_limit::rate_store_contract!(make: crate::contract::on_file);
    }

    mod in_memory {
        towergate_rate_limit::rate_store_contract!(make: crate::contract::in_memory);
    }
}

#[cfg(feature = "inbound")]
mod identity {
    mod on_file {
        towergate_identity::identity_store_contract!(make: crate::contract::on_file);
        towergate_identity::api_token_store_contract!(make: crate::contract::on_file);
    }

    mod in_memory {
        towergate_identity::identity_store_contract!(make: crate::contract::in_memory);
        towergate_identity::api_token_store_contract!(make: crate::contract::in_memory);
    }
}

#[cfg(feature = "outbound")]
mod oauth {
    mod on_file {
        towergate_oauth::oauth_store_contract!(make: crate::contract::on_file);
    }

    mod in_memory {
        towergate_oauth::oauth_store_contract!(make: crate::contract::in_memory);
    }
}
