//! The schema, in steps that only ever go forward, carried inside the program.
//!
//! Every step is applied whatever features are on, so that one database serves hosts built in different ways.

use sqlx::{AssertSqlSafe, Executor, PgConnection};
use towergate_core::{Digest, Timestamp};

use crate::{failure::Failure, open_error::OpenError, params::params, query};

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "audit", sql: include_str!("../migrations/0001_audit.sql") },
    Migration { number: 2, name: "rate_limits", sql: include_str!("../migrations/0002_rate_limits.sql") },
    Migration { number: 3, name: "identity", sql: include_str!("../migrations/0003_identity.sql") },
    Migration { number: 4, name: "devices", sql: include_str!("../migrations/0004_devices.sql") },
    Migration { number: 5, name: "factors", sql: include_str!("../migrations/0005_factors.sql") },
    Migration { number: 6, name: "mail", sql: include_str!("../migrations/0006_mail.sql") },
    Migration { number: 7, name: "passkeys", sql: include_str!("../migrations/0007_passkeys.sql") },
    Migration {
        number: 8,
        name: "linked_identities",
        sql: include_str!("../migrations/0008_linked_identities.sql"),
    },
    Migration { number: 9, name: "api_tokens", sql: include_str!("../migrations/0009_api_tokens.sql") },
    Migration {
        number: 10,
        name: "oauth_clients",
        sql: include_str!("../migrations/0010_oauth_clients.sql"),
    },
    Migration {
        number: 11,
        name: "oauth_interactions",
        sql: include_str!("../migrations/0011_oauth_interactions.sql"),
    },
    Migration { number: 12, name: "oauth_grants", sql: include_str!("../migrations/0012_oauth_grants.sql") },
    Migration { number: 13, name: "oauth_keys", sql: include_str!("../migrations/0013_oauth_keys.sql") },
    Migration { number: 14, name: "oauth_logout", sql: include_str!("../migrations/0014_oauth_logout.sql") },
    Migration {
        number: 15,
        name: "oauth_single_use",
        sql: include_str!("../migrations/0015_oauth_single_use.sql"),
    },
    Migration { number: 16, name: "births", sql: include_str!("../migrations/0016_births.sql") },
    Migration { number: 17, name: "audit_seals", sql: include_str!("../migrations/0017_audit_seals.sql") },
    Migration { number: 18, name: "copied", sql: include_str!("../migrations/0018_copied.sql") },
    Migration { number: 19, name: "in_vain", sql: include_str!("../migrations/0019_in_vain.sql") },
    Migration {
        number: 20,
        name: "own_access_tokens",
        sql: include_str!("../migrations/0020_own_access_tokens.sql"),
    },
    Migration { number: 21, name: "old_answers", sql: include_str!("../migrations/0021_old_answers.sql") },
    Migration {
        number: 22,
        name: "pushed_requests",
        sql: include_str!("../migrations/0022_pushed_requests.sql"),
    },
    Migration { number: 23, name: "pushed_room", sql: include_str!("../migrations/0023_pushed_room.sql") },
];

const BOOK: &str = "CREATE TABLE IF NOT EXISTS towergate_migrations (
    number     bigint PRIMARY KEY,
    name       text   NOT NULL,
    digest     bytea  NOT NULL CHECK (length(digest) = 32),
    applied_at bigint NOT NULL
)";

const BOOKED: &str = "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'towergate_migrations'";

/// Waits for whoever else migrates this schema; a change of many rows may take its time.
const TURN: &str = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0";

const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('towergate migrations ' || $1, 0))";

/// Whether each migration that this program knows is among those. More may be there: a newer program that shares the database
/// brings its own, and this one goes on as it did.
pub(crate) fn are_among(applied: &[i64]) -> bool {
    MIGRATIONS.iter().all(|migration| applied.contains(&migration.number))
}

/// Whether the schema is there, in whatever state.
pub(crate) async fn have_begun(connection: &mut PgConnection, schema: &str) -> Result<bool, OpenError> {
    Ok(query::exists(connection, BOOKED, params![schema]).await?)
}

