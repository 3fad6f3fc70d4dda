//! `keys list`, `keys rotate` and `keys revoke KID`, on the database of the configuration.

use std::{path::PathBuf, time::Duration};

use towergate::{
    core::{
        Clock, RandomUnavailable, StoreError, Timestamp,
        system::{OsRandom, SystemClock},
    },
    jose::Algorithm,
    oauth::{ports::KeyStore, rules::key::KeyRecord},
    oauth_server::{
        KeyRing, KeyRingError,
        key_ring::{KeyState, Move, RotationPolicy},
    },
    postgres::PostgresStore,
    sqlite::{OpenError, SqliteStore},
};

use crate::{
    config::{Config, Database},
    seal_key::{self, Found, SealKeyError},
};

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysCommand {
    /// All keys that are not retired.
    List,
    /// New keys.
    Rotate,
    /// A key is in wrong hands.
    Revoke(String),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysCommandError {
    /// There is nothing to work on.
    #[error("the keys of `memory:` live in the program that runs, and end with it")]
    Memory,
    /// There is nothing to work on yet.
    #[error("there is no database {} yet: the host makes it at its first start", .0.display())]
    NoDatabase(PathBuf),
    /// The database cannot be opened.
    #[error("the database {} cannot be opened: {cause}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: OpenError,
    },
    /// The database elsewhere cannot be opened.
    #[error("the database {place} cannot be opened: {cause}")]
    Postgres {
        /// The database.
        place: String,
        /// What is wrong with it.
        #[source]
        cause: towergate::postgres::OpenError,
    },
    /// No such key.
    #[error("there is no key {0} in the ring; `keys list` names them")]
    Unknown(String),
    /// There is no key to open the others with.
    #[error(transparent)]
    SealKey(#[from] SealKeyError),
    /// The ring could not be turned.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl KeysCommand {
    /// Reads what stands behind `keys`.
    #[must_use]
    pub fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["list"] => Some(Self::List),
            ["rotate"] => Some(Self::Rotate),
            ["revoke", kid] => Some(Self::Revoke((*kid).to_owned())),
            _ => None,
        }
    }

    /// Does it, and says what there is to say.
    ///
    /// # Errors
    /// When there is no database, or it cannot be worked on.
    pub async fn run(self, config: &Config) -> Result<String, KeysCommandError> {
        match &config.database {
            Database::Memory => Err(KeysCommandError::Memory),
            Database::Sqlite(path) if !path.exists() => Err(KeysCommandError::NoDatabase(path.clone())),
            Database::Sqlite(path) => {
                let store = SqliteStore::options().open(path);
                let store =
                    store.map_err(|cause| KeysCommandError::Database { path: path.clone(), cause })?;
                self.run_on(&store, config).await
            }
            Database::Postgres(url) => {
                let store = PostgresStore::connect(url.expose()).await;
                let store =
                    store.map_err(|cause| KeysCommandError::Postgres { place: url.place(), cause })?;
                self.run_on(&store, config).await
            }
        }
    }

    async fn run_on<S: KeyStore>(self, store: &S, config: &Config) -> Result<String, KeysCommandError> {
        let policy = &config.rotation;
        match self {
            Self::List => {}
            Self::Rotate => {
                ring(config, store).await?.rotate(store, &SystemClock, &OsRandom::new()).await?;
            }
            Self::Revoke(kid) => {
                let keys = ring(config, store).await?;
                let moves = keys.revoke(&kid, store, &SystemClock, &OsRandom::new()).await?;
                let is_gone = |moved: &Move| moved.kid == kid && moved.to == KeyState::Retired;
                if !moves.iter().any(is_gone) {
                    return Err(KeysCommandError::Unknown(kid));
                }
            }
        }
        Ok(table(&store.keys().await?, policy, SystemClock.now()))
    }
}

async fn ring<S: KeyStore>(config: &Config, store: &S) -> Result<KeyRing, KeysCommandError> {
    let random = OsRandom::new();
    let key = match seal_key::find(config, &random)? {
        Found::Kept(key) => key,
        // What is to be looked at was sealed by a key that is somewhere else.
        Found::New(new) => return Err(new.missing().into()),
    };
    let sealing = seal_key::ring(config, key)?;
    Ok(KeyRing::with_policy(store, &sealing, config.rotation.clone(), &SystemClock, &random).await?)
}

fn table(records: &[KeyRecord], policy: &RotationPolicy, now: Timestamp) -> String {
    let mut lines = format!("{:<8} {:<10} {:<8} {:<22} kid\n", "alg", "state", "since", "next");
    for algorithm in Algorithm::ALL {
        let of_it = || records.iter().filter(move |key| key.algorithm == algorithm.as_str());
        // Who signs makes way for who waits, however young.
        let successor = of_it().find(|key| key.state == KeyState::Published);
        for key in of_it() {
            let age = now.since(key.since);
            let takes_over = |next: &KeyRecord| next.since.plus(policy.publish_for).since(key.since);
            let next = match key.state {
                KeyState::Published => ("signs", policy.publish_for),
                KeyState::Active => ("makes way", successor.map_or(policy.active_for, takes_over)),
                KeyState::Retiring => ("leaves", policy.retiring_for),
                KeyState::Retired => ("", Duration::ZERO),
            };
            let next = match next.1.saturating_sub(age) {
                Duration::ZERO => format!("{} now", next.0),
                rest => format!("{} in {}", next.0, words(rest)),
            };
            let (state, since) = (key.state.as_str(), words(age));
            lines.push_str(&format!("{:<8} {state:<10} {since:<8} {next:<22} {}\n", key.algorithm, key.kid));
        }
    }
    lines
}

fn words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => format!("{} s", time.as_secs()),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 60 / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        for (seconds, told) in
            [(0, "0 s"), (59, "59 s"), (3600, "60 min"), (7200, "2 h"), (172_800, "2 d"), (7_776_000, "90 d")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), told);
        }
    }

    #[test]
    fn a_command_is_read_whole_or_not_at_all() {
        assert_eq!(KeysCommand::parse(&["list"]), Some(KeysCommand::List));
        assert_eq!(KeysCommand::parse(&["revoke", "a"]), Some(KeysCommand::Revoke(String::from("a"))));
        for bad in [&[][..], &["revoke"], &["rotate", "a"], &["lst"]] {
            assert_eq!(KeysCommand::parse(bad), None, "{bad:?}");
        }
    }
}
