//! The first start: a new key is kept once nothing else stands against the host.
//!
//! A configuration that names another file than it meant, or nothing that is there, leaves no key behind that a later start
//! would take for its own.

use std::{fs, path::Path, sync::Arc};

use towergate::{
    audit::TracingSink,
    core::{
        Random, Secret,
        system::{OsRandom, SystemClock},
    },
    oauth::ports::KeyStore,
    sqlite::OpenError,
};

use crate::{
    config::{Config, Database},
    error::StartError,
    host, outbound, passwords, postgres,
    seal_key::{self, NewKey},
};

/// Keeps `new`, when all that the configuration names can be had and nothing is sealed by another key.
pub(crate) async fn keep(new: NewKey, config: &Config) -> Result<Secret<[u8; 32]>, StartError> {
    let random: Arc<dyn Random> = Arc::new(OsRandom::new());
    let older = seal_key::older(config)?;
    passwords::hasher(config, &SystemClock, &random)?;
    passwords::breaches(config)?;
    outbound::client(&config.outbound)?;
    host::server_config(config)?;
    if let Database::Sqlite(path) = &config.database {
        folder_of(path)?;
    }
    if let Database::Postgres(url) = &config.database {
        let (redis, marks) = (config.redis.as_ref(), config.replay_marks);
        let (store, _) = postgres::open(url, redis, marks, new.key(), Arc::new(TracingSink)).await?;
        let keys = store.keys().await;
        store.close().await;
        // With an older key at hand, a new one takes its place.
        if older.is_empty() && !keys.map_err(StartError::KeysUnread)?.is_empty() {
            return Err(new.missing().into());
        }
    }
    Ok(new.keep()?)
}

/// SQLite makes its file, but no folder for it.
fn folder_of(database: &Path) -> Result<(), StartError> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let there = folder.map_or(Ok(()), |folder| fs::metadata(folder).map(|_| ()));
    there.map_err(|cause| {
        let path = database.to_owned();
        StartError::Database { path: path.clone(), cause: OpenError::File { path, cause } }
    })
}
