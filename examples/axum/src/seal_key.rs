//! The key that seals the signing keys, in a file of its own: whoever steals the database alone holds nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate::core::{
    Random, RandomUnavailable, Secret, random,
    seal::{SealingKey, SealingRing},
};

use crate::config::{Config, Database};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// The file cannot be read or made.
    #[error("the seal key file {} cannot be used: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file is gone, and what it sealed is not.
    #[error(
        "the seal key file {} is missing, but {} is there: put the file back, or delete {}* to begin anew",
        path.display(), database.display(), database.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// What it sealed.
        database: PathBuf,
    },
    /// The file is not there, and the database holds what a key sealed.
    #[error(
        "the seal key file {} is not there, and the database holds what it sealed: name the file that the host had, or put it back",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file holds something else.
    #[error("the seal key file {} must hold 32 bytes in base64url, 43 characters", .0.display())]
    Malformed(PathBuf),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// The file of the key: the configured one, else the one beside the database; `None` where nothing outlives the
/// program. A database that is elsewhere has nothing beside it: its configuration names the file.
#[must_use]
pub fn path(config: &Config) -> Option<PathBuf> {
    match (&config.seal_key_file, &config.database) {
        (Some(path), _) => Some(path.clone()),
        (None, Database::Sqlite(database)) => Some(database.with_extension("key")),
        (None, Database::Postgres(_) | Database::Memory) => None,
    }
}

/// The key that seals, as it was found.
#[derive(Debug)]
pub enum Found {
    /// It is in its file, or lives no longer than the program.
    Kept(Secret<[u8; 32]>),
    /// There is none yet.
    New(NewKey),
}

/// A key that is in no file yet: whoever mistyped a name is not to find a file of it.
#[derive(Debug)]
pub struct NewKey {
    key: Secret<[u8; 32]>,
    path: PathBuf,
    draft: PathBuf,
}

impl NewKey {
    /// The key, which another may yet take the place of.
    #[must_use]
    pub const fn key(&self) -> &Secret<[u8; 32]> {
        &self.key
    }

    /// Makes its file. Where another instance was quicker, its key counts.
    ///
    /// # Errors
    /// When the file cannot be made, or the other's holds no key.
    pub fn keep(self) -> Result<Secret<[u8; 32]>, SealKeyError> {
        match create(&self.path, &self.draft, &self.key) {
            Ok(()) => Ok(self.key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&self.path),
            Err(cause) => Err(SealKeyError::File { path: self.path, cause }),
        }
    }

    /// What is wrong where something is sealed already.
    #[must_use]
    pub fn missing(self) -> SealKeyError {
        SealKeyError::Missing(self.path)
    }
}

/// The key of the file, or a new one if the file is not there and the database is not there either; a passing key where
/// there is no file. Nothing is written.
///
/// # Errors
/// When the file cannot be read, or holds no key; or it is gone and the database is not.
pub fn find(config: &Config, random: &dyn Random) -> Result<Found, SealKeyError> {
    let Some(path) = path(config) else { return Ok(Found::Kept(Secret::new(random::bytes(random)?))) };
    // In this order: an instance that starts beside this one makes the key first.
    let sealed = match &config.database {
        Database::Sqlite(database) if database.exists() => Some(database.clone()),
        Database::Sqlite(_) | Database::Postgres(_) | Database::Memory => None,
    };
    if !path.exists() {
        // With an older key at hand, a new one takes its place.
        if let Some(database) = sealed.filter(|_| config.older_seal_key_files.is_empty()) {
            return Err(SealKeyError::Lost { path, database });
        }
        let key = Secret::new(random::bytes::<32>(random)?);
        let draft = path.with_extension(format!("key.{:032x}", u128::from_ne_bytes(random::bytes(random)?)));
        return Ok(Found::New(NewKey { key, path, draft }));
    }
    read(&path).map(Found::Kept)
}

/// The key that seals, and the older ones of the configuration, which still open.
///
/// # Errors
/// When a file cannot be read, or holds no key.
pub fn ring(config: &Config, current: Secret<[u8; 32]>) -> Result<SealingRing, SealKeyError> {
    let ring = SealingRing::new(SealingKey::new(current));
    Ok(older(config)?.into_iter().fold(ring, |ring, key| ring.with_older(SealingKey::new(key))))
}

/// The older keys of the configuration.
///
/// # Errors
/// When a file cannot be read, or holds no key.
pub fn older(config: &Config) -> Result<Vec<Secret<[u8; 32]>>, SealKeyError> {
    config.older_seal_key_files.iter().map(|path| read(path)).collect()
}

