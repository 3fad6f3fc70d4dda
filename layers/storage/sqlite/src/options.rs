//! How a store is opened.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use towergate_core::{
    Clock,
    audit::{Silent, Sink},
    store::StepWatch,
    system::SystemClock,
};

use crate::{
    migrations,
    open_error::OpenError,
    opened_files::OpenedFiles,
    pool::{Place, Pool, STATEMENTS},
    store::SqliteStore,
    writer::{self, Writer},
};

/// How long to wait for a lock, unless told otherwise.
pub(crate) const DEFAULT_PATIENCE: Duration = Duration::from_secs(5);

/// How a store is opened. The defaults are right for a server on one machine.
#[derive(Clone)]
#[must_use]
pub struct SqliteOptions {
    sink: Arc<dyn Sink>,
    busy_timeout: Duration,
    readers: usize,
    queue: usize,
    group: usize,
    migrate: bool,
    clock: Arc<dyn Clock>,
    steps: Option<Arc<dyn StepWatch>>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            sink: Arc::new(Silent),
            busy_timeout: DEFAULT_PATIENCE,
            readers: 16,
            queue: 1024,
            group: 64,
            migrate: true,
            clock: Arc::new(SystemClock),
            steps: None,
        }
    }
}

impl SqliteOptions {
    /// Tells `sink` of every audit event once it is committed, on the writing thread. The default hears nothing.
    pub fn sink(self, sink: Arc<dyn Sink>) -> Self {
        Self { sink, ..self }
    }

    /// Tells `watch` how long each step took, its wait for the writer included. The default hears nothing.
    pub fn steps(self, watch: Arc<dyn StepWatch>) -> Self {
        Self { steps: Some(watch), ..self }
    }

    /// How long to wait for a lock that another process holds, and for a free reading connection: 5 seconds.
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// How many connections read at once at most: 16.
    pub fn readers(self, readers: usize) -> Self {
        Self { readers, ..self }
    }

    /// How many steps may wait for the writer before the next is turned away: 1024.
    pub fn queue(self, queue: usize) -> Self {
        Self { queue, ..self }
    }

    /// How many steps share one commit at most: 64.
    pub fn group(self, group: usize) -> Self {
        Self { group, ..self }
    }

    /// Whether migrations that are due are applied (the default), or make opening fail.
    pub fn migrate(self, migrate: bool) -> Self {
        Self { migrate, ..self }
    }

    /// Tells when a migration was applied, which people may read later; nothing else asks it. The system's clock.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Opens the database file at `path`, making it (for its owner alone) where there is none.
    ///
    /// # Errors
    /// When it cannot be opened, is not a database, is locked, or its schema is not one this program knows.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(OpenError::NotAFile(path.to_owned()));
        }
        make_for_owner_alone(path).map_err(|cause| OpenError::File { path: path.to_owned(), cause })?;
        self.start(Place::File(path.to_owned())).map_err(|error| match error {
            OpenError::Sqlite(cause) if cause.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                OpenError::NotADatabase(path.to_owned())
            }
            other => other,
        })
    }

    /// Opens a fresh database in memory; it is gone with the last handle.
    ///
    /// # Errors
    /// When the writing thread cannot be started.
    pub fn in_memory(&self) -> Result<SqliteStore, OpenError> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let name = format!("towergate-{}", OPENED.fetch_add(1, Ordering::Relaxed));
        self.start(Place::Memory(name))
    }

    /// One connection brings the database up to date, and then is the first that reads; the one that writes makes itself ready on
    /// its own thread meanwhile. Each has to read the whole schema, which takes longer than all else here.
    fn start(&self, place: Place) -> Result<SqliteStore, OpenError> {
        let first = self.connect(&place)?;
        if let Place::File(_) = place {
            self.log_ahead(&first)?;
        }
        writer::make_ready(&first)?;
        migrations::bring_up_to_date(&first, self.migrate, self.clock.now())?;
        let files = match &place {
            Place::File(path) => OpenedFiles::of(path)?,
            Place::Memory(_) => OpenedFiles::default(),
        };
        let writing = self.connect(&place)?;
        // This opens the log: else the first, if it were closed at once, would be the last that knew of it, and fold it away.
        writing.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
        let writer = Writer::start(writing, files, self.queue, self.group, Arc::clone(&self.sink))?;
        let readers = Pool::new(place, self.readers, self.busy_timeout, first)?;
        Ok(SqliteStore::new(readers, writer, self.steps.clone()))
    }

    fn connect(&self, place: &Place) -> rusqlite::Result<Connection> {
        let connection = place.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        if let Place::Memory(_) = place {
            connection.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
        }
        Ok(connection)
    }

    /// Turns the write-ahead log on. SQLite does not wait for others that do so in the same moment, so we do.
    fn log_ahead(&self, connection: &Connection) -> Result<(), OpenError> {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        loop {
            let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
            match mode {
                Ok(mode) if mode == "wal" => return Ok(()),
                Ok(mode) => return Err(OpenError::NoWriteAheadLog(mode)),
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && waited < self.busy_timeout =>
                {
                    thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("busy_timeout", &self.busy_timeout)
            .field("readers", &self.readers)
            .field("queue", &self.queue)
            .field("group", &self.group)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

/// The file holds password hashes: no other account of the machine may read it. SQLite gives its log the same mode.
fn make_for_owner_alone(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
