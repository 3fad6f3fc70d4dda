//! `towergate sessions end`: what an operator does in an emergency, on a database that a host may be running on.

use std::{
    error::Error,
    io::{self, Write},
};

use clap::{ArgGroup, Args, Subcommand};
use towergate::{
    core::{
        Clock, Secret,
        audit::Origin,
        mac::MacKey,
        system::{OsRandom, SystemClock},
    },
    identity::ports::{SessionStore, UserStore},
    login::{EndedByOperator, OperatorEnd},
    postgres::PostgresStore,
    redis::RedisStore,
};

use crate::{person, place::Place};

/// What is said where a Redis beside the database was not told.
const REDIS_UNTOLD: &str = "a host that keeps sessions in Redis too may answer them from there for up to 30 seconds yet: \
    --redis URL ends them there at once\n";

/// Look after sessions
#[derive(Debug, Args)]
pub(crate) struct Sessions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    End(End),
}

/// End the sessions of a person, or everybody's
///
/// Who is signed in is out at their next request; no browser stays signed in, and none is trusted to stand for a second factor. The host
/// may be running.
///
/// Clients hold what they have been given for `offline_access`, and the rest until their next refresh (`grants end` takes it back); none is
/// told that somebody is signed out.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").required(true)))]
struct End {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// The Redis in which the host keeps sessions beside PostgreSQL: without it they are answered from there for up to half a minute yet
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// What the host has its names in Redis begin with, where it says so
    #[arg(long, value_name = "WORD", requires = "redis")]
    redis_prefix: Option<String>,
    /// Everybody's
    #[arg(long, group = "whose")]
    all: bool,
    /// Those of the person with this address
    #[arg(long, value_name = "EMAIL", group = "whose")]
    user: Option<String>,
}

impl Sessions {
    /// What is printed, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        let Command::End(end) = &self.command;
        match end.run() {
            Ok(EndedByOperator { people, sessions }) => {
                (format!("sessions ended: {sessions}, of people: {people}\n"), true)
            }
            Err(problem) => (format!("{problem}\n"), false),
        }
    }
}

impl End {
    fn run(&self) -> Result<EndedByOperator, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            if let Some(redis) = &self.redis {
                return self.on(self.beside(redis).await?).await;
            }
            match Place::open(&self.database).await? {
                Place::Sqlite(store) => self.on(store).await,
                Place::Postgres(store) => {
                    let ended = self.on(store).await?;
                    // Nobody may be reading.
                    let _ = io::stderr().write_all(REDIS_UNTOLD.as_bytes());
                    Ok(ended)
                }
            }
        })
    }

    /// PostgreSQL with the host's Redis. Places are closed there, and none is read or filled: so no key is needed.
    async fn beside(&self, redis: &str) -> Result<PostgresStore, Box<dyn Error>> {
        let mut options = RedisStore::options();
        if let Some(prefix) = &self.redis_prefix {
            options = options.prefix(prefix);
        }
        let key = MacKey::derive(&Secret::new([0; 32]), "closing sessions")?;
        let cache = options.connect(redis).await?.session_cache(key);
        let options = PostgresStore::options().migrate(false).connections(1).session_cache(cache);
        Ok(options.connect(&self.database).await?)
    }

    async fn on<S: SessionStore + UserStore + Clone>(
        &self,
        store: S,
    ) -> Result<EndedByOperator, Box<dyn Error>> {
        let origin = Origin::detached(SystemClock.now(), &OsRandom::new())?;
        let operator = OperatorEnd::new(store.clone());
        let Some(email) = &self.user else { return Ok(operator.everybody(origin).await?) };
        let user = person::with_address(&store, email).await?;
        Ok(EndedByOperator { people: 1, sessions: operator.person(user, origin).await? })
    }
}
