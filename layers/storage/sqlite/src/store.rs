//! The handle that a host clones and hands around.

use std::{fmt, path::Path, sync::Arc};

use rusqlite::Connection;
use towergate_core::StoreError;

use crate::{
    failure::Failure,
    open_error::OpenError,
    options::SqliteOptions,
    pool::Pool,
    writer::{Step, Writer},
};

/// A store in one SQLite database. Clones share it; the last one dropped stops the writer once it has written what
/// waits.
#[derive(Clone)]
pub struct SqliteStore(Arc<Shared>);

/// The readers go first, so that the writer's connection is the last and folds the log into the file.
struct Shared {
    readers: Pool,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database file at `path` with the default [`SqliteOptions`].
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteOptions::default().open(path)
    }

    /// Opens a fresh database in memory with the default [`SqliteOptions`].
    ///
    /// # Errors
    /// As [`SqliteOptions::in_memory`].
    pub fn in_memory() -> Result<Self, OpenError> {
        SqliteOptions::default().in_memory()
    }

    /// The default options, to be changed before [`SqliteOptions::open`].
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    pub(crate) fn new(readers: Pool, writer: Writer) -> Self {
        Self(Arc::new(Shared { readers, writer }))
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        self.0.readers.read(read)
    }

    #[cfg(test)]
    pub(crate) fn idle_readers(&self) -> usize {
        self.0.readers.idle()
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Step<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.0.writer.write(step).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
