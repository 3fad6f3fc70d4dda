//! `towergate sessions end`: what an operator does in an emergency, on a database that a host may be running on.

use std::{error::Error, path::PathBuf};

use clap::{Args, Subcommand};
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    identity::{ports::UserStore, rules::email::EmailAddress},
    login::{EndedByOperator, OperatorEnd},
    sqlite::SqliteStore,
};

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
#[derive(Debug, Args)]
struct End {
    /// The SQLite database of the host
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
    /// Everybody's
    #[arg(long, conflicts_with = "user", required_unless_present = "user")]
    all: bool,
    /// Those of the person with this address
    #[arg(long, value_name = "EMAIL")]
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
        if !self.database.is_file() {
            return Err(format!("there is no database {}", self.database.display()).into());
        }
        let store = SqliteStore::options().migrate(false).open(&self.database)?;
        let origin = Origin::detached(SystemClock.now(), &OsRandom::new())?;
        let operator = OperatorEnd::new(store.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let Some(email) = &self.user else { return Ok(operator.everybody(origin).await?) };
            let email = EmailAddress::parse(email)?;
            let user = store.find_user_by_email(&email).await?;
            let user = user.ok_or_else(|| format!("nobody has the address {email}"))?;
            Ok(EndedByOperator { people: 1, sessions: operator.person(user.id, origin).await? })
        })
    }
}
