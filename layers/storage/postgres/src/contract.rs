//! The laws of every contract, on databases of their own in a server of our own.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::runtime::Runtime;
use towergate_core::{
    Secret,
    audit::{Event, Origin, Party, Sink},
    contract::AuditTrail,
    mac::MacKey,
};
use towergate_redis::RedisStore;
use towergate_test_servers::{
    postgres::{Database, PostgresServer},
    redis::RedisServer,
};

use crate::store::PostgresStore;

/// The database of a store under test, which goes with the store that holds it.
struct Room {
    _database: Database<'static>,
}

impl Sink for Room {
    fn record(&self, _: &Event) {}
}

/// Longer than anything takes on the slowest machine: no law is about time.
const PATIENCE: Duration = Duration::from_secs(120);

/// A store in a fresh database.
pub(crate) fn fresh() -> PostgresStore {
    let database = PostgresServer::shared().database_like("towergate", migrate);
    let url = database.url();
    let options = PostgresStore::options()
        .connections(8)
        .acquire_timeout(PATIENCE)
        .lock_timeout(PATIENCE)
        .statement_timeout(PATIENCE)
        .sink(Arc::new(Room { _database: database }));
    block_on(options.connect(&url)).unwrap()
}

/// The same with a Redis beside it.
#[cfg(all(feature = "inbound", feature = "outbound"))]
pub(crate) fn beside_redis() -> PostgresStore {
    beside(RedisServer::shared())
}

/// A store in a fresh database, with `server` beside it.
#[cfg(all(feature = "inbound", feature = "outbound"))]
pub(crate) fn beside(server: &RedisServer) -> PostgresStore {
    let options = RedisStore::options().prefix(server.prefix());
    let redis = block_on(options.connect(&server.url())).unwrap();
    let database = PostgresServer::shared().database_like("towergate", migrate);
    let url = database.url();
    let options = PostgresStore::options().connections(8).sink(Arc::new(Room { _database: database }));
    let key = MacKey::derive(&Secret::new([7; 32]), "cached sessions").unwrap();
    let options = options
        .session_cache(redis.session_cache(key))
        .replay_marks(move |births| redis.replay_marks(births));
    block_on(options.connect(&url)).unwrap()
}

/// Brings a database up to date, and leaves it: connections would keep it from being copied.
pub(crate) fn migrate(url: &str) {
    let migrated = block_on(PostgresStore::connect(url)).unwrap();
    block_on(migrated.close());
}

/// As a host runs it: all stores of the tests share one runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap()).block_on(future)
}

/// The whole log, as it was told. Names in an event are `'static`, so those of a test are never given back.
async fn told(store: &PostgresStore) -> Vec<Event> {
    let name = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let events = store.events(0, u32::MAX).await.unwrap().into_iter();
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

impl AuditTrail for PostgresStore {
    async fn events(&self) -> Vec<Event> {
        told(self).await
    }
}

mod seal {
    towergate_core::seal_store_contract!(make: crate::contract::fresh, block_on: crate::contract::block_on);

    /// Its number is smaller than others that are there already.
    #[test]
    fn what_a_step_under_way_may_still_write_is_waited_for() {
        use std::sync::Arc;
        use towergate_core::{
            Secret,
            audit::{
                AuditLog, Event, Party,
                chain::{SealSigner, SealStore},
            },
            contract::{NOW, origin},
        };
        let store = crate::contract::fresh();
        let signer = Arc::new(SealSigner::from_seed(&Secret::new([7; 32])).unwrap());
        crate::contract::block_on(async {
            let event = |n| {
                Event::refused(
                    origin(NOW),
                    "login.failed",
                    Party::anonymous(),
                    Party::new("user", n),
                    "password",
                )
            };
            let mut slow = store.pool().begin().await.unwrap();
            crate::audit::insert(&mut slow, &[event(1)]).await.unwrap();
            store.append(event(2)).await.unwrap();
            for _ in 0..5 {
                assert!(store.seal_next(10, Arc::clone(&signer), NOW).await.unwrap().is_none());
            }
            slow.commit().await.unwrap();
            let seal = loop {
                if let Some(seal) = store.seal_next(10, Arc::clone(&signer), NOW).await.unwrap() {
                    break seal;
                }
            };
            assert_eq!((seal.count, seal.through), (2, 2));
        });
    }
}

mod rate_limit {
    towergate_rate_limit::rate_store_contract!(make: crate::contract::fresh, block_on: crate::contract::block_on);
}

#[cfg(feature = "outbound")]
mod oauth {
    towergate_oauth::oauth_store_contract!(make: crate::contract::fresh, block_on: crate::contract::block_on);

    #[cfg(feature = "inbound")]
    mod beside_redis {
        towergate_oauth::oauth_store_contract!(make: crate::contract::beside_redis, block_on: crate::contract::block_on);
    }
}

#[cfg(feature = "inbound")]
mod identity {
    towergate_identity::identity_store_contract!(make: crate::contract::fresh, block_on: crate::contract::block_on);
    towergate_identity::api_token_store_contract!(make: crate::contract::fresh, block_on: crate::contract::block_on);

    #[cfg(feature = "outbound")]
    mod beside_redis {
        towergate_identity::identity_store_contract!(make: crate::contract::beside_redis, block_on: crate::contract::block_on);
    }
}
