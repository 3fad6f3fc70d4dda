//! The handle that a host clones and hands around.

use std::{any::type_name_of_val, fmt, path::Path, sync::Arc};

use rusqlite::Connection;
use towergate_core::{
    StoreError,
    store::{Connections, StepWatch, step_name},
    system::Stopwatch,
};
use tracing::Instrument;

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
    steps: Option<Arc<dyn StepWatch>>,
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

    pub(crate) fn new(readers: Pool, writer: Writer, steps: Option<Arc<dyn StepWatch>>) -> Self {
        Self(Arc::new(Shared { readers, writer, steps }))
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        self.0.readers.read(read)
    }

    /// The connections that read; there is one more, which writes.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.0.readers.connections()
    }

    #[cfg(test)]
    pub(crate) fn idle_readers(&self) -> usize {
        self.0.readers.idle()
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Step<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let name = type_name_of_val(&step);
        let span = towergate_core::work_span!("towergate.store", store = "sqlite", step = step_name(name),);
        self.watched(self.0.writer.write(step)).instrument(span).await
    }

    async fn watched<T>(&self, step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let Some(watch) = &self.0.steps else { return step.await };
        let began = Stopwatch::started();
        let answer = step.await;
        watch.ended(began.elapsed(), answer.is_ok());
        answer
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use super::*;
    use crate::failure::Failure;

    #[derive(Default)]
    struct Heard(Mutex<Vec<bool>>);

    impl StepWatch for Heard {
        fn ended(&self, _: Duration, done: bool) {
            self.0.lock().unwrap().push(done);
        }
    }

    #[tokio::test]
    async fn each_step_is_told_and_connections_are_counted() {
        let heard = Arc::new(Heard::default());
        let store = SqliteStore::options().steps(Arc::clone(&heard) as _).in_memory().unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let refused = store.write(|_| Err::<(), _>(Failure::Store(StoreError::Refused(String::new()))));
        assert!(refused.await.is_err());
        assert_eq!(*heard.0.lock().unwrap(), [true, false]);
        assert_eq!(store.connections(), Connections { in_use: 0, idle: 1 });
        let at_work = store.read(|_| Ok(store.connections())).unwrap();
        assert_eq!(at_work, Connections { in_use: 1, idle: 0 });
        assert_eq!(store.connections(), Connections { in_use: 0, idle: 1 });
    }
}
