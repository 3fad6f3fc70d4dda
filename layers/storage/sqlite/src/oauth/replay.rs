//! What was shown once.

use rusqlite::params;
use towergate_core::{StoreError, audit::Origin, clock::KEPT_PAST_END};
use towergate_oauth::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::SingleUse,
};

use crate::{cleanup, query, store::SqliteStore};

/// A row whose time is over, and which nobody has cleaned away yet, is as good as none.
pub(crate) const REMEMBER: &str = "INSERT INTO towergate_single_use (kind, digest, until) VALUES (?1, ?2, ?3)
    ON CONFLICT (kind, digest) DO UPDATE SET until = excluded.until WHERE until <= ?4";

/// How many old rows each new one takes along.
const TAKEN_ALONG: u16 = 2;

impl ReplayStore for SqliteStore {
    async fn remember_once(&self, once: SingleUse, origin: Origin) -> Result<Remembering, StoreError> {
        self.write(move |step| {
            let now = origin.at.unix_millis();
            let past = origin.at.minus(KEPT_PAST_END).unix_millis();
            query::change(step.connection, cleanup::SINGLE_USE, params![past, TAKEN_ALONG])?;
            let row = params![once.kind.as_str(), once.digest.as_bytes(), once.until.unix_millis(), now];
            let is_first = query::change(step.connection, REMEMBER, row)? == 1;
            Ok(if is_first { Remembering::First } else { Remembering::Seen })
        })
        .await
    }
}
