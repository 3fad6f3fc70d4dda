//! `towergate grants list|end`: what clients hold of a person, and taking it back, on a database that a host may be running on.

use std::{error::Error, fmt::Write};

use clap::{ArgGroup, Args, Subcommand};
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    oauth::{
        ports::{ClientStore, GrantStore, grant::Revocation},
        rules::{
            client::ClientId,
            grant::{Grant, RevocationReason, Subject},
        },
    },
};

use crate::{person, place::Place};

/// Look after what clients hold of people
#[derive(Debug, Args)]
pub(crate) struct Grants {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what clients hold of a person, offline or not
    ///
    /// What hangs from a grant may have expired: it goes with the next cleaning.
    List(Held),
    /// End what clients hold of a person, offline grants too
    ///
    /// Their codes, refresh tokens and access tokens die with them. JSON Web Tokens that clients hold already are believed by APIs until
    /// they end, unless those ask. The host may be running.
    ///
    /// Who is signed in stays so, and what they consented to stays remembered, so that a client may get a new grant when they come by it:
    /// `sessions end` signs them out, `clients disable` shuts the client out.
    End(Held),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").required(true)))]
struct Held {
    /// The host's database: a SQLite file, or postgres://..
    #[arg(long, value_name = "FILE|URL")]
    database: String,
    /// Of the person with this address, where the host's account resolver calls people by their user id
    #[arg(long, value_name = "EMAIL", group = "whose")]
    user: Option<String>,
    /// Of the person whom the host's account resolver calls so
    #[arg(long, value_name = "SUB", group = "whose")]
    subject: Option<String>,
    /// Held by this client only
    #[arg(long, value_name = "ID")]
    client: Option<String>,
}

impl Grants {
    /// What is printed, and whether it was done.
    pub(crate) fn run(&self) -> (String, bool) {
        match self.command.run() {
            Ok(text) => (text, true),
            Err(problem) => (format!("{problem}\n"), false),
        }
    }
}

/// How many grants are read at a time.
const PAGE: u16 = 500;

impl Command {
    fn run(&self) -> Result<String, Box<dyn Error>> {
        let (Self::List(held) | Self::End(held)) = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let place = Place::open(&held.database).await?;
            let subject = held.subject(&place).await?;
            match place {
                Place::Sqlite(store) => self.on(&store, &subject).await,
                Place::Postgres(store) => self.on(&store, &subject).await,
            }
        })
    }

    async fn on<S: ClientStore + GrantStore>(
        &self,
        store: &S,
        subject: &Subject,
    ) -> Result<String, Box<dyn Error>> {
        match self {
            Self::List(held) => list(&held.grants(store, subject).await?),
            Self::End(held) => end(store, &held.grants(store, subject).await?).await,
        }
    }
}

impl Held {
    async fn subject(&self, place: &Place) -> Result<Subject, Box<dyn Error>> {
        let text = match (&self.subject, &self.user) {
            (None, Some(email)) => person::in_place(place, email).await?.to_string(),
            (subject, _) => subject.clone().unwrap_or_default(),
        };
        Ok(Subject::parse(&text)?)
    }

    /// A client that holds nothing may be one that was misspelt.
    async fn grants<S: ClientStore + GrantStore>(
        &self,
        store: &S,
        subject: &Subject,
    ) -> Result<Vec<Grant>, Box<dyn Error>> {
        let client = self.client.as_deref().map(ClientId::parse).transpose()?;
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = store.grants_of(subject, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let is_meant = |grant: &Grant| client.as_ref().is_none_or(|client| *client == grant.client);
            all.extend(page.into_iter().filter(is_meant));
        }
        match client {
            Some(client) if all.is_empty() && store.find_client(&client).await?.is_none() => {
                Err(format!("there is no client {:?}", client.as_str()).into())
            }
            _ => Ok(all),
        }
    }
}

/// Nothing that a client is called can move the terminal.
fn list(grants: &[Grant]) -> Result<String, Box<dyn Error>> {
    if grants.is_empty() {
        return Ok(String::from("there is no grant\n"));
    }
    let mut text = String::new();
    for grant in grants {
        let (client, given) = (grant.client.as_str(), grant.created_at.to_rfc3339());
        let offline = if grant.is_offline() { "offline, " } else { "" };
        writeln!(text, "{} to {client:?}, {offline}given {given}, for {}", grant.id, grant.scope)?;
    }
    Ok(text)
}

async fn end<S: GrantStore>(store: &S, grants: &[Grant]) -> Result<String, Box<dyn Error>> {
    let origin = Origin::detached(SystemClock.now(), &OsRandom::new())?;
    let mut ended = 0_u64;
    for grant in grants {
        let revocation = store.revoke_grant(grant.id, RevocationReason::RevokedByOperator, origin).await?;
        ended += u64::from(revocation == Revocation::Revoked);
    }
    Ok(format!("grants ended: {ended}\n"))
}
