//! A source, a target, and the program between them.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use rusqlite::Connection;
use tempfile::TempDir;
use towergate::sqlite::SqliteStore;
use towergate_test_servers::postgres::{Database, PostgresServer};

pub(crate) struct Place {
    _folder: TempDir,
    pub(crate) file: PathBuf,
    pub(crate) target: Database<'static>,
}

impl Place {
    /// An empty source, with all its tables, and an empty database.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.db");
        drop(SqliteStore::open(&file).unwrap());
        Self { _folder: folder, file, target: PostgresServer::shared().database() }
    }

    /// The source, behind the back of its store.
    pub(crate) fn source(&self) -> Connection {
        Connection::open(&self.file).unwrap()
    }

    /// Changes the source.
    pub(crate) fn change(&self, sql: &str) {
        self.source().execute_batch(sql).unwrap();
    }

    /// What `psql` says of the target.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.target.ask(&format!("SET search_path TO towergate; {sql}"))
    }

    pub(crate) fn program(&self, more: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_towergate"));
        program.args(["migrate", "copy", "--from"]).arg(&self.file).args(["--to", &self.target.url()]);
        program.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// Runs the copy; answers what it printed, and whether it was done.
    pub(crate) fn copy(&self, more: &[&str]) -> (String, bool) {
        let output = self.program(more).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (text, output.status.success())
    }

    /// Runs a copy that must succeed.
    pub(crate) fn copied(&self) -> String {
        let (text, done) = self.copy(&[]);
        assert!(done, "{text}");
        text
    }

    /// Runs a copy that must be refused.
    pub(crate) fn refused(&self) -> String {
        let (text, done) = self.copy(&[]);
        assert!(!done, "{text}");
        text
    }
}
