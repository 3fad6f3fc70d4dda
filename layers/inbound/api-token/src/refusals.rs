//! What was written down a moment ago, so that a program that goes on showing a revoked token fills no log.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use towergate_core::Timestamp;
use towergate_identity::rules::api_token::{ApiTokenFailure, ApiTokenId};

const EVERY: Duration = Duration::from_secs(60);

/// How many are remembered at most.
const ROOM: usize = 1024;

/// The last refusals of this process.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<(ApiTokenId, ApiTokenFailure), Timestamp>>);

impl Refusals {
    /// Whether this one was not noted within the last minute.
    pub(crate) fn is_new(&self, token: ApiTokenId, reason: ApiTokenFailure, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Timestamp| now.since(*at) < EVERY && at.since(now) < EVERY;
        if noted.get(&(token, reason)).is_some_and(recent) {
            return false;
        }
        if noted.len() >= ROOM {
            noted.retain(|_, at| recent(at));
        }
        if noted.len() < ROOM {
            noted.insert((token, reason), now);
        }
        true
    }
}
