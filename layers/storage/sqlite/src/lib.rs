//! The embedded store: one SQLite database, read in the caller's own thread, written by one thread in groups.
//!
//! [`SqliteStore`] fills every port of `towergate-identity` (feature `inbound`) and of `towergate-oauth` (feature
//! `outbound`), [`RateStore`](towergate_rate_limit::RateStore) and [`AuditLog`](towergate_core::audit::AuditLog). It needs no async runtime.
//!
//! # What is promised
//!
//! **Durability.** A step is answered after its transaction is committed with `synchronous = FULL` in the write-ahead
//! log: what was answered survives a killed process and a lost power supply, as far as the disk keeps its word. A step
//! that was not answered is there whole or not at all. The audit events of a step are in its transaction; the
//! [`Sink`](towergate_core::audit::Sink) hears of them after the commit and before the answer, and never of a step
//! that was rolled back.
//!
//! **Concurrency.** Reads run in the thread that polls them, on one of a bounded number of connections that cannot
//! write; they take microseconds, never wait for the writer, and see everything that was answered before they began.
//! All writes go through one thread: it takes the steps that wait, at most 64, does each in a savepoint of its own,
//! and commits them together. A group that is smaller than the one just answered waits half a commit, 5 ms at most, for its
//! callers to come again; after a step that was alone nobody waits. A step that fails or panics is rolled back alone. When
//! the commit fails, every step of the group is told so and nothing of it is kept. Several processes may share a file on a
//! local disk.
//!
//! **Overload.** Every wait is bounded. A full queue, a lock held for longer than
//! [`SqliteOptions::busy_timeout`], a full or broken disk, a file that may not be written and one that was deleted, moved
//! or replaced are [`StoreError::Unavailable`](towergate_core::StoreError::Unavailable), and nothing is half-written.
//!
//! **Cancellation.** A step is handed to the writer at the first poll of its future. Dropping the future later does not
//! undo it, nor stop it. Dropping the last clone of the store lets the writer finish what waits, and then joins it.
//!
//! **Schema.** Migrations are inside the program, go forward only, and are applied at opening unless
//! [`SqliteOptions::migrate`] says otherwise. All tables begin with `towergate_`, so a host may keep its own tables in
//! the same file. A database that a newer version wrote, or whose migrations read differently, is not opened.
//!
//! **In memory.** [`SqliteStore::in_memory`] is for tests and trials: readers and the writer then wait for each other.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "inbound")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use towergate_core::{Timestamp, audit::Origin, random::InsecureSeededRandom};
//! use towergate_identity::{
//!     ports::user::{AddingUser, UserStore},
//!     rules::{email::EmailAddress, user::{User, UserId, UserState}},
//! };
//! use towergate_sqlite::{OpenError, SqliteStore};
//!
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let random = InsecureSeededRandom::new(1);
//! let store = SqliteStore::in_memory()?; // or SqliteStore::open("towergate.db")?
//!
//! let email = EmailAddress::parse("alice@example.com")?;
//! let alice = User {
//!     id: UserId::fresh(now, &random)?,
//!     email: email.clone(),
//!     password: None,
//!     state: UserState::Active,
//!     created_at: now,
//!     confirmed_at: None,
//! };
//! let origin = Origin::detached(now, &random)?;
//! assert_eq!(store.add_user(alice.clone(), origin).await?, AddingUser::Added);
//! assert_eq!(store.find_user_by_email(&email).await?.map(|user| user.id), Some(alice.id));
//! assert_eq!(store.events(0, 10)?[0].action, "user.registered");
//!
//! // What lost is an answer, and leaves no trace.
//! let other = User { id: UserId::fresh(now, &random)?, ..alice };
//! assert_eq!(store.add_user(other, origin).await?, AddingUser::EmailTaken);
//! assert_eq!(store.events(0, 10)?.len(), 1);
//!
//! // A path that names no file is refused when the store is opened.
//! assert!(matches!(SqliteStore::open(":memory:"), Err(OpenError::NotAFile(_))));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "inbound"))]
//! # fn main() {}
//! ```

mod audit;
mod audit_seal;
mod cleanup;
#[cfg(test)]
#[cfg(any(feature = "inbound", feature = "outbound"))]
mod contract;
mod details;
mod failure;
mod fields;
#[cfg(feature = "inbound")]
mod identity;
mod migrations;
#[cfg(test)]
#[cfg(all(feature = "inbound", feature = "outbound"))]
mod model;
#[cfg(feature = "outbound")]
mod oauth;
mod oneshot;
mod open_error;
mod opened_files;
mod options;
mod pool;
mod query;
#[cfg(test)]
mod query_plans;
mod rate_limit;
mod ready;
mod store;
pub mod transfer;
mod writer;

pub use cleanup::Cleaned;
pub use open_error::OpenError;
pub use options::SqliteOptions;
pub use store::SqliteStore;
pub use towergate_core::audit::{StoredEvent, StoredParty};
