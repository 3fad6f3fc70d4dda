//! Why somebody may not go on.

use std::time::Duration;

use http::StatusCode;
use towergate_core::{StoreError, Timestamp};

use crate::rules::{
    bucket::{Bucket, RateScope},
    policy::Taking,
};

/// Why a request was turned away; found in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RateLimited {
    /// It was too many.
    #[error("too many requests ({limit}, by {})", scope.as_str())]
    TooMany {
        /// The limit's name.
        limit: &'static str,
        /// Who was counted together.
        scope: RateScope,
        /// How long until there is room for one.
        wait: Duration,
    },
    /// Nobody can count: the store is locked or gone. The same request may succeed later.
    #[error("requests cannot be counted at the moment")]
    Unavailable,
    /// The store holds something it should not. The cause went to the log.
    #[error("requests cannot be counted")]
    Broken,
}

impl RateLimited {
    /// 429, 503 or 500.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// After how many seconds trying again makes sense, at least 1; `None` where it does not.
    #[must_use]
    pub fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooMany { wait, .. } => u64::try_from(wait.as_millis().div_ceil(1000).max(1)).ok(),
            Self::Unavailable => Some(1),
            Self::Broken => None,
        }
    }

    /// What a store's answer means, with a word for the operator. A store that fails lets nobody through.
    pub(crate) fn read(
        taking: Result<Taking, StoreError>,
        buckets: &[(&'static str, RateScope)],
        now: Timestamp,
    ) -> Result<(), Self> {
        match taking {
            Ok(Taking::Granted) => Ok(()),
            Ok(Taking::Wait { until, bucket }) => {
                let (limit, scope) = buckets.get(bucket).copied().unwrap_or(("", RateScope::Unknown));
                tracing::warn!(target: "towergate::rate_limit", limit, scope = scope.as_str(), "too many requests");
                Err(Self::TooMany { limit, scope, wait: until.since(now) })
            }
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::warn!(%error, "the store of rate limits is unavailable");
                Err(Self::Unavailable)
            }
            Err(error) => {
                tracing::error!(%error, "the store of rate limits is broken");
                Err(Self::Broken)
            }
        }
    }

    /// What is remembered of buckets that are handed to a store.
    pub(crate) fn names(buckets: &[Bucket]) -> Vec<(&'static str, RateScope)> {
        buckets.iter().map(|bucket| (bucket.key.name(), bucket.key.scope())).collect()
    }
}
