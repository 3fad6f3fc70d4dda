//! What was shown once.
//!
//! Redis may forget everything at any time: it is flushed, it is started again from an old file, a replica takes over that lacks the last second.
//! Then each identifier would be the first of its kind again. So a mark counts only in a Redis whose birth is trusted:
//!
//! 1. The birth is a random name, kept without an end beside the marks, and the name of the server's run. A flush loses the
//!    former; a start, and a replica that takes over, changes the latter.
//! 2. [`Births`], kept where nothing is forgotten, say which birth is trusted: the first that was ever met, and another only once all that the
//!    one before may have known is over. Until then every identifier is answered with
//!    [`StoreError::Unavailable`], so that nothing is let through that was shown before.
//! 3. The script looks at the birth in the same step in which it marks.
//!
//! Clocks may differ by [`RedisOptions::clocks_within`](crate::RedisOptions::clocks_within), each from each. A mark is
//! kept for twice that longer than its time, and its time itself is told by the caller's clock: so it is neither lost early nor held against
//! whoever comes late.

use std::{
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use redis::Script;
use towergate_core::{Digest, StoreError, Timestamp, audit::Origin, random};
use towergate_oauth::{
    ports::{
        birth::Births,
        replay::{Remembering, ReplayStore},
    },
    rules::{
        birth::Trust,
        single_use::{LONGEST, SingleUse},
    },
};

use crate::{
    hex::hex,
    link::{Lane, Link},
    store::RedisStore,
};

static REMEMBER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/remember.lua")));

/// How often a birth may change under one call.
const TRIES: u8 = 3;

/// Marks in Redis of what was shown once. Made by [`RedisStore::replay_marks`].
pub struct RedisReplay<B> {
    store: RedisStore,
    births: B,
    trusted: Arc<Mutex<Option<TrustedBirth>>>,
}

/// A birth that was found to be trusted, and the run in which it was.
#[derive(Clone, PartialEq, Eq)]
struct TrustedBirth {
    name: String,
    run: Arc<str>,
}

/// Why a mark was not made.
#[derive(Debug, thiserror::Error)]
enum Unmarked {
    #[error("Redis may have forgotten what was shown before: nothing is taken until {}", .0.to_rfc3339())]
    Doubted(Timestamp),
    #[error("Redis is flushed again and again")]
    Restless,
    #[error("{0} replicas have the mark, fewer than there must be")]
    Alone(u32),
}

impl RedisStore {
    /// Marks of what was shown once, in a Redis whose birth `births` trust.
    #[must_use]
    pub fn replay_marks<B: Births>(&self, births: B) -> RedisReplay<B> {
        RedisReplay { store: self.clone(), births, trusted: Arc::default() }
    }
}

impl<B: Births> ReplayStore for RedisReplay<B> {
    /// One script, and another after each change of the birth. What need not be remembered any more goes by itself.
    async fn remember_once(&self, once: SingleUse, origin: Origin) -> Result<Remembering, StoreError> {
        let link = self.store.waiting.as_ref().unwrap_or(&self.store.link);
        for _ in 0..TRIES {
            let lane = link.lane()?;
            let trusted = self.trusted_in(&lane);
            let (said, birth) = self.mark(link, &lane, trusted, &once, origin.at).await?;
            match &*said {
                "first" => {
                    self.await_replicas(link, &lane).await?;
                    return Ok(Remembering::First);
                }
                "seen" => return Ok(Remembering::Seen),
                _ => self.meet(birth, &lane, origin.at).await?,
            }
        }
        Err(StoreError::unavailable(Unmarked::Restless))
    }
}

impl<B: Births> RedisReplay<B> {
    async fn mark(
        &self,
        link: &Link,
        lane: &Lane,
        trusted: Option<String>,
        once: &SingleUse,
        now: Timestamp,
    ) -> Result<(String, String), StoreError> {
        let options = &self.store.options;
        let fresh = random::bytes::<16>(&options.random).map_err(StoreError::unavailable)?;
        let kept = once.until.since(now).saturating_add(self.apart());
        let mut script = REMEMBER.prepare_invoke();
        script
            .key(format!("{}birth", options.prefix))
            .key(format!("{}once:{}:{}", options.prefix, once.kind.as_str(), hex(once.digest.as_bytes())))
            .arg(trusted.unwrap_or_default())
            .arg(hex(&fresh))
            .arg(once.until.unix_millis())
            .arg(now.unix_millis())
            .arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX).max(1));
        link.run(lane, &script).await
    }

    /// The birth that is trusted in the run of this connection, as far as it was met already.
    fn trusted_in(&self, lane: &Lane) -> Option<String> {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let here = trusted.as_ref().filter(|trusted| self.outlives_runs() || trusted.run == lane.server.run);
        here.map(|trusted| trusted.name.clone())
    }

    /// Asks whether a birth is trusted, and errs while it is not.
    async fn meet(&self, name: String, lane: &Lane, now: Timestamp) -> Result<(), StoreError> {
        let run = if self.outlives_runs() { "" } else { &*lane.server.run };
        let birth = Digest::of(format!("{name} {run}").as_bytes());
        let doubt = LONGEST.saturating_add(self.apart());
        match self.births.meet_birth(birth, now, doubt).await? {
            Trust::Trusted => {
                let trusted = TrustedBirth { name, run: Arc::clone(&lane.server.run) };
                *self.trusted.lock().unwrap_or_else(PoisonError::into_inner) = Some(trusted);
                Ok(())
            }
            Trust::Doubted { until } => {
                tracing::warn!(until = %until.to_rfc3339(), "Redis may have forgotten replay marks: none are taken");
                Err(StoreError::unavailable(Unmarked::Doubted(until)))
            }
        }
    }

    async fn await_replicas(&self, link: &Link, lane: &Lane) -> Result<(), StoreError> {
        let Some((wanted, within)) = self.store.options.replicas else { return Ok(()) };
        let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let mut wait = redis::cmd("WAIT");
        wait.arg(wanted).arg(millis);
        let have: u32 = link.ask(lane, &wait).await?;
        if have < wanted { Err(StoreError::unavailable(Unmarked::Alone(have))) } else { Ok(()) }
    }

    /// By how much what two clocks measure may differ, where any two of them and of Redis differ by so much at most: one may be as far ahead at first
    /// as the other is later.
    fn apart(&self) -> Duration {
        self.store.options.clocks.saturating_mul(2)
    }

    fn outlives_runs(&self) -> bool {
        self.store.options.keeps_all || self.store.options.trusts_restarts
    }
}

impl<B: Clone> Clone for RedisReplay<B> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), births: self.births.clone(), trusted: Arc::clone(&self.trusted) }
    }
}

impl<B> fmt::Debug for RedisReplay<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplay").finish_non_exhaustive()
    }
}
