//! How often an address, a network or an account asks.

use towergate_core::{StoreError, Timestamp};
use towergate_rate_limit::{
    RateStore,
    rules::{
        bucket::{Bucket, RateKey},
        policy::{Taking, take},
    },
};

use crate::{
    cleanup,
    failure::Failure,
    fields::Fields,
    params::{Params, params},
    query,
    step::Step,
    store::PostgresStore,
};

pub(crate) const LOCK: &str = "SELECT name, empty_at FROM towergate_rate_limits
    WHERE name = $1 AND scope = $2 AND whose = $3 FOR UPDATE";

/// A bucket that nobody has used yet is one that was empty all the time.
const BE_THERE: &str =
    "INSERT INTO towergate_rate_limits (name, scope, whose, empty_at) VALUES ($1, $2, $3, 0)
    ON CONFLICT (name, scope, whose) DO NOTHING";

pub(crate) const KEEP: &str = "UPDATE towergate_rate_limits SET empty_at = $4
    WHERE name = $1 AND scope = $2 AND whose = $3";

/// How many empty buckets each new step takes along.
const TAKEN_ALONG: u16 = 4;

/// Others who clean up may take a row away between its making and its locking, though hardly twice.
const TRIES: u8 = 5;

impl RateStore for PostgresStore {
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        self.write_by_locks(buckets, move |step, buckets| Box::pin(take_all(step, buckets, now))).await
    }
}

async fn take_all(step: &mut Step, buckets: &[Bucket], now: Timestamp) -> Result<Taking, Failure> {
    // Whoever locks in one order never waits in a circle.
    let mut places: Vec<(usize, &Bucket)> = buckets.iter().enumerate().collect();
    places.sort_by(|(_, one), (_, other)| one.key.cmp(&other.key));
    let mut before = Vec::with_capacity(places.len());
    for (place, Bucket { key, policy }) in places {
        before.push((place, (*policy, lock(step, key).await?)));
    }
    before.sort_by_key(|(place, _)| *place);
    let asked: Vec<_> = before.into_iter().map(|(_, (policy, empty_at))| (policy, Some(empty_at))).collect();
    let (taking, kept) = take(&asked, now);
    for ((Bucket { key, .. }, (_, before)), empty_at) in buckets.iter().zip(&asked).zip(kept) {
        // Who is refused again and again writes nothing.
        if *before != Some(empty_at) && empty_at > now {
            query::change(&mut step.connection, KEEP, named(key).with(empty_at)).await?;
        }
    }
    if taking == Taking::Granted {
        query::change(&mut step.connection, cleanup::RATE_LIMITS, params![now, TAKEN_ALONG]).await?;
    }
    Ok(taking)
}

/// When the bucket will be empty; until the step's end nobody else asks it.
async fn lock(step: &mut Step, key: &RateKey) -> Result<Timestamp, Failure> {
    for _ in 0..TRIES {
        if let Some(empty_at) = query::one(&mut step.connection, LOCK, named(key), read).await? {
            return Ok(empty_at);
        }
        query::change(&mut step.connection, BE_THERE, named(key)).await?;
    }
    Err(Failure::Store(StoreError::unavailable("a rate limit is taken away as often as it is made")))
}

fn named(key: &RateKey) -> Params {
    params![key.name(), key.scope().as_str(), key.whose()]
}

fn read(fields: &mut Fields<'_>) -> Result<Timestamp, Failure> {
    fields.table("towergate_rate_limits");
    fields.get::<&str>("name")?;
    fields.time("empty_at")
}
