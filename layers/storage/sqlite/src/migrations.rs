//! The schema, in steps that only ever go forward, carried inside the program.
//!
//! Every step is applied whatever features are on, so that one file serves hosts built in different ways.

use rusqlite::{Connection, OptionalExtension, params};
use towergate_core::{Digest, Timestamp};

use crate::open_error::OpenError;

/// `TWGT`, in the header of a file that the house made.
const APPLICATION_ID: i32 = 0x5457_4754;

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "audit", sql: include_str!("../migrations/0001_audit.sql") },
    Migration { number: 2, name: "identity", sql: include_str!("../migrations/0002_identity.sql") },
    Migration { number: 3, name: "oauth", sql: include_str!("../migrations/0003_oauth.sql") },
    Migration {
        number: 4,
        name: "ended_sign_ins",
        sql: include_str!("../migrations/0004_ended_sign_ins.sql"),
    },
    Migration {
        number: 5,
        name: "interaction_room",
        sql: include_str!("../migrations/0005_interaction_room.sql"),
    },
    Migration {
        number: 6,
        name: "access_token_revocation",
        sql: include_str!("../migrations/0006_access_token_revocation.sql"),
    },
    Migration {
        number: 7,
        name: "openid_provider",
        sql: include_str!("../migrations/0007_openid_provider.sql"),
    },
    Migration {
        number: 8,
        name: "replaced_sessions",
        sql: include_str!("../migrations/0008_replaced_sessions.sql"),
    },
    Migration { number: 9, name: "key_rotation", sql: include_str!("../migrations/0009_key_rotation.sql") },
    Migration {
        number: 10,
        name: "client_registration",
        sql: include_str!("../migrations/0010_client_registration.sql"),
    },
    Migration { number: 11, name: "single_use", sql: include_str!("../migrations/0011_single_use.sql") },
    Migration {
        number: 12,
        name: "consent_extent",
        sql: include_str!("../migrations/0012_consent_extent.sql"),
    },
    Migration { number: 13, name: "logout", sql: include_str!("../migrations/0013_logout.sql") },
    Migration {
        number: 14,
        name: "confirmed_addresses",
        sql: include_str!("../migrations/0014_confirmed_addresses.sql"),
    },
    Migration { number: 15, name: "factors", sql: include_str!("../migrations/0015_factors.sql") },
    Migration { number: 16, name: "mail", sql: include_str!("../migrations/0016_mail.sql") },
    Migration { number: 17, name: "passkeys", sql: include_str!("../migrations/0017_passkeys.sql") },
    Migration { number: 18, name: "rate_limits", sql: include_str!("../migrations/0018_rate_limits.sql") },
    Migration { number: 19, name: "logout_hosts", sql: include_str!("../migrations/0019_logout_hosts.sql") },
    Migration {
        number: 20,
        name: "mailed_code_tries",
        sql: include_str!("../migrations/0020_mailed_code_tries.sql"),
    },
    Migration {
        number: 21,
        name: "linked_identities",
        sql: include_str!("../migrations/0021_linked_identities.sql"),
    },
    Migration {
        number: 22,
        name: "unused_clients",
        sql: include_str!("../migrations/0022_unused_clients.sql"),
    },
    Migration { number: 23, name: "goodbyes", sql: include_str!("../migrations/0023_goodbyes.sql") },
    Migration { number: 24, name: "devices", sql: include_str!("../migrations/0024_devices.sql") },
    Migration {
        number: 25,
        name: "email_changes",
        sql: include_str!("../migrations/0025_email_changes.sql"),
    },
    Migration { number: 26, name: "api_tokens", sql: include_str!("../migrations/0026_api_tokens.sql") },
    Migration {
        number: 27,
        name: "backup_codes_made",
        sql: include_str!("../migrations/0027_backup_codes_made.sql"),
    },
    Migration {
        number: 28,
        name: "passkey_factors",
        sql: include_str!("../migrations/0028_passkey_factors.sql"),
    },
    Migration { number: 29, name: "audit_seals", sql: include_str!("../migrations/0029_audit_seals.sql") },
    Migration { number: 30, name: "dead_letters", sql: include_str!("../migrations/0030_dead_letters.sql") },
    Migration { number: 31, name: "in_vain", sql: include_str!("../migrations/0031_in_vain.sql") },
    Migration {
        number: 32,
        name: "own_access_tokens",
        sql: include_str!("../migrations/0032_own_access_tokens.sql"),
    },
    Migration { number: 33, name: "old_answers", sql: include_str!("../migrations/0033_old_answers.sql") },
    Migration {
        number: 34,
        name: "pushed_requests",
        sql: include_str!("../migrations/0034_pushed_requests.sql"),
    },
    Migration { number: 35, name: "pushed_room", sql: include_str!("../migrations/0035_pushed_room.sql") },
];

