//! Clients that are known by a document of their own, at the address that is their identifier.
//!
//! The rules, in order:
//!
//! 1. Only where the host says so, and only at the hosts that it lists.
//! 2. A document is fetched through the server's guarded client, and not at all without one.
//! 3. What was read is kept in the store as long as its `max-age` says, no less than [`MIN_AGE`] and no more than
//!    [`MAX_AGE`]; [`USUAL_AGE`] when it does not say.
//! 4. When it cannot be read anew, the last good one counts for [`LAST_GOOD`] longer, and then no more.
//! 5. Between two failures of one address lie at least [`PAUSE`], and at most [`MAX_FETCHES`] are fetched at a time,
//!    [`MAX_FETCHES_AT_ONE_HOST`] of them at one host: whoever makes addresses up cannot turn the server against anybody, and a
//!    host that is slow holds up no other.
//! 6. Whoever is registered under such an identifier, or was shut out, stays so.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_guarded_http::{FetchError, GuardedClient, InvalidUrl};
use towergate_oauth::{
    ports::{OAuthStore, client::KeepingDocument},
    rules::client::{
        Client, ClientId, DocumentTimes, RegistrationPolicy,
        document::{self, DocumentProblem},
    },
};

use crate::{
    server::AuthorizationServer,
    turns::{Turn, Turns},
};

/// The shortest time for which a document is kept.
pub const MIN_AGE: Duration = Duration::from_secs(5 * 60);

/// The longest time for which a document is kept.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// The time for which a document is kept when its publisher does not say.
pub const USUAL_AGE: Duration = Duration::from_secs(3600);

/// How much longer the last good document counts while it cannot be read anew.
pub const LAST_GOOD: Duration = Duration::from_secs(24 * 3600);

/// The shortest time between a failure and the next attempt at the same address.
pub const PAUSE: Duration = Duration::from_secs(10);

/// The most documents that are fetched at a time.
pub const MAX_FETCHES: usize = 16;

/// The most of them that are at one host.
pub const MAX_FETCHES_AT_ONE_HOST: usize = 4;

/// The most failures that are remembered.
const MAX_FAILURES: usize = 1000;

/// Which clients may be known by a document of their own, and how far they may go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientDocuments {
    /// The hosts that documents may be at: `app.example`, `*.example` for all below it, or `*` for any.
    pub allowed_hosts: Vec<String>,
    /// How far such clients may go. What they prove themselves by cannot be a secret, whatever it says here.
    pub policy: RegistrationPolicy,
}

impl ClientDocuments {
    /// Documents at these hosts, within the usual bounds of registration.
    #[must_use]
    pub fn at<H: Into<String>>(hosts: impl IntoIterator<Item = H>) -> Self {
        let allowed_hosts = hosts.into_iter().map(Into::into).collect();
        Self { allowed_hosts, policy: RegistrationPolicy::default() }
    }
}

/// Why a document did not make a client: for the operator.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("the server has no client to fetch with: give it one with AuthorizationServer::outbound")]
    NoOutbound,
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Document(#[from] DocumentProblem),
    #[error("too many are being fetched, or this one could not be read a moment ago")]
    NotNow,
}

