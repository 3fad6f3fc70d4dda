//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_endpoint::Mounted;
use towergate_identity::ports::IdentityStore;
use towergate_login::Site;

use super::{script::Script, service::PasskeyEndpoints, well_known::WellKnown};
use crate::passkeys::Passkeys;

/// Answers everything of passkeys over HTTP.
#[must_use]
pub struct PasskeyRoutes<S, P, H = ()> {
    endpoints: Arc<PasskeyEndpoints<S, P, H>>,
}

impl<S: IdentityStore, P, H> PasskeyRoutes<S, P, H> {
    /// Answers for `passkeys`, at the places that `site` names, or at those of the relying party. People are told of changes
    /// as the site tells them, and sign in by its providers too.
    pub fn new(passkeys: Passkeys<S>, site: Site<P, H>) -> Self {
        let passkeys = passkeys.herald(site.herald()).providers(site.provider_names());
        let places = site.passkey_places().cloned().unwrap_or_else(|| passkeys.party().places());
        let well_known = WellKnown::new(passkeys.party(), &site.paths().passkeys);
        let endpoints = PasskeyEndpoints { passkeys, site, places, script: Script::new(), well_known };
        Self { endpoints: Arc::new(endpoints) }
    }
}

impl<Inner, S, P, H> Layer<Inner> for PasskeyRoutes<S, P, H> {
    type Service = Mounted<Arc<PasskeyEndpoints<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        Mounted::new(Arc::clone(&self.endpoints), inner)
    }
}

impl<S, P, H> Clone for PasskeyRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { endpoints: Arc::clone(&self.endpoints) }
    }
}

impl<S, P, H> fmt::Debug for PasskeyRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyRoutes").field("endpoints", &self.endpoints).finish()
    }
}
