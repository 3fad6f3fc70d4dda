//! Why a database was not opened, and what to do about it.

use std::path::PathBuf;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A later version of the house has written this database.
    #[error(
        "the database was written by a newer version: it has migration {number} ({name}), which this program does \
         not know. Run the newer version, or restore the backup made before the upgrade"
    )]
    Newer {
        /// The first migration that is not known.
        number: i64,
        /// Its name.
        name: String,
    },
    /// A migration was applied in another wording than the one this program carries.
    #[error(
        "migration {number} ({name}) was applied to the database in another form than this program carries. Build \
         from an unaltered release, or restore a backup; never edit a migration that was applied"
    )]
    Altered {
        /// The migration.
        number: i64,
        /// Its name in the database.
        name: String,
    },
    /// Migrations are due and opening was told not to apply them.
    #[error(
        "the database is behind: migrations {due:?} are due. Migrate it, or open it with migrations applied"
    )]
    Behind {
        /// The names of those that are due.
        due: Vec<&'static str>,
    },
    /// The path does not name a file.
    #[error("{0:?} does not name a file; for a database in memory use SqliteStore::in_memory")]
    NotAFile(PathBuf),
    /// The file can be neither opened nor made.
    #[error("the database file {} cannot be made: {cause}. Its folder must be there and writable", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The file is something else.
    #[error("{} is not an SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// The file system cannot do what the store needs of it.
    #[error("write-ahead logging is not possible here (journal mode is {0:?}): use a local disk")]
    NoWriteAheadLog(String),
    /// SQLite could not open it.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writing thread could not be started.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