/// Refuses a database that is being filled from elsewhere, or was left halfway.
pub(crate) async fn refuse_half_a_copy(connection: &mut PgConnection, schema: &str) -> Result<(), OpenError> {
    let open = format!("SELECT 1 FROM \"{schema}\".towergate_copied WHERE verified_at IS NULL LIMIT 1");
    match sqlx::query(AssertSqlSafe(open)).fetch_optional(connection).await? {
        Some(_) => Err(OpenError::HalfCopied),
        None => Ok(()),
    }
}

/// Brings the schema up to date, or only checks that it is.
///
/// Several instances may do so at once: one applies, the others wait for it. All that is due is applied in one
/// transaction.
pub(crate) async fn bring_up_to_date(
    connection: &mut PgConnection,
    schema: &str,
    apply: bool,
    now: Timestamp,
) -> Result<(), OpenError> {
    bring(connection, MIGRATIONS, schema, apply, now).await
}

async fn bring(
    connection: &mut PgConnection,
    known: &[Migration],
    schema: &str,
    apply: bool,
    now: Timestamp,
) -> Result<(), OpenError> {
    let due_now = due(connection, known, schema).await?;
    if due_now.is_empty() {
        return Ok(());
    }
    if !apply {
        return Err(OpenError::Behind { due: due_now.iter().map(|migration| migration.name).collect() });
    }
    connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    let applied = apply_due(connection, known, schema, now).await;
    if applied.is_err() {
        // The error to tell is the first one.
        let _ = connection.execute("ROLLBACK").await;
    }
    applied
}

async fn apply_due(
    connection: &mut PgConnection,
    known: &[Migration],
    schema: &str,
    now: Timestamp,
) -> Result<(), OpenError> {
    connection.execute(TURN).await?;
    query::exists(connection, ALONE, params![schema]).await?;
    // Only who may make schemas can ask for one that is there already.
    if !query::exists(connection, "SELECT 1 FROM pg_namespace WHERE nspname = $1", params![schema]).await? {
        connection.execute(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).await?;
    }
    connection.execute(AssertSqlSafe(format!("SET LOCAL search_path TO \"{schema}\", pg_temp"))).await?;
    connection.execute(BOOK).await?;
    for migration in due(connection, known, schema).await? {
        connection.execute(migration.sql).await?;
        let digest = Digest::of(migration.sql.as_bytes());
        let row = params![migration.number, migration.name, &digest, now];
        query::change(
            connection,
            "INSERT INTO towergate_migrations (number, name, digest, applied_at) VALUES ($1, $2, $3, $4)",
            row,
        )
        .await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}

/// The migrations that are still to be applied, once those that were are found to be the ones we know.
async fn due<'m>(
    connection: &mut PgConnection,
    known: &'m [Migration],
    schema: &str,
) -> Result<&'m [Migration], OpenError> {
    if !have_begun(connection, schema).await? {
        return Ok(known);
    }
    let book = format!("SELECT number, name, digest FROM \"{schema}\".towergate_migrations ORDER BY number");
    let applied = sqlx::query(AssertSqlSafe(book)).fetch_all(connection).await?;
    let mut rest = known;
    for row in &applied {
        let mut fields = crate::fields::Fields::of(row);
        let (number, name): (i64, String) = (fields.get("number")?, fields.get("name")?);
        let digest = fields.digest("digest")?;
        let Some((next, after)) = rest.split_first() else {
            return Err(OpenError::Newer { number, name });
        };
        if next.number != number || !Digest::of(next.sql.as_bytes()).matches(&digest) {
            return Err(OpenError::Altered { number, name });
        }
        rest = after;
    }
    Ok(rest)
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => Self::Postgres(error),
            Failure::Store(error) => Self::Postgres(sqlx::Error::Decode(Box::new(error))),
        }
    }
}

#[cfg(test)]
mod tests;
