//! `database`: where everything is kept; `redis`: what is kept beside it.

use std::{fmt, path::PathBuf};

use url::Url;

use super::reader::{Section, Text};

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// In a database that other instances share.
    Postgres(ServerUrl),
    /// Until the program ends.
    Memory,
}

/// The address of a PostgreSQL database or of a Redis, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
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

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerUrl").field(&self.place()).finish()
    }
}

pub(super) fn read(section: &Section<'_>, text: &Text) -> Option<Database> {
    let read = match text.value.split_once(':') {
        Some(("memory", "")) => Some(Database::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Some(Database::Sqlite(PathBuf::from(path))),
        Some(("postgres" | "postgresql", _)) => {
            let url = Url::parse(&text.value).ok().filter(|url| !url.cannot_be_a_base());
            url.map(|url| Database::Postgres(ServerUrl(url)))
        }
        _ => None,
    };
    if read.is_none() {
        let kinds = "`database` must be `sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` or `memory:`";
        section.refuse(&text.place, kinds);
    }
    read
}

/// Redis stands beside PostgreSQL alone: one machine has nothing to share.
pub(super) fn read_redis(
    section: &Section<'_>,
    text: &Text,
    database: Option<&Database>,
) -> Option<ServerUrl> {
    if matches!(database, Some(Database::Sqlite(_) | Database::Memory)) {
        let why = "`redis`: only beside PostgreSQL, for what its instances share; leave it out, or set `database` to postgres://…";
        section.refuse(&text.place, why);
        return None;
    }
    let read = match text.value.split_once("://") {
        Some(("redis" | "redis+unix", _)) => Url::parse(&text.value).ok().map(ServerUrl),
        _ => None,
    };
    if read.is_none() {
        section.refuse(
            &text.place,
            "`redis` must be `redis://USER:PASSWORD@HOST/NUMBER` or `redis+unix:///PATH`",
        );
    }
    read
}

/// Where what is shown once is marked, beside PostgreSQL and Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplayMarks {
    /// In Redis; one that was started again may have forgotten them, and marks nothing until all that it forgot is over.
    #[default]
    Redis,
    /// In a Redis that writes each mark to its disk before it answers; it may be started again.
    RedisKeepsAll,
    /// In PostgreSQL, which forgets nothing.
    Database,
}

pub(super) fn read_marks(section: &Section<'_>, text: &Text, has_redis: bool) -> Option<ReplayMarks> {
    let read = match &*text.value {
        "redis" => Some(ReplayMarks::Redis),
        "redis-keeps-all" => Some(ReplayMarks::RedisKeepsAll),
        "database" => Some(ReplayMarks::Database),
        _ => None,
    };
    if read.is_none() {
        let kinds = "`replay_marks` must be \"redis\", \"redis-keeps-all\" or \"database\"";
        section.refuse(&text.place, kinds);
    } else if !has_redis {
        section.refuse(&text.place, "`replay_marks`: without `redis` they are in the database; leave it out");
    }
    read
}
