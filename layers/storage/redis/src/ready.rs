//! Whether Redis answers.

use towergate_core::ready::{Missing, Ready};

use crate::store::RedisStore;

impl Ready for RedisStore {
    async fn missing(&self) -> Vec<Missing> {
        let answer = match self.link.lane() {
            Ok(lane) => self.link.ask::<String>(&lane, &redis::cmd("PING")).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(_) => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "Redis is not ready");
                vec![Missing::Answer]
            }
        }
    }
}
