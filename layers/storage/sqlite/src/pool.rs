//! Connections that only read, lent to whichever thread asks and back before it returns.

use std::{
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use towergate_core::{StoreError, store::Connections};

use crate::failure::Failure;

/// Statements that one connection keeps prepared; the house has fewer.
pub(crate) const STATEMENTS: usize = 128;

/// Where a database lives.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// In this process, under a name that its connections share.
    Memory(String),
}

impl Place {
    /// Opens a connection to it.
    pub(crate) fn connect(&self, access: OpenFlags) -> rusqlite::Result<Connection> {
        let access = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            Self::File(path) => Connection::open_with_flags(path, access),
            Self::Memory(name) => Connection::open_with_flags(
                format!("file:/{name}?vfs=memdb"),
                access | OpenFlags::SQLITE_OPEN_URI,
            ),
        }
    }
}

/// A bounded number of reading connections: one from the start, the others opened when first needed.
#[derive(Debug)]
pub(crate) struct Pool {
    place: Place,
    bound: usize,
    patience: Duration,
    lent: Mutex<Shelf>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct Shelf {
    idle: Vec<Connection>,
    open: usize,
    waiting: usize,
}

/// All readers were lent out for as long as anybody waits.
#[derive(Debug, thiserror::Error)]
#[error("all {0} reading connections are busy")]
struct AllLent(usize);

impl Pool {
    /// A pool of at most `bound` connections to `place`, the `first` among them, which knows the schema and from now on only reads;
    /// `patience` bounds every wait.
    pub(crate) fn new(
        place: Place,
        bound: usize,
        patience: Duration,
        first: Connection,
    ) -> rusqlite::Result<Self> {
        only_reads(&first)?;
        let shelf = Shelf { idle: vec![first], open: 1, waiting: 0 };
        let bound = bound.max(1);
        Ok(Self { place, bound, patience, lent: Mutex::new(shelf), returned: Condvar::new() })
    }

    /// Reads, in this thread. Each statement sees what was committed before it began.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut loan = self.borrow()?;
        let answer = read(loan.connection()?).map_err(StoreError::from);
        if matches!(answer, Err(StoreError::Unavailable(_))) {
            loan.connection = None; // The next reader opens the file anew.
        }
        answer
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> Connections {
        let shelf = self.shelf();
        let idle = shelf.idle.len();
        Connections { in_use: shelf.open.saturating_sub(idle), idle }
    }

    /// How many connections lie ready.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.shelf().idle.len()
    }

    fn borrow(&self) -> Result<Loan<'_>, StoreError> {
        let mut shelf = self.shelf();
        let all_lent = |shelf: &mut Shelf| shelf.idle.is_empty() && shelf.open >= self.bound;
        if all_lent(&mut shelf) {
            shelf.waiting += 1;
            let waited = self.returned.wait_timeout_while(shelf, self.patience, all_lent);
            let (back, wait) = waited.unwrap_or_else(PoisonError::into_inner);
            shelf = back;
            shelf.waiting -= 1;
            if wait.timed_out() {
                return Err(StoreError::unavailable(AllLent(self.bound)));
            }
        }
        let connection = shelf.idle.pop();
        if connection.is_none() {
            shelf.open += 1;
        }
        drop(shelf);
        Ok(Loan { pool: self, connection })
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = self.place.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(self.patience)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        only_reads(&connection)?;
        Ok(connection)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn only_reads(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")
}

/// A connection on loan; it goes back when this is dropped, also by a panic.
struct Loan<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
}

impl Loan<'_> {
    fn connection(&mut self) -> Result<&Connection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.connect().map_err(Failure::from)?,
        };
        Ok(self.connection.insert(connection))
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut shelf = self.pool.shelf();
        match self.connection.take() {
            Some(connection) => shelf.idle.push(connection),
            None => shelf.open = shelf.open.saturating_sub(1),
        }
        let awaited = shelf.waiting > 0;
        drop(shelf);
        // Calls the system, so only when somebody hears it.
        if awaited {
            self.pool.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::store::SqliteStore;

    #[test]
    fn whoever_finds_all_readers_lent_waits_for_one_but_not_for_ever() {
        let options = SqliteStore::options().readers(1).busy_timeout(Duration::from_millis(20));
        let store = options.in_memory().unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let holder = store.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                holder
                    .read(|_| {
                        begin.send(()).unwrap();
                        let _ = released.recv();
                        Ok(())
                    })
                    .unwrap();
            });
            begun.recv().unwrap();
            assert!(matches!(store.events(0, 1), Err(StoreError::Unavailable(_))));
            drop(release);
        });
        store.events(0, 1).unwrap();
    }

    #[test]
    fn a_read_that_panics_gives_its_connection_back() {
        let options = SqliteStore::options().readers(1).busy_timeout(Duration::from_millis(20));
        let store = options.in_memory().unwrap();
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| store.read::<()>(|_| panic!("for the test")));
            assert!(panics.join().is_err());
        });
        store.events(0, 1).unwrap();
    }

    #[test]
    fn a_reader_cannot_write() {
        let store = SqliteStore::in_memory().unwrap();
        let written =
            store.read(|connection| Ok(connection.execute("DELETE FROM towergate_audit_events", [])?));
        assert!(matches!(written, Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn many_threads_share_few_readers() {
        let store = SqliteStore::options().readers(2).in_memory().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| (0..50).for_each(|_| drop(store.events(0, 1).unwrap())));
            }
        });
        assert!(store.idle_readers() <= 2);
    }
}
