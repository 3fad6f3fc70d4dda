//! How PostgreSQL fails, told in the words of the ports.

use sqlx::{Error, error::DatabaseError};
use towergate_core::StoreError;

/// Why a statement or a step failed, before it is told to a caller.
#[derive(Debug)]
pub(crate) enum Failure {
    /// PostgreSQL said no, or could not be asked.
    Sql(Error),
    /// The store itself did.
    Store(StoreError),
}

impl Failure {
    /// A row that the house never wrote.
    pub(crate) const fn corrupt(table: &'static str, row: String, problem: String) -> Self {
        Self::Store(StoreError::Corrupt { table, row, problem })
    }

    /// Whether the transaction lost against another, and the same step may well win when it is done again.
    ///
    /// PostgreSQL says so only of a transaction of which nothing was kept.
    pub(crate) fn lost_a_race(&self) -> bool {
        let Self::Sql(Error::Database(error)) = self else { return false };
        // Serialization failure, deadlock detected.
        matches!(code(&**error).as_str(), "40001" | "40P01")
    }

    /// Whether nobody was there to be asked.
    pub(crate) fn lost_the_connection(&self) -> bool {
        match self {
            Self::Sql(Error::Io(_) | Error::Protocol(_)) => true,
            Self::Sql(Error::Database(error)) => matches!(code(&**error).get(..4), Some("57P0")),
            Self::Sql(_) | Self::Store(_) => false,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(Error::Database(error)) => said(error),
            Failure::Sql(error) => told(error),
        }
    }
}

/// What the driver could not do.
fn told(error: Error) -> StoreError {
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => StoreError::unavailable(error),
        other => StoreError::Refused(other.to_string()),
    }
}

/// What the server said, by [SQLSTATE](https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn said(error: Box<dyn DatabaseError>) -> StoreError {
    let code = code(&*error);
    match (code.get(..2).unwrap_or_default(), code.as_str()) {
        // The connection, who may connect, a transaction that was rolled back, resources, the operator, the machine.
        ("08" | "28" | "40" | "53" | "57" | "58", _)
        // A database that is not there (yet), read only, idle for too long in a transaction, a lock not to be had.
        | (_, "3D000" | "25006" | "25P03" | "55006" | "55P03") => StoreError::Unavailable(error),
        (_, "XX001" | "XX002") => {
            StoreError::Corrupt { table: "(the database)", row: String::new(), problem: shown(&*error, &code) }
        }
        _ => StoreError::Refused(shown(&*error, &code)),
    }
}

/// What may be shown of an error: messages about data hold what was sent, those of a breach and of a statement do not.
fn shown(error: &dyn DatabaseError, code: &str) -> String {
    match code.get(..2) {
        Some("23" | "42" | "XX") => format!("{} ({code})", error.message()),
        _ => match error.constraint().or_else(|| error.table()) {
            Some(place) => format!("SQLSTATE {code} at {place}"),
            None => format!("SQLSTATE {code}"),
        },
    }
}

fn code(error: &dyn DatabaseError) -> String {
    error.code().unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests;
