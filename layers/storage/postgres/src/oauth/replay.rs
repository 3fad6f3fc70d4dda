//! What was shown once.

use towergate_core::{StoreError, audit::Origin, clock::KEPT_PAST_END};
use towergate_oauth::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::SingleUse,
};

use crate::{params::params, query, store::PostgresStore};

/// A row whose time is over, and which nobody has cleaned away yet, is as good as none. Each new one takes two old rows
/// along, but not its own, and none that somebody else is just taking.
pub(crate) const REMEMBER: &str = "WITH old AS (
        SELECT kind, digest FROM towergate_single_use
        WHERE until <= $5 AND (kind, digest) <> ($1, $2) ORDER BY until LIMIT 2 FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM towergate_single_use s USING old WHERE s.kind = old.kind AND s.digest = old.digest)
    INSERT INTO towergate_single_use AS seen (kind, digest, until) VALUES ($1, $2, $3)
    ON CONFLICT (kind, digest) DO UPDATE SET until = excluded.until WHERE seen.until <= $4";

impl ReplayStore for PostgresStore {
    async fn remember_once(&self, once: SingleUse, origin: Origin) -> Result<Remembering, StoreError> {
        if let Some(marks) = self.marks() {
            return marks.mark(once, origin).await;
        }
        let is_first = self.write_by_locks((once, origin), |step, (once, origin)| {
            let past = origin.at.minus(KEPT_PAST_END);
            let row = params![once.kind.as_str(), &once.digest, once.until, origin.at, past];
            Box::pin(query::change(&mut step.connection, REMEMBER, row))
        });
        Ok(if is_first.await? == 1 { Remembering::First } else { Remembering::Seen })
    }
}