impl<S: OAuthStore, R, P> AuthorizationServer<S, R, P> {
    /// The client of this identifier: registered, or known by its own document where the host allows it. Every endpoint
    /// asks here, so that all of them know the same clients.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find_client(
        &self,
        id: &ClientId,
        origin: &Origin,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let stored = self.store().find_client(id).await?;
        if stored.as_ref().is_some_and(|client| client.document.is_none()) {
            return Ok(stored);
        }
        // Reading a document is rare, and large: whoever is registered does not carry it along.
        Box::pin(self.find_by_document(id, stored, origin)).await
    }

    async fn find_by_document(
        &self,
        id: &ClientId,
        stored: Option<Arc<Client>>,
        origin: &Origin,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let allowed = self.config().client_id_metadata_documents.as_ref();
        let Some(documents) = allowed.filter(|allowed| document::is_document(id, &allowed.allowed_hosts))
        else {
            return Ok(None);
        };
        let now = origin.at;
        // A clock that was far ahead when the document was read does not make it last until then.
        let before = |end: fn(&DocumentTimes) -> Timestamp, longest: Duration| {
            let times = stored.as_ref().and_then(|client| client.document);
            times.is_some_and(|times| now < end(&times) && end(&times) <= now.plus(longest))
        };
        if before(|times| times.refresh_at, MAX_AGE) {
            return Ok(stored);
        }
        let good = before(|times| times.ends_at, MAX_AGE + 2 * LAST_GOOD);
        match self.read_document(id, documents, now).await {
            Ok(client) => self.keep_document(client, documents, *origin).await,
            Err(error) => {
                tracing::info!(client = %id, %error, good, "the document of a client could not be read");
                Ok(stored.filter(|_| good))
            }
        }
    }

    async fn keep_document(
        &self,
        client: Client,
        documents: &ClientDocuments,
        origin: Origin,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        let limit = documents.policy.max_clients;
        match self.store().keep_client_document(client.clone(), limit, origin).await? {
            KeepingDocument::Kept(state) => Ok(Some(Arc::new(Client { state, ..client }))),
            KeepingDocument::Registered => self.store().find_client(&client.id).await,
            KeepingDocument::Full => {
                tracing::warn!(client = %client.id, limit, "there is no room for one more client document");
                Ok(None)
            }
        }
    }

    async fn read_document(
        &self,
        id: &ClientId,
        documents: &ClientDocuments,
        now: Timestamp,
    ) -> Result<Client, Unread> {
        let outbound = self.outbound_client().ok_or(Unread::NoOutbound)?;
        let _turn = self.document_fetches().begin(id, now).ok_or(Unread::NotNow)?;
        let read = self.fetch_document(outbound, id, documents, now).await;
        if read.is_err() {
            self.document_fetches().failed(id, now);
        }
        read
    }

    async fn fetch_document(
        &self,
        outbound: &GuardedClient,
        id: &ClientId,
        documents: &ClientDocuments,
        now: Timestamp,
    ) -> Result<Client, Unread> {
        let fetched = outbound.get(&outbound.url(id.as_str())?, "application/json").await?;
        let algorithms: Vec<_> = self.keys().algorithms().collect();
        let client =
            document::read(id, &fetched.body, &documents.policy, &self.config().issuer, &algorithms)?;
        let refresh_at = now.plus(fetched.max_age.unwrap_or(USUAL_AGE).clamp(MIN_AGE, MAX_AGE));
        let times = DocumentTimes { refresh_at, ends_at: refresh_at.plus(LAST_GOOD) };
        Ok(Client { document: Some(times), ..client })
    }
}

/// Who is being asked, and who could not be read a moment ago.
pub(crate) struct DocumentFetches {
    turns: Turns,
    failures: Mutex<HashMap<ClientId, Timestamp>>,
}

impl DocumentFetches {
    fn begin(&self, id: &ClientId, now: Timestamp) -> Option<Turn> {
        let failed = self.failures().get(id).is_some_and(|at| is_recent(*at, now));
        if failed { None } else { self.turns.take(id.as_str()) }
    }

    fn failed(&self, id: &ClientId, now: Timestamp) {
        let mut failures = self.failures();
        if failures.len() >= MAX_FAILURES {
            failures.retain(|_, at| is_recent(*at, now));
        }
        if failures.len() < MAX_FAILURES {
            failures.insert(id.clone(), now);
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<ClientId, Timestamp>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for DocumentFetches {
    fn default() -> Self {
        Self { turns: Turns::new(MAX_FETCHES, MAX_FETCHES_AT_ONE_HOST), failures: Mutex::default() }
    }
}

/// A clock that was set back does not close the door until it has caught up.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at <= now && now.since(at) < PAUSE
}

#[cfg(test)]
mod tests;
