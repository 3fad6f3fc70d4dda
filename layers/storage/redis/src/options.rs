//! How a store is opened.

use std::{fmt, sync::Arc, time::Duration};

use redis::Client;
use towergate_core::{Random, system::OsRandom};

use crate::{link::Link, open_error::OpenError, store::RedisStore};

/// How a store is opened. The defaults are right for a Redis in the same data centre.
#[derive(Clone)]
#[must_use]
pub struct RedisOptions {
    pub(crate) prefix: String,
    pub(crate) answer: Duration,
    pub(crate) connect: Duration,
    pub(crate) retry_most: Duration,
    #[cfg_attr(not(feature = "inbound"), expect(dead_code, reason = "the other wing needs less"))]
    pub(crate) session_entries: Duration,
    #[cfg_attr(not(feature = "outbound"), expect(dead_code, reason = "the other wing needs less"))]
    pub(crate) clocks: Duration,
    pub(crate) replicas: Option<(u32, Duration)>,
    pub(crate) keeps_all: bool,
    #[cfg_attr(not(feature = "outbound"), expect(dead_code, reason = "the other wing needs less"))]
    pub(crate) trusts_restarts: bool,
    #[cfg_attr(
        not(any(feature = "inbound", feature = "outbound")),
        expect(dead_code, reason = "counting needs less")
    )]
    pub(crate) random: Arc<dyn Random>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "towergate:".to_owned(),
            answer: Duration::from_millis(500),
            connect: Duration::from_millis(1000),
            retry_most: Duration::from_millis(2000),
            session_entries: Duration::from_millis(30_000),
            clocks: Duration::from_millis(600_000),
            replicas: None,
            keeps_all: false,
            trusts_restarts: false,
            random: Arc::new(OsRandom::new()),
        }
    }
}

impl RedisOptions {
    /// What every key begins with: `towergate:`. All instances of a host must use the same.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// How long an answer may take: 500 ms, at least 1 ms.
    pub fn answer_within(self, answer: Duration) -> Self {
        Self { answer: answer.max(Duration::from_millis(1)), ..self }
    }

    /// How long a new connection may take, until the server has said what it is: 1000 ms, at least 1 ms.
    pub fn connect_within(self, connect: Duration) -> Self {
        Self { connect: connect.max(Duration::from_millis(1)), ..self }
    }

    /// How long it may be between two tries to connect anew: 2000 ms, at least 50 ms. The first is at once, the second after 50 ms, and each
    /// further one after twice as long.
    pub fn retry_within(self, most: Duration) -> Self {
        Self { retry_most: most.max(Duration::from_millis(50)), ..self }
    }

    /// How long a session is answered from Redis until it is read anew from where it is kept: 30 000 ms, at least 1 ms.
    ///
    /// No end of a session hides behind it, except where two servers are written to at once, each held to be the only one.
    pub fn session_entries(self, most: Duration) -> Self {
        Self { session_entries: most.max(Duration::from_millis(1)), ..self }
    }

    /// By how much the clocks of any two of all instances and Redis may differ: 600 000 ms. For so much longer than it need be a replay mark is kept.
    pub fn clocks_within(self, clocks: Duration) -> Self {
        Self { clocks, ..self }
    }

    /// Counts a replay mark only once so many replicas have it, and otherwise answers that Redis is away after `within`, in whole milliseconds.
    /// Unless told, replicas are not waited for.
    ///
    /// This narrows what a failover forgets, where a replica that has the mark is the one that takes over; it is no proof.
    pub fn wait_replicas(self, replicas: u32, within: Duration) -> Self {
        Self { replicas: Some((replicas, within.max(Duration::from_millis(1)))), ..self }
    }

    /// Says that this Redis has forgotten nothing when it was started again: it has `appendonly yes` and `appendfsync always`, no
    /// replica ever takes its place, and none of that is changed while it runs. Each new connection looks whether it is so. Unless told, a Redis
    /// that was started again is one that may have forgotten everything.
    pub fn keeps_all(self) -> Self {
        Self { keeps_all: true, ..self }
    }

    /// Trusts a Redis that was started again, or that took over from another, to have forgotten no replay mark. It may have
    /// forgotten those of its last second (with `appendfsync everysec`, or without [`RedisOptions::wait_replicas`]), and without an
    /// append-only file those of the last minutes: for so long what was shown once can be shown again.
    pub fn danger_trust_restarts(self) -> Self {
        Self { trusts_restarts: true, ..self }
    }

    /// Draws random bytes from `random` instead of the operating system.
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// Opens the store at `url`: `redis://[user:password@]host[:port][/database]`, `redis+unix:///path`, and with the
    /// feature `tls` also `rediss://`.
    ///
    /// # Errors
    /// When nobody answers there in time, or when the server is one that must not be used; see [`OpenError`].
    pub async fn connect(self, url: &str) -> Result<RedisStore, OpenError> {
        let client = Client::open(url).map_err(OpenError::Address)?;
        let link = Link::open(client.clone(), &self).await?;
        // Whoever waits for replicas holds up all who come after on the same connection.
        let waiting = match self.replicas {
            Some(_) => Some(Link::open(client, &self).await?),
            None => None,
        };
        Ok(RedisStore::new(link, waiting, self))
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
