//! How SQLite fails, told in the words of the ports.

use rusqlite::ErrorCode;
use towergate_core::StoreError;

/// Why a statement or a step failed, before it is told to a caller.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite said no.
    Sql(rusqlite::Error),
    /// The store itself did.
    Store(StoreError),
}

impl Failure {
    /// A row that the house never wrote.
    pub(crate) const fn corrupt(table: &'static str, row: String, problem: String) -> Self {
        Self::Store(StoreError::Corrupt { table, row, problem })
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(error) => told(error),
        }
    }
}

fn told(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged,
        ) => StoreError::unavailable(error),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { table: "(the file)", row: String::new(), problem: error.to_string() }
        }
        // A constraint's message names its columns, never a value.
        _ => StoreError::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn code(code: i32) -> StoreError {
        Failure::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).into()
    }

    #[test]
    fn what_may_pass_is_unavailable() {
        for passing in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_LOCKED,
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_READONLY,
        ] {
            assert!(matches!(code(passing), StoreError::Unavailable(_)), "{passing}");
        }
    }

    #[test]
    fn a_breach_is_refused_and_a_torn_file_is_corrupt() {
        assert!(matches!(code(ffi::SQLITE_CONSTRAINT_UNIQUE), StoreError::Refused(_)));
        assert!(matches!(code(ffi::SQLITE_CORRUPT), StoreError::Corrupt { .. }));
        assert!(matches!(code(ffi::SQLITE_NOTADB), StoreError::Corrupt { .. }));
    }
}