const BOOK: &str = "CREATE TABLE IF NOT EXISTS towergate_migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    applied_at INTEGER NOT NULL
) STRICT";

/// The numbers of those that were applied.
pub(crate) const APPLIED: &str = "SELECT number FROM towergate_migrations ORDER BY number";

/// Whether each migration that this program knows is among those. More may be there: a newer program that shares the database
/// brings its own, and this one goes on as it did.
pub(crate) fn are_among(applied: &[i64]) -> bool {
    MIGRATIONS.iter().all(|migration| applied.contains(&migration.number))
}

/// Brings the schema up to date, or only checks that it is.
///
/// Several processes may do so at once: one applies, the others wait for it.
pub(crate) fn bring_up_to_date(
    connection: &Connection,
    apply: bool,
    now: Timestamp,
) -> Result<(), OpenError> {
    if due(connection, MIGRATIONS)?.is_empty() {
        return Ok(());
    }
    if !apply {
        let due = due(connection, MIGRATIONS)?.iter().map(|migration| migration.name).collect();
        return Err(OpenError::Behind { due });
    }
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    let applied = apply_due(connection, MIGRATIONS, now);
    // The error to tell is the first one.
    let _ = match applied {
        Err(_) => connection.execute_batch("ROLLBACK"),
        // Else every start that follows a sudden end reads the whole schema in the log once more. Whoever reads now is not waited for.
        Ok(()) => connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())),
    };
    applied
}

fn apply_due(connection: &Connection, known: &[Migration], now: Timestamp) -> Result<(), OpenError> {
    let fresh = is_fresh(connection)?;
    connection.execute_batch(BOOK)?;
    for migration in due(connection, known)? {
        connection.execute_batch(migration.sql)?;
        connection.execute(
            "INSERT INTO towergate_migrations (number, name, digest, applied_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                migration.number,
                migration.name,
                Digest::of(migration.sql.as_bytes()).as_bytes(),
                now.unix_millis()
            ],
        )?;
    }
    mark(connection, fresh, known)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// The migrations that are still to be applied, once those that were are found to be the ones we know.
fn due<'m>(connection: &Connection, known: &'m [Migration]) -> Result<&'m [Migration], OpenError> {
    let booked: Option<i64> = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'towergate_migrations'", [], |row| row.get(0))
        .optional()?;
    if booked.is_none() {
        return Ok(known);
    }
    let mut statement =
        connection.prepare("SELECT number, name, digest FROM towergate_migrations ORDER BY number")?;
    let applied = statement
        .query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, Digest::from_stored(row.get(2)?)))
        })?
        .collect::<Result<Vec<_>, _>>()?;

    let mut rest = known;
    for (number, name, digest) in applied {
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

/// Whether nobody has put anything into this database yet.
fn is_fresh(connection: &Connection) -> Result<bool, OpenError> {
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    Ok(objects == 0 && id == 0)
}

/// Marks a file as ours, and with our version; a host's own file, which we are guests in, keeps its marks.
fn mark(connection: &Connection, fresh: bool, known: &[Migration]) -> Result<(), OpenError> {
    if fresh {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == APPLICATION_ID {
        let version = known.last().map_or(0, |migration| migration.number);
        connection.pragma_update(None, "user_version", version)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
