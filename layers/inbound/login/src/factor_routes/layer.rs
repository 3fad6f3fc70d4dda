//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::seal::SealingRing;
use towergate_endpoint::Mounted;
use towergate_identity::ports::IdentityStore;

use super::{mfa::Mfa, security::Security, service::Factors};
use crate::{authenticator::Authenticator, second_factor::SecondFactor, site::Site};

/// Answers `/mfa` and `/account/security`.
#[must_use]
pub struct FactorRoutes<S, P, H = ()> {
    factor: SecondFactor<S>,
    authenticator: Authenticator<S>,
    issuer: String,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> FactorRoutes<S, P, H> {
    /// Keeps the factors of the people of `store`, whose secrets `sealing` seals; apps show them under the name `issuer`.
    pub fn new(store: S, sealing: SealingRing, issuer: &str, site: Site<P, H>) -> Self {
        Self {
            factor: SecondFactor::new(store.clone(), sealing.clone())
                .telling(site.herald())
                .lockout(site.lockout())
                .drift(site.totp_drift()),
            authenticator: Authenticator::new(store, sealing, Arc::clone(&site.random))
                .telling(site.herald())
                .drift(site.totp_drift()),
            issuer: issuer.to_owned(),
            site,
        }
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for FactorRoutes<S, P, H> {
    type Service = Mounted<Arc<Factors<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let site = self.site.clone();
        let mfa = Mfa { factor: self.factor.clone(), site: site.clone() };
        let security = Security {
            authenticator: self.authenticator.clone(),
            issuer: self.issuer.clone(),
            site: site.clone(),
        };
        Mounted::new(Arc::new(Factors { mfa, security, site }), inner)
    }
}

impl<S: Clone, P, H> Clone for FactorRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self {
            factor: self.factor.clone(),
            authenticator: self.authenticator.clone(),
            issuer: self.issuer.clone(),
            site: self.site.clone(),
        }
    }
}

impl<S, P, H> fmt::Debug for FactorRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}