/// The key of a file.
///
/// # Errors
/// When it cannot be read, or holds no key.
pub fn read(path: &Path) -> Result<Secret<[u8; 32]>, SealKeyError> {
    let file_failed = |cause| SealKeyError::File { path: path.to_owned(), cause };
    let text = Secret::new(fs::read_to_string(path).map_err(file_failed)?);
    parse(&text).ok_or_else(|| SealKeyError::Malformed(path.to_owned()))
}

/// The key that a text holds: 32 bytes in base64url.
#[must_use]
pub fn parse(text: &Secret<String>) -> Option<Secret<[u8; 32]>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.expose().trim()).ok().map(Secret::new)?;
    <[u8; 32]>::try_from(bytes.expose().as_slice()).ok().map(Secret::new)
}

/// Makes the file whole or not at all, readable by its owner alone. A program killed on the way leaves its draft, which
/// must not stand in the way of the next.
fn create(path: &Path, draft: &Path, key: &Secret<[u8; 32]>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    let text = Secret::new(URL_SAFE_NO_PAD.encode(key.expose()));
    let written = file.write_all(text.expose().as_bytes()).and_then(|()| file.write_all(b"\n"));
    // A link fails where the name is taken, a rename would replace it.
    let linked = written.and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(draft, path));
    fs::remove_file(draft)?;
    linked?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use towergate::core::random::InsecureSeededRandom;

    use super::*;

    fn load(config: &Config, random: &dyn Random) -> Result<Secret<[u8; 32]>, SealKeyError> {
        match find(config, random)? {
            Found::Kept(key) => Ok(key),
            Found::New(new) => new.keep(),
        }
    }

    fn config(folder: &Path) -> Config {
        let database = folder.join("towergate.db");
        let text = format!(
            "addr = \"127.0.0.1:1\"\nissuer = \"http://localhost\"\ndatabase = 'sqlite:{}'",
            database.display()
        );
        Config::parse("test.toml", &text).unwrap()
    }

    #[test]
    fn the_key_of_the_first_start_is_the_key_of_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let first = load(&config, &InsecureSeededRandom::new(1)).unwrap();
        let next = load(&config, &InsecureSeededRandom::new(2)).unwrap();
        assert_eq!(first.expose(), next.expose());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        load(&config(folder.path()), &InsecureSeededRandom::new(1)).unwrap();
        let mode = fs::metadata(folder.path().join("towergate.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("towergate.key");
        fs::write(&path, "short").unwrap();
        let refused = load(&config(folder.path()), &InsecureSeededRandom::new(1)).unwrap_err();
        assert!(matches!(refused, SealKeyError::Malformed(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
    }

    #[test]
    fn the_draft_of_a_killed_start_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        // The first process of a container has the same number at every start.
        let draft = folder.path().join(format!("towergate.key.{}", std::process::id()));
        fs::write(draft, "").unwrap();
        load(&config(folder.path()), &InsecureSeededRandom::new(1)).unwrap();
    }

    #[test]
    fn a_new_key_takes_the_place_of_an_older_one_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        let old = load(&config, &InsecureSeededRandom::new(1)).unwrap();
        fs::write(folder.path().join("towergate.db"), "").unwrap();
        let aside = folder.path().join("old.key");
        fs::rename(folder.path().join("towergate.key"), &aside).unwrap();
        config.older_seal_key_files = vec![aside];
        let new = load(&config, &InsecureSeededRandom::new(2)).unwrap();
        assert_ne!(old.expose(), new.expose());
        assert_eq!(new.expose(), load(&config, &InsecureSeededRandom::new(3)).unwrap().expose());
        let random = InsecureSeededRandom::new(4);
        let sealed = SealingKey::new(old).seal(b"here", b"hush", &random).unwrap();
        let ring = ring(&config, new).unwrap();
        assert_eq!(ring.open(b"here", &sealed).unwrap().expose(), b"hush");
        assert!(ring.is_stale(&sealed).unwrap());
        config.older_seal_key_files = vec![folder.path().join("nowhere.key")];
        assert!(super::ring(&config, Secret::new([1; 32])).is_err());
    }

    #[test]
    fn whoever_is_slower_takes_the_key_of_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let new = |seed| match find(&config, &InsecureSeededRandom::new(seed)).unwrap() {
            Found::New(new) => new,
            Found::Kept(_) => panic!("a file is there"),
        };
        let (slow, quick) = (new(1), new(2));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "to look is not to write");
        let kept = quick.keep().unwrap();
        assert_eq!(slow.keep().unwrap().expose(), kept.expose());
    }

    #[test]
    fn a_lost_key_is_not_replaced_while_the_database_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("towergate.db"), "").unwrap();
        let refused = load(&config(folder.path()), &InsecureSeededRandom::new(1)).unwrap_err();
        assert!(matches!(refused, SealKeyError::Lost { .. }));
        assert!(!folder.path().join("towergate.key").exists());
    }
}
