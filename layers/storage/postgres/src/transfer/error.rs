use crate::open_error::OpenError;

/// Why a database could not take a copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It could not be opened, or its schema is not the one that this program knows.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There are rows that no copy has written.
    #[error(
        "the target has rows already, in {}: a copy goes into a database, or a schema, that nothing has written to", .0.join(", ")
    )]
    NotEmpty(Vec<String>),
    /// Somebody else is copying, or holds the tables.
    #[error("somebody else is at work on the target ({0}); wait for them, or end them, and try again")]
    Busy(#[source] sqlx::Error),
    /// The copy that is there is of other tables, or moved by somebody else.
    #[error("the target holds a copy that another program is making, or made of other tables than these")]
    OtherCopy,
    /// Nothing was begun, or it has come to its end.
    #[error("there is no unfinished copy in the target that could be begun again")]
    NothingToForget,
    /// A table or a column of the source has no counterpart.
    #[error("{0} has no counterpart in PostgreSQL, and nothing is left behind: use a release that knows it")]
    NoCounterpart(String),
    /// A table or a column of the target is not filled by the source.
    #[error("nothing in the source fills {0}: use a release in which both stores are of one version")]
    NoSource(String),
    /// A column is of a type that nothing is converted to.
    #[error("{0} is of a type that a copy does not know")]
    Type(String),
    /// A value cannot stand in its column.
    #[error("{row}: column {column} {problem}. Mend the row in the source, or delete it, and go on")]
    Value {
        /// The row.
        row: String,
        /// Its column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// PostgreSQL does not take a row.
    #[error(
        "{row}: PostgreSQL does not take it: {reason}. Mend the row in the source, or delete it, and go on"
    )]
    Row {
        /// The row.
        row: String,
        /// What PostgreSQL said.
        reason: String,
    },
    /// How far the copy has come cannot be read.
    #[error(transparent)]
    Unreadable(towergate_core::StoreError),
    /// PostgreSQL could not be reached, or refused.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
}
