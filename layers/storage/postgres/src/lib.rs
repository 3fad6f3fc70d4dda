//! The store for more than one machine: a schema of its own in a PostgreSQL database.
//!
//! [`PostgresStore`] fills every port of `towergate-identity` (feature `inbound`) and of `towergate-oauth` (feature
//! `outbound`), [`RateStore`](towergate_rate_limit::RateStore) and [`AuditLog`](towergate_core::audit::AuditLog), as
//! `towergate-sqlite` does; any number of instances may share a database. It needs Tokio, and PostgreSQL 14 or later.
//!
//! # What is promised
//!
//! **Durability.** A step is answered after its transaction is committed: what was answered survives a killed process,
//! a killed server and a lost power supply, as far as the server's disk keeps its word. Where the server's default is
//! `synchronous_commit = off`, our own connections set it on; a host's own pool is the host's to set. The audit events of
//! a step are in its transaction; the [`Sink`](towergate_core::audit::Sink) hears of them after the commit and before the
//! answer, and never of a step that was rolled back.
//!
//! **Concurrency.** A step is one transaction: serializable, or relying on rows that it locks, always in one order. What
//! loses a race or a deadlock left nothing, and is done again after a short pause, at most a dozen times; from the third
//! time on such steps go one after the other. Reads are single statements outside any transaction, and see everything that
//! was answered before they began.
//!
//! **Overload and failure.** Every wait is bounded: for a connection, a lock, a statement, and for all of it together. An
//! exhausted pool, a lock that is held, a server that is away, going down, full or read only are
//! [`StoreError::Unavailable`](towergate_core::StoreError::Unavailable), and nothing is half-written. A connection that
//! turns out to be gone is replaced unseen, and a server that is back is found again without a restart. Where the answer to a
//! commit is lost, nobody knows what became of the step: that is `Unavailable` too, and the step is never done again by itself.
//!
//! **Cancellation.** A step runs in a task of its own from the first poll of its future. Dropping the future later does not
//! undo it, nor stop it.
//!
//! **Schema.** Everything is in a schema of its own ([`PostgresOptions::schema`]: `towergate`). Migrations are inside the
//! program, go forward only, are written down in a table of that schema, and are applied at opening, all that are due in one
//! transaction, unless [`PostgresOptions::migrate`] says otherwise; of several instances that start at once one applies them
//! and the others wait. A database that a newer version wrote, or whose migrations read differently, is not opened. Whoever
//! may not make schemas can be given one: `CREATE SCHEMA towergate AUTHORIZATION app`.
//!
//! **Connections.** [`PostgresOptions::connect`] opens its own, over the network only to a server that shows a certificate of
//! its name, unless the address says `sslmode` itself. [`PostgresOptions::pool`] shares a host's pool and leaves nothing set
//! on its connections. Statements are prepared and kept: a pooler between the two must keep a session's statements
//! (PgBouncer 1.21 or later does, with `max_prepared_statements`).
//!
//! **Reading the log.** [`PostgresStore::events`] reads in the order in which numbers were given; a step that is still on its
//! way may bring an event with a smaller number than one that is read already.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "inbound")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use towergate_core::{Timestamp, audit::Origin, random::InsecureSeededRandom};
//! use towergate_identity::{
//!     ports::user::{AddingUser, UserStore},
//!     rules::{email::EmailAddress, user::{User, UserId, UserState}},
//! };
//! use towergate_postgres::{OpenError, PostgresStore};
//!
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let random = InsecureSeededRandom::new(1);
//! # let database = towergate_test_servers::postgres::PostgresServer::shared().database();
//! # let url = database.url();
//! // let url = "postgres://app:password@db.example.com/app";
//! let store = PostgresStore::connect(&url).await?;
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
//! assert_eq!(store.events(0, 10).await?[0].action, "user.registered");
//!
//! // What lost is an answer, and leaves no trace.
//! let other = User { id: UserId::fresh(now, &random)?, ..alice };
//! assert_eq!(store.add_user(other, origin).await?, AddingUser::EmailTaken);
//! assert_eq!(store.events(0, 10).await?.len(), 1);
//!
//! // An address that cannot be read is refused, and not shown.
//! assert!(matches!(PostgresStore::connect("mysql://x").await, Err(OpenError::Address)));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "inbound"))]
//! # fn main() {}
//! ```

#![cfg_attr(
    not(feature = "outbound"),
    expect(dead_code, reason = "the authorization server alone asks for some of it")
)]

mod audit;
mod audit_seal;
mod beside;
mod cleanup;
mod connection;
#[cfg(test)]
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
mod open_error;
mod options;
mod params;
mod query;
#[cfg(test)]
mod query_plans;
mod rate_limit;
mod ready;
mod same_time;
mod step;
mod store;
pub mod transfer;

pub use cleanup::Cleaned;
#[cfg(feature = "outbound")]
pub use oauth::birth::PostgresBirths;
pub use open_error::OpenError;
pub use options::PostgresOptions;
pub use same_time::SameTime;
pub use sqlx::PgPool;
pub use store::PostgresStore;
pub use towergate_core::audit::{StoredEvent, StoredParty};
