//! How often an address, a network or an account asks.

use std::sync::LazyLock;

use redis::Script;
use towergate_core::{StoreError, Timestamp};
use towergate_rate_limit::{Bucket, RateKey, RateStore, Taking};

use crate::{hex::hex, store::RedisStore};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/take.lua")));

impl RateStore for RedisStore {
    /// One script. What is kept of a bucket goes by itself when the bucket is empty, so long as Redis's clock runs evenly.
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        let mut script = TAKE.prepare_invoke();
        script.arg(now.unix_millis());
        for Bucket { key, policy } in &buckets {
            script.key(self.rate_key(key));
            // At most some days: these fit.
            let millis =
                |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            script.arg(millis(policy.step())).arg(millis(policy.span()));
        }
        let (place, until): (usize, i64) = self.link.run(&self.link.lane()?, &script).await?;
        Ok(match place.checked_sub(1) {
            None => Taking::Granted,
            Some(bucket) => Taking::Wait { until: Timestamp::from_unix_millis(until), bucket },
        })
    }
}

impl RedisStore {
    fn rate_key(&self, key: &RateKey) -> String {
        let whose = hex(key.whose());
        format!("{}rate:{}:{}:{whose}", self.options.prefix, key.name(), key.scope().as_str())
    }
}
