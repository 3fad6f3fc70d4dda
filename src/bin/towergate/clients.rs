//! `towergate clients list|disable|enable`: who may act for people, and shutting one out, on a database that a host may be running on.

use std::{error::Error, fmt::Write};

use clap::{Args, Subcommand};
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    oauth::{
        ports::{
            ClientStore,
            client::{Disabling, Enabling},
        },
        rules::client::{Client, ClientId, ClientState},
    },
};

use crate::place::Place;

/// Look after clients of the authorization server
#[derive(Debug, Args)]
pub(crate) struct Clients {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all clients, by their identifiers
    List(Whole),
    /// Shut a client out
    ///
    /// Its grants die, with all codes and tokens that came of them, and it gets nothing until it is enabled again. JSON Web Tokens that it
    /// holds already are believed by APIs until they end, unless those ask. The host may be running.
    Disable(One),
    /// Let a client that was shut out act again
    ///
    /// What died when it was shut out stays dead: people are asked again.
    Enable(One),
}

#[derive(Debug, Args)]
struct Whole {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
}

#[derive(Debug, Args)]
struct One {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// The client's identifier
    #[arg(long, value_name = "ID")]
    client: String,
}

impl Clients {
    /// What is printed, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        match self.command.run() {
            Ok(answer) => answer,
            Err(problem) => (format!("{problem}\n"), false),
        }
    }
}

/// How many clients are read at a time.
const PAGE: u16 = 500;

impl Command {
    fn run(&self) -> Result<(String, bool), Box<dyn Error>> {
        let (Self::List(Whole { database })
        | Self::Disable(One { database, .. })
        | Self::Enable(One { database, .. })) = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match Place::open(database).await? {
                Place::Sqlite(store) => self.on(&store).await,
                Place::Postgres(store) => self.on(&store).await,
            }
        })
    }

    async fn on<S: ClientStore>(&self, store: &S) -> Result<(String, bool), Box<dyn Error>> {
        let origin = Origin::detached(SystemClock.now(), &OsRandom::new())?;
        let (text, done) = match self {
            Self::List(_) => (list(store).await?, true),
            Self::Disable(one) => match store.disable_client(ClientId::parse(&one.client)?, origin).await? {
                Disabling::Disabled { grants } => {
                    (format!("shut out, and grants that died with it: {grants}\n"), true)
                }
                Disabling::Missing => (one.missing(), false),
            },
            Self::Enable(one) => match store.enable_client(ClientId::parse(&one.client)?, origin).await? {
                Enabling::Enabled => (String::from("it may act again\n"), true),
                Enabling::Active => (String::from("it was not shut out\n"), true),
                Enabling::Missing => (one.missing(), false),
            },
        };
        Ok((text, done))
    }
}

impl One {
    fn missing(&self) -> String {
        format!("there is no client {:?}\n", self.client)
    }
}

async fn list<S: ClientStore>(store: &S) -> Result<String, Box<dyn Error>> {
    let (mut text, mut after) = (String::new(), None);
    loop {
        let page = store.clients(after, PAGE).await?;
        for client in &page {
            tell(&mut text, client)?;
        }
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
    }
    if text.is_empty() {
        text.push_str("there is no client\n");
    }
    Ok(text)
}

/// Nothing that clients say of themselves can move the terminal.
fn tell(text: &mut String, client: &Client) -> std::fmt::Result {
    let state = match client.state {
        ClientState::Active => "active",
        ClientState::Disabled => "disabled",
    };
    write!(text, "{:?} {state}", client.id.as_str())?;
    if let Some(name) = &client.metadata.client_name {
        write!(text, ", named {name:?}")?;
    }
    match (client.registered_at, &client.document) {
        (_, Some(document)) => {
            write!(text, ", by its own document, read again {}", document.refresh_at.to_rfc3339())?
        }
        (Some(at), None) => write!(text, ", registered itself {}", at.to_rfc3339())?,
        (None, None) => {}
    }
    text.push('\n');
    Ok(())
}
