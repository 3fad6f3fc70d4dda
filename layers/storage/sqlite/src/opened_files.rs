//! Whether the paths of a database still lead to the files that were opened.
//!
//! SQLite goes on writing into a file that was deleted, moved or replaced. All that would be answered from then on would
//! be gone at the next start, so the writer asks here before every transaction.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

use rusqlite::ffi;

/// The files of one database as they were when it was opened; none for a database in memory.
#[derive(Debug, Default)]
pub(crate) struct OpenedFiles(Vec<(PathBuf, Identity)>);

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = (); // Elsewhere a file that is open cannot be deleted.

impl OpenedFiles {
    /// The database at `path` and its write-ahead log, both of which must be open.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        let files = [path, PathBuf::from(log)].into_iter();
        files
            .map(|path| fs::metadata(&path).map(|found| (path, identity(&found))))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// # Errors
    /// The error that SQLite has for it, when a path leads elsewhere or nowhere.
    pub(crate) fn are_in_place(&self) -> rusqlite::Result<()> {
        let in_place = |path: &Path, opened| fs::metadata(path).is_ok_and(|found| identity(&found) == opened);
        match self.0.iter().find(|(path, opened)| !in_place(path, *opened)) {
            None => Ok(()),
            Some((path, _)) => Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED),
                Some(format!("{} was deleted, moved or replaced", path.display())),
            )),
        }
    }
}

#[cfg(unix)]
fn identity(found: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {}
