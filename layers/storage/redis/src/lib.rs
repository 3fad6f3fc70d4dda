//! Short-lived records beside PostgreSQL: what is hot, and what may be lost without harm.
//!
//! - [`RedisStore`] counts ([`RateStore`](towergate_rate_limit::RateStore)), so that a limit is one limit however many instances there are.
//! - [`RedisStore::session_cache`] answers sessions that PostgreSQL keeps (feature `inbound`), and never hides that one has ended.
//! - [`RedisStore::replay_marks`] remembers what was shown once (feature `outbound`).
//!
//! # What is promised
//!
//! **Steps.** Each step is one script, done whole or not at all, exact for however many ask at once. Time is the caller's; Redis's own
//! clock only decides when a key goes that nobody needs any more.
//!
//! **Loss.** Redis may be flushed, killed, started again from an old file, or replaced by a replica that lacks the last second. Counters then begin
//! anew. Replay marks fail closed: in a Redis that may have forgotten some, nothing counts as shown for the first time until all that
//! could be forgotten is over. Cached sessions are read anew. The manual's page on Redis says it for each kind of record, with the test that shows it.
//!
//! **Absence.** Whatever is Redis being away, overloaded, full or of the wrong kind is
//! [`StoreError::Unavailable`](towergate_core::StoreError::Unavailable). Every wait is bounded, and while there is no connection nobody waits at all.
//! It comes back by itself.
//!
//! **The server.** One server, with replicas or without; no cluster, and no proxy that turns one connection into several. With a
//! limit of memory it must have `maxmemory-policy noeviction`: each new connection looks. Whoever may write to it may let
//! what was shown be shown again: it belongs behind the same walls as the database.
//!
//! **Cancellation.** A step whose future is dropped was done, or not.
//!
//! It asks from within a Tokio runtime with timers and I/O.
//!
//! # Example
//!
//! ```no_run
//! # use std::time::Duration;
//! use towergate_rate_limit::{Limit, RateLimitLayer};
//! use towergate_redis::RedisStore;
//!
//! # async fn connect() -> Result<(), towergate_redis::OpenError> {
//! let redis = RedisStore::options().prefix("shop:").connect("redis://127.0.0.1").await?;
//! let limits = RateLimitLayer::new(redis).post("/login", Limit::new("login", 20, Duration::from_secs(60)));
//! # Ok(())
//! # }
//! ```

mod failure;
mod hex;
mod link;
mod open_error;
mod options;
mod rate_limit;
mod ready;
#[cfg(feature = "outbound")]
mod replay;
mod server;
#[cfg(feature = "inbound")]
mod session_cache;
#[cfg(feature = "inbound")]
mod session_entry;
mod store;

pub use open_error::OpenError;
pub use options::RedisOptions;
#[cfg(feature = "outbound")]
pub use replay::RedisReplay;
#[cfg(feature = "inbound")]
pub use session_cache::RedisSessionCache;
pub use store::RedisStore;
