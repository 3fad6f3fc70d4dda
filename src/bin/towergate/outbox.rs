//! `towergate outbox list|replay`: what was given up, and having it sent again, on a database that a host may be running on.

use std::{error::Error, fmt::Write};

use clap::{ArgGroup, Args, Subcommand};
use towergate::{
    core::{
        Clock, StoreError,
        audit::Origin,
        outbox::{DeadLetter, Replaying},
        system::{OsRandom, SystemClock},
    },
    identity::{ports::MailOutbox, rules::mail::MailId},
    oauth::{
        ports::LogoutStore,
        rules::{client::ClientId, logout::NoticeKey},
    },
};

use crate::place::Place;

/// Look after mail and notices that were given up
#[derive(Debug, Args)]
pub(crate) struct Outbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Replay(Replay),
}

/// List what was given up, the newest first, without what it says
#[derive(Debug, Args)]
struct List {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// At most so many mails, and so many notices
    #[arg(long, default_value_t = 100)]
    limit: u16,
}

/// Have what was given up sent again
///
/// It is due at once, with all its tries before it. Mail that says nothing of worth any more stays. The host may be running.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
struct Replay {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// Everything that was given up
    #[arg(long, group = "what")]
    all: bool,
    /// This mail
    #[arg(long, value_name = "ID", group = "what")]
    mail: Option<String>,
    /// The notice of the end of this sign-in,
    #[arg(long, value_name = "SID", requires = "client", group = "what")]
    sign_in: Option<String>,
    /// to this client
    #[arg(long, value_name = "ID", requires = "sign_in", conflicts_with_all = ["all", "mail"])]
    client: Option<String>,
}

impl Outbox {
    /// What is printed, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        match self.command.run() {
            Ok(answer) => answer,
            Err(problem) => (format!("{problem}\n"), false),
        }
    }
}

impl Command {
    fn run(&self) -> Result<(String, bool), Box<dyn Error>> {
        let (Self::List(List { database, .. }) | Self::Replay(Replay { database, .. })) = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match Place::open(database).await? {
                Place::Sqlite(store) => self.on(&store).await,
                Place::Postgres(store) => self.on(&store).await,
            }
        })
    }

    async fn on<S: MailOutbox + LogoutStore>(&self, store: &S) -> Result<(String, bool), Box<dyn Error>> {
        match self {
            Self::List(list) => Ok((list.on(store).await?, true)),
            Self::Replay(replay) => replay.on(store).await,
        }
    }
}

impl List {
    async fn on<S: MailOutbox + LogoutStore>(&self, store: &S) -> Result<String, Box<dyn Error>> {
        let mut text = String::new();
        for letter in store.dead_mails(self.limit).await? {
            write!(text, "mail {}", letter.id)?;
            tell(&mut text, &letter)?;
        }
        for letter in store.dead_logouts(self.limit).await? {
            write!(text, "sign-in {:?} client {:?}", letter.id.sid, letter.id.client.as_str())?;
            tell(&mut text, &letter)?;
        }
        if text.is_empty() {
            text.push_str("nothing was given up\n");
        }
        Ok(text)
    }
}

/// Nothing that comes from outside can move the terminal.
fn tell<Id>(text: &mut String, letter: &DeadLetter<Id>) -> std::fmt::Result {
    let DeadLetter { kind, destination, reason, attempts, .. } = letter;
    let (queued, died) = (letter.queued_at.to_rfc3339(), letter.died_at.to_rfc3339());
    writeln!(
        text,
        "\n    {kind} to {destination:?}: {reason}, tries: {attempts}\n    queued {queued}, given up {died}"
    )
}

/// How many dead letters are read at a time.
const BATCH: u16 = 500;

impl Replay {
    async fn on<S: MailOutbox + LogoutStore>(&self, store: &S) -> Result<(String, bool), Box<dyn Error>> {
        if let Some(id) = &self.mail {
            let id = id.parse::<MailId>()?;
            return Ok(said(store.replay_mail(id, origin()?).await?));
        }
        if let (Some(sid), Some(client)) = (&self.sign_in, &self.client) {
            let key = NoticeKey { sid: sid.clone(), client: ClientId::parse(client.as_str())? };
            return Ok(said(store.replay_logout(key, origin()?).await?));
        }
        let (mut replayed, mut late) = (0_u64, 0_u64);
        for letter in store.dead_mails(BATCH).await? {
            match store.replay_mail(letter.id, origin()?).await? {
                Replaying::Replayed => replayed += 1,
                Replaying::TooLate => late += 1,
                Replaying::Missing => {}
            }
        }
        for letter in store.dead_logouts(BATCH).await? {
            if store.replay_logout(letter.id, origin()?).await? == Replaying::Replayed {
                replayed += 1;
            }
        }
        Ok((format!("sent again: {replayed}, too late: {late}\n"), true))
    }
}

fn said(replaying: Replaying) -> (String, bool) {
    let (text, done) = match replaying {
        Replaying::Replayed => ("sent again: 1\n", true),
        Replaying::TooLate => ("what it says is worth nothing any more\n", false),
        Replaying::Missing => ("nothing like that was given up\n", false),
    };
    (text.to_owned(), done)
}

fn origin() -> Result<Origin, StoreError> {
    Origin::detached(SystemClock.now(), &OsRandom::new()).map_err(StoreError::unavailable)
}
