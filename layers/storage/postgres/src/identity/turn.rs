//! Waiting for one's turn, for steps that count what others add at the same time.

use sqlx::PgConnection;

use crate::{failure::Failure, params::params, query};

/// Steps that are on their way at once are fewer than this, so whoever sees more room than that need not wait for anybody.
pub(super) const CROWD: u32 = 1_000;

const TAKE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 0))";

/// Waits until no other step that asked for the same is on its way. What those before it did is seen from the next statement on, in
/// a transaction that sees what is committed.
pub(super) async fn take(connection: &mut PgConnection, (name, whose): (&str, &[u8])) -> Result<(), Failure> {
    query::exists(connection, TAKE, params![name, whose]).await?;
    Ok(())
}
