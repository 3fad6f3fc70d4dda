//! PostgreSQL, and beside it the Redis for what is short-lived, if the configuration names one.

use std::sync::Arc;

use towergate::{
    core::{Secret, audit::Sink, mac::MacKey},
    metrics::StepTimes,
    postgres::PostgresStore,
    redis::RedisStore,
};

use crate::{
    config::{ReplayMarks, ServerUrl},
    error::StartError,
    limits::Counts,
};

/// Opens the database at `url`. With `redis`, sessions are answered from there, what was shown once is marked there, and it is
/// counted there how often an address asks.
pub(crate) async fn open(
    url: &ServerUrl,
    redis: Option<&ServerUrl>,
    replay_marks: ReplayMarks,
    seal_key: &Secret<[u8; 32]>,
    sink: Arc<dyn Sink>,
) -> Result<(PostgresStore, Counts), StartError> {
    let mut options = PostgresStore::options().sink(sink).steps(Arc::new(StepTimes::of("postgres")));
    let mut counts = None;
    if let Some(place) = redis {
        let redis = RedisStore::options();
        let redis = if replay_marks == ReplayMarks::RedisKeepsAll { redis.keeps_all() } else { redis };
        let redis = redis.connect(place.expose()).await;
        let redis = redis.map_err(|cause| StartError::Redis { place: place.place(), cause })?;
        // While instances have different seal keys, each reads in the database what another keeps in Redis.
        let key = MacKey::derive(seal_key, "cached sessions").map_err(StartError::CacheKey)?;
        options = options.session_cache(redis.session_cache(key));
        if replay_marks != ReplayMarks::Database {
            let marks = redis.clone();
            options = options.replay_marks(move |births| marks.replay_marks(births));
        }
        counts = Some(Counts::Redis(redis));
    }
    let store = options.connect(url.expose()).await;
    let store = store.map_err(|cause| StartError::Postgres { place: url.place(), cause })?;
    let counts = counts.unwrap_or_else(|| Counts::Postgres(store.clone()));
    Ok((store, counts))
}
