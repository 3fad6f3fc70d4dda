//! The sets that were fetched, by address.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::runtime::Handle;
use towergate_core::Clock;
use towergate_guarded_http::GuardedClient;
use towergate_jose::JwkSet;
use towergate_oauth::rules::client::destination::host_of;

use super::{
    ClientKeysError, MAX_FETCHES, MAX_FETCHES_AT_ONE_HOST, MAX_SETS, fetch,
    kept::{Answer, Kept},
};

type Keys = Result<Arc<JwkSet>, ClientKeysError>;
type Fetching = Shared<BoxFuture<'static, Keys>>;

/// The sets that were fetched. To clone it is to point at the same ones.
#[derive(Clone, Default)]
pub(crate) struct FetchedKeys(Arc<Mutex<Sets>>);

#[derive(Default)]
struct Sets {
    by_uri: HashMap<String, Entry>,
    /// Counts up with each use.
    uses: u64,
}

#[derive(Default)]
struct Entry {
    kept: Kept,
    fetching: Option<Fetching>,
    last_use: u64,
}

impl FetchedKeys {
    /// The keys behind `uri`.
    pub(super) async fn of(
        &self,
        client: &GuardedClient,
        uri: &str,
        kid: Option<&str>,
        clock: &Arc<dyn Clock>,
    ) -> Keys {
        let fetching = {
            let now = clock.now();
            let mut sets = self.lock();
            let answer = sets.entry(uri).kept.answer(kid, now);
            match (answer, sets.fetching(uri)) {
                (Answer::Kept(answer), None) => return answer,
                (Answer::Kept(Ok(keys)), Some(_)) if kid.is_none_or(|kid| keys.find(kid).is_some()) => {
                    return Ok(keys);
                }
                // Whoever misses a `kid`, or has no keys yet, waits for what is on its way.
                (_, Some(fetching)) => fetching,
                (Answer::Fetch, None) if sets.is_busy(uri) => return Err(ClientKeysError::Busy),
                (Answer::Fetch, None) => {
                    let fetching = self.begin(client.clone(), uri.to_owned(), Arc::clone(clock))?;
                    let entry = sets.entry(uri);
                    entry.kept.asked(now);
                    entry.fetching.insert(fetching).clone()
                }
            }
        };
        fetching.await
    }

    /// Fetches in a task of its own: a peer that hangs up does not take the answer from those who wait.
    fn begin(
        &self,
        client: GuardedClient,
        uri: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Fetching, ClientKeysError> {
        let sets = self.clone();
        let task = async move {
            let result = fetch(&client, &uri).await;
            if let Err(error) = &result {
                tracing::warn!(%error, uri, "the keys of a client could not be fetched");
            }
            let mut sets = sets.lock();
            let entry = sets.entry(&uri);
            entry.fetching = None;
            entry.kept.came(result, clock.now())
        };
        let runtime = Handle::try_current().map_err(|_| ClientKeysError::BrokenOff)?;
        let ended = runtime.spawn(task).map(|ended| ended.unwrap_or(Err(ClientKeysError::BrokenOff)));
        Ok(ended.boxed().shared())
    }

    fn lock(&self) -> MutexGuard<'_, Sets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sets {
    /// The fetch that is under way; one that was broken off is none.
    fn fetching(&self, uri: &str) -> Option<Fetching> {
        let fetching = self.by_uri.get(uri)?.fetching.as_ref()?;
        fetching.peek().is_none().then(|| fetching.clone())
    }

    fn is_busy(&self, uri: &str) -> bool {
        let fetching = self.by_uri.iter().filter(|(_, entry)| entry.fetching.is_some()).map(|(uri, _)| uri);
        let (host, mut all, mut here) = (host_of(uri), 0, 0);
        for other in fetching {
            all += 1;
            here += usize::from(host_of(other) == host);
        }
        all >= MAX_FETCHES || here >= MAX_FETCHES_AT_ONE_HOST
    }

    /// The entry of this address; a new one takes the place of the one that nobody has used for longest.
    fn entry(&mut self, uri: &str) -> &mut Entry {
        if self.by_uri.len() >= MAX_SETS && !self.by_uri.contains_key(uri) {
            let idle = self.by_uri.iter().filter(|(_, entry)| entry.fetching.is_none());
            if let Some(oldest) = idle.min_by_key(|(_, entry)| entry.last_use).map(|(uri, _)| uri.clone()) {
                self.by_uri.remove(&oldest);
            }
        }
        self.uses += 1;
        let entry = self.by_uri.entry(uri.to_owned()).or_default();
        entry.last_use = self.uses;
        entry
    }
}

impl fmt::Debug for FetchedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedKeys").finish_non_exhaustive()
    }
}
