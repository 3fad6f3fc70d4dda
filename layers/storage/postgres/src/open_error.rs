//! Why a database was not opened, and what to do about it.

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
    /// The database is being filled from another, or was left halfway.
    #[error(
        "the database is half a copy: `towergate migrate copy` has not come to its end. Run it again, which goes on \
         where it was"
    )]
    HalfCopied,
    /// The schema cannot have this name.
    #[error(
        "{0:?} cannot be the name of a schema: 1 to 63 lower-case letters, digits and underscores, of which the first is a \
         letter, and not beginning with `pg_`"
    )]
    Schema(String),
    /// The address of the database cannot be read. It is not shown, for it may hold a password.
    #[error("the address of the database is not of the form postgres://user:password@host:port/database")]
    Address,
    /// PostgreSQL could not be reached, or refused.
    #[error("PostgreSQL: {}", told(.0))]
    Postgres(#[from] sqlx::Error),
}

/// The driver tries again while nobody answers, and keeps to itself why.
fn told(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => {
            "no connection in time: no server answers at that address, or it has none to give".into()
        }
        error => error.to_string(),
    }
}
