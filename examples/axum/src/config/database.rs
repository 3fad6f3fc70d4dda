//! `database`: where everything is kept.

use std::{fmt, path::PathBuf};

use url::Url;

use super::reader::{Section, Text};

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// In a database that other instances share.
    Postgres(PostgresUrl),
    /// Until the program ends.
    Memory,
}

/// The address of a PostgreSQL database, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    /// The whole address.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// The address as people may see it: without who connects, and how.
    #[must_use]
    pub fn place(&self) -> String {
        let port = self.0.port().map(|port| format!(":{port}")).unwrap_or_default();
        let (host, path) = (self.0.host_str().unwrap_or_default(), self.0.path());
        format!("{}://{host}{port}{path}", self.0.scheme())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.place()).finish()
    }
}

pub(super) fn read(section: &Section<'_>, text: &Text) -> Option<Database> {
    let read = match text.value.split_once(':') {
        Some(("memory", "")) => Some(Database::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Some(Database::Sqlite(PathBuf::from(path))),
        Some(("postgres" | "postgresql", _)) => {
            Url::parse(&text.value).ok().map(|url| Database::Postgres(PostgresUrl(url)))
        }
        _ => None,
    };
    if read.is_none() {
        let kinds = "`database` must be `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` or `memory:`";
        section.refuse(&text.place, kinds);
    }
    read
}
