//! The store keeps to the models of the ports, alone and with a Redis beside it.

use std::time::Duration;

use sqlx::Executor;
use towergate_core::{Secret, StoreError, Timestamp, contract::Cleans, mac::MacKey};
use towergate_redis::RedisStore;
use towergate_test_servers::{
    postgres::{Database, PostgresServer},
    redis::RedisServer,
};

use crate::{
    contract::{block_on, migrate},
    store::PostgresStore,
};

/// How many sequences of each kind: few enough for any run of the tests.
const CASES: u32 = 24;

/// Longer than anything takes on the slowest machine: no sequence is about time.
const PATIENCE: Duration = Duration::from_secs(60);

/// All rows but the names of the migrations go; what they hang from goes with them.
const WIPE: &str = "DO $$ DECLARE place text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR place IN SELECT tablename FROM pg_tables WHERE schemaname = 'towergate' AND tablename <> 'towergate_migrations' LOOP
        EXECUTE 'DELETE FROM towergate.' || place;
    END LOOP;
END $$";

impl Cleans for PostgresStore {
    async fn clean(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.cleanup(now).await.map(|_| true)
    }
}

/// One database, emptied each time.
fn room() -> impl FnMut() -> PostgresStore {
    let database = PostgresServer::shared().database_like("towergate", migrate);
    let store = block_on(PostgresStore::options().connections(2).connect(&database.url())).unwrap();
    move || {
        let _stays = &database;
        wipe(&store);
        store.clone()
    }
}

/// The same beside a Redis, under a prefix of its own each time.
fn room_beside_redis() -> impl FnMut() -> PostgresStore {
    let database: Database<'static> = PostgresServer::shared().database_like("towergate", migrate);
    let alone = block_on(PostgresStore::options().connections(2).connect(&database.url())).unwrap();
    move || {
        wipe(&alone);
        let server = RedisServer::shared();
        let redis = RedisStore::options().prefix(server.prefix());
        let redis = redis.connect_within(PATIENCE).answer_within(PATIENCE).retry_within(PATIENCE);
        let redis = block_on(redis.connect(&server.url())).unwrap();
        let key = MacKey::derive(&Secret::new([7; 32]), "cached sessions").unwrap();
        let options = PostgresStore::options().connections(2).session_cache(redis.session_cache(key));
        let options = options.replay_marks(move |births| redis.replay_marks(births));
        block_on(options.connect(&database.url())).unwrap()
    }
}

fn wipe(store: &PostgresStore) {
    block_on(store.pool().execute(WIPE)).unwrap();
}

mod alone {
    towergate_identity::identity_store_model!(
        cases: crate::model::CASES,
        room: crate::model::room,
        block_on: crate::contract::block_on,
    );
    towergate_oauth::oauth_store_model!(
        cases: crate::model::CASES,
        room: crate::model::room,
        block_on: crate::contract::block_on,
    );
}

mod beside_redis {
    towergate_identity::identity_store_model!(
        cases: crate::model::CASES,
        room: crate::model::room_beside_redis,
        block_on: crate::contract::block_on,
    );
    towergate_oauth::oauth_store_model!(
        cases: crate::model::CASES,
        room: crate::model::room_beside_redis,
        block_on: crate::contract::block_on,
    );
}
