//! Where the issuer's public keys come from.

use std::sync::{Arc, PoisonError, RwLock};

use towergate_jose::JwkSet;

/// Gives the issuer's public keys as they are now. Any `Fn() -> Arc<JwkSet>` does.
///
/// It is asked once per JWT and must not block. What was verified under one set is [remembered](crate::Verifier::remembering) for
/// equal sets alone; one that answers the same `Arc` as long as the keys are the same saves the comparison.
pub trait KeySource: Send + Sync + 'static {
    /// The keys.
    fn keys(&self) -> Arc<JwkSet>;
}

impl<F: Fn() -> Arc<JwkSet> + Send + Sync + 'static> KeySource for F {
    fn keys(&self) -> Arc<JwkSet> {
        self()
    }
}

/// Keys that never change.
#[derive(Debug, Clone)]
pub struct StaticKeys(Arc<JwkSet>);

impl StaticKeys {
    /// These keys.
    #[must_use]
    pub fn new(keys: JwkSet) -> Self {
        Self(Arc::new(keys))
    }
}

impl KeySource for StaticKeys {
    fn keys(&self) -> Arc<JwkSet> {
        Arc::clone(&self.0)
    }
}

/// Keys that whoever holds a clone may replace; requests under way finish with those they began with.
#[derive(Debug, Clone, Default)]
pub struct SharedKeys(Arc<RwLock<Arc<JwkSet>>>);

impl SharedKeys {
    /// These keys, for now.
    #[must_use]
    pub fn new(keys: JwkSet) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// Puts other keys in their place.
    pub fn replace(&self, keys: JwkSet) {
        let keys = Arc::new(keys);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

impl KeySource for SharedKeys {
    fn keys(&self) -> Arc<JwkSet> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
