//! How a token is found in the store, if there is one.

use std::{future::Future, pin::Pin};

use towergate_core::{StoreError, id::Uuid};
use towergate_oauth::ports::{GrantStore, grant::StoredAccessToken};

/// A lookup under way.
pub type Lookup = Pin<Box<dyn Future<Output = Result<Option<StoredAccessToken>, StoreError>> + Send>>;

/// Finds access tokens, or says that there is nowhere to look.
pub trait TokenLookup: Send + Sync + 'static {
    /// The lookup; `None` when there is no store.
    fn find(&self, id: Uuid) -> Option<Lookup>;
}

/// No store: JWTs are verified offline, opaque tokens are refused, revocations go unseen until a token expires.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl TokenLookup for NoStore {
    fn find(&self, _: Uuid) -> Option<Lookup> {
        None
    }
}

/// The store of the authorization server.
#[derive(Debug, Clone)]
pub struct InStore<S>(pub(crate) S);

impl<S: GrantStore + Clone> TokenLookup for InStore<S> {
    fn find(&self, id: Uuid) -> Option<Lookup> {
        let store = self.0.clone();
        Some(Box::pin(async move { store.find_access_token(id).await }))
    }
}
