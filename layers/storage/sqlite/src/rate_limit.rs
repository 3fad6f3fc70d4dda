//! How often an address, a network or an account asks.

use rusqlite::params;
use towergate_core::{StoreError, Timestamp};
use towergate_rate_limit::{
    RateStore,
    rules::{
        bucket::Bucket,
        policy::{Taking, take},
    },
};

use crate::{cleanup, failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT name, empty_at FROM towergate_rate_limits WHERE name = ?1 AND scope = ?2 AND whose = ?3";

const KEEP: &str = "INSERT INTO towergate_rate_limits (name, scope, whose, empty_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (name, scope, whose) DO UPDATE SET empty_at = excluded.empty_at";

/// How many empty buckets each new step takes along.
const TAKEN_ALONG: u16 = 4;

impl RateStore for SqliteStore {
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        self.write(move |step| take_all(step, &buckets, now)).await
    }
}

fn take_all(step: &mut Step<'_>, buckets: &[Bucket], now: Timestamp) -> Result<Taking, Failure> {
    let mut asked = Vec::with_capacity(buckets.len());
    for Bucket { key, policy } in buckets {
        let row = params![key.name(), key.scope().as_str(), key.whose()];
        asked.push((*policy, query::one(step.connection, FIND, row, read)?));
    }
    let (taking, kept) = take(&asked, now);
    for ((Bucket { key, .. }, (_, before)), empty_at) in buckets.iter().zip(&asked).zip(kept) {
        // Who is refused again and again writes nothing; an empty bucket need not be kept.
        if *before == Some(empty_at) || (before.is_none() && empty_at <= now) {
            continue;
        }
        let row = params![key.name(), key.scope().as_str(), key.whose(), empty_at.unix_millis()];
        query::change(step.connection, KEEP, row)?;
    }
    if taking == Taking::Granted {
        query::change(step.connection, cleanup::RATE_LIMITS, params![now.unix_millis(), TAKEN_ALONG])?;
    }
    Ok(taking)
}

fn read(fields: &mut Fields<'_>) -> Result<Timestamp, Failure> {
    fields.table("towergate_rate_limits");
    fields.get::<String>("name")?;
    fields.time("empty_at")
}
