//! Sessions, answered from Redis where the truth is elsewhere. The order in which it is asked is the port's
//! ([`SessionCache`]); here is what stands in a session's place:
//!
//! - nothing: whoever asks next gets a ticket, a random word that is put there for a while;
//! - a ticket, the same for all who ask while it stands there: it is replaced by what one of them fills in;
//! - the session, sealed by a MAC, for [`RedisOptions::session_entries`](crate::RedisOptions::session_entries);
//! - that it is closed: it is neither found nor filled.
//!
//! Tickets never come again, so what was read before a session was closed is filled in nowhere. The name of the server's
//! run is part of the place: what a Redis that was started again finds in an old file, and what a replica that took over
//! was never told of, stands in places that nobody asks for. Whoever is asked must be one that may be written to: who follows another by now
//! is not told of ends in its own places.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use redis::Script;
use towergate_core::{StoreError, Timestamp, mac::MacKey, random};
use towergate_identity::{
    ports::session_cache::{CacheFuture, Cached, FillTicket, SessionCache},
    rules::session::{SessionId, SessionRecord},
};

use crate::{hex::hex, link::Lane, session_entry, store::RedisStore};

static FIND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/find_session.lua")));
static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/fill_session.lua")));
static CLOSE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/close_sessions.lua")));
static FORGET: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/forget_session.lua")));

/// How a ticket begins.
const TICKET: char = '?';

/// What stands in a closed place.
const CLOSED: &str = "!";

/// How long a ticket is good for: longer than any read takes.
const TICKET_MILLIS: u64 = 10_000;

/// How long a place stays closed when nobody opens it again: longer than any transaction takes.
const CLOSED_MILLIS: u64 = 60_000;

/// Sessions in Redis. Made by [`RedisStore::session_cache`].
#[derive(Clone)]
pub struct RedisSessionCache {
    store: RedisStore,
    key: Arc<MacKey>,
}

impl RedisStore {
    /// A cache of sessions. What is kept there is sealed under `key`, which all instances share and Redis does not know: whoever may write to
    /// Redis signs nobody in.
    #[must_use]
    pub fn session_cache(&self, key: MacKey) -> RedisSessionCache {
        RedisSessionCache { store: self.clone(), key: Arc::new(key) }
    }
}

impl SessionCache for RedisSessionCache {
    fn find(&self, id: SessionId, now: Timestamp) -> CacheFuture<'_, Result<Cached, StoreError>> {
        Box::pin(async move {
            let fresh = random::bytes::<16>(&self.store.options.random).map_err(StoreError::unavailable)?;
            let lane = self.store.link.lane()?;
            let place = self.place(&lane, id);
            let mut script = FIND.prepare_invoke();
            script
                .key(&place)
                .key(format!("{place}:"))
                .arg(format!("{TICKET}{}", hex(&fresh)))
                .arg(TICKET_MILLIS);
            let kept: String = self.store.link.run(&lane, &script).await?;
            if kept.starts_with(TICKET) {
                return Ok(Cached::Miss(Some(FillTicket { id, word: kept })));
            }
            Ok(match session_entry::open(&kept, &place, id, &self.key, now) {
                Some(session) => Cached::Hit(Box::new(session)),
                None => Cached::Miss(None),
            })
        })
    }

    fn fill(&self, ticket: FillTicket, session: SessionRecord, now: Timestamp) -> CacheFuture<'_, ()> {
        Box::pin(async move {
            let filled = self.try_to_fill(&ticket, &session, now).await;
            if let Err(error) = filled {
                tracing::debug!(%error, "a session is not kept in Redis");
            }
        })
    }

    fn forget(&self, id: SessionId) -> CacheFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.try_to_forget(id).await {
                tracing::debug!(%error, "a session is not forgotten in Redis");
            }
        })
    }

    fn closing(&self, ids: &[SessionId]) -> CacheFuture<'_, Result<(), StoreError>> {
        let ids = ids.to_vec();
        Box::pin(async move {
            let lane = self.store.link.lane()?;
            let mut script = CLOSE.prepare_invoke();
            script.arg(CLOSED).arg(CLOSED_MILLIS);
            for id in ids {
                script.key(self.place(&lane, id));
            }
            self.store.link.run(&lane, &script).await
        })
    }

    fn closed(&self, ids: &[SessionId]) -> CacheFuture<'_, Result<(), StoreError>> {
        let ids = ids.to_vec();
        Box::pin(async move {
            let lane = self.store.link.lane()?;
            let mut command = redis::cmd("DEL");
            for id in ids {
                command.arg(self.place(&lane, id));
            }
            self.store.link.ask::<u64>(&lane, &command).await?;
            Ok(())
        })
    }
}

impl RedisSessionCache {
    async fn try_to_fill(
        &self,
        ticket: &FillTicket,
        session: &SessionRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let lane = self.store.link.lane()?;
        let place = self.place(&lane, ticket.id);
        let most = self.store.options.session_entries;
        let Some(entry) = session_entry::seal(session, &place, &self.key, now.plus(most)) else {
            return Ok(());
        };
        let mut script = FILL.prepare_invoke();
        script.key(place).arg(&ticket.word).arg(entry).arg(millis(most));
        self.store.link.run(&lane, &script).await
    }

    async fn try_to_forget(&self, id: SessionId) -> Result<(), StoreError> {
        let lane = self.store.link.lane()?;
        let mut script = FORGET.prepare_invoke();
        script.key(self.place(&lane, id)).arg(CLOSED);
        self.store.link.run(&lane, &script).await
    }

    fn place(&self, lane: &Lane, id: SessionId) -> String {
        format!("{}session:{}:{}", self.store.options.prefix, lane.server.run, id)
    }
}

impl fmt::Debug for RedisSessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSessionCache").finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
