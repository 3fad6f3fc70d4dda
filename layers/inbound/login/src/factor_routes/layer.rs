//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{Clock, LocalPath, Random, seal::SealingRing};
use towergate_endpoint::Mounted;
use towergate_identity::ports::IdentityStore;

use super::{mfa::Mfa, security::Security, service::Factors};
use crate::{
    authenticator::Authenticator, factor_pages::FactorPages, logout::OnLogout, second_factor::SecondFactor,
    setting::Setting,
};

/// Answers `/mfa` and `/account/security`.
#[must_use]
pub struct FactorRoutes<S, P, H = ()> {
    factor: SecondFactor<S>,
    authenticator: Authenticator<S>,
    hook: Arc<H>,
    issuer: String,
    mfa: LocalPath,
    security: LocalPath,
    login: LocalPath,
    logout: LocalPath,
    setting: Setting<P>,
}

impl<S: IdentityStore, P: FactorPages> FactorRoutes<S, P> {
    /// Keeps the factors of the people of `store`, whose secrets `sealing` seals; apps show them under the name `issuer`.
    pub fn new(store: S, sealing: SealingRing, issuer: &str, pages: P) -> Self {
        let setting = Setting::new(pages);
        Self {
            factor: SecondFactor::new(store.clone(), sealing.clone()),
            authenticator: Authenticator::new(store, sealing, Arc::clone(&setting.random)),
            hook: Arc::new(()),
            issuer: issuer.to_owned(),
            mfa: path("/mfa"),
            security: path("/account/security"),
            login: path("/login"),
            logout: path("/logout"),
            setting,
        }
    }
}

impl<S, P, H> FactorRoutes<S, P, H> {
    /// Where a code is asked for: a path without a query.
    pub fn second_factor_path(mut self, path: LocalPath) -> Self {
        self.mfa = path;
        self
    }

    /// Where factors are kept: a path without a query.
    pub fn security_path(mut self, path: LocalPath) -> Self {
        self.security = path;
        self
    }

    /// Where people sign in: a path without a query.
    pub fn login_path(mut self, path: LocalPath) -> Self {
        self.login = path;
        self
    }

    /// Where people sign out: a path without a query.
    pub fn logout_path(mut self, path: LocalPath) -> Self {
        self.logout = path;
        self
    }

    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.setting.clock = clock;
        self
    }

    /// Asks `hook` which sign-ins nobody goes on with: the same as [`LoginRoutes`](crate::LoginRoutes) is given.
    pub fn on_logout<H2: OnLogout>(self, hook: H2) -> FactorRoutes<S, P, H2> {
        FactorRoutes {
            factor: self.factor,
            authenticator: self.authenticator,
            hook: Arc::new(hook),
            issuer: self.issuer,
            mfa: self.mfa,
            security: self.security,
            login: self.login,
            logout: self.logout,
            setting: self.setting,
        }
    }
}

impl<S: IdentityStore, P, H> FactorRoutes<S, P, H> {
    /// Draws secrets, backup codes and request identifiers from `random`.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.authenticator = self.authenticator.drawing_from(Arc::clone(&random));
        self.setting.random = random;
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for FactorRoutes<S, P, H> {
    type Service = Mounted<Factors<S, P, H>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let mfa = Mfa {
            factor: self.factor.clone(),
            hook: Arc::clone(&self.hook),
            path: self.mfa.clone(),
            login: self.login.clone(),
            logout: self.logout.clone(),
            security: self.security.clone(),
            setting: self.setting.clone(),
        };
        let security = Security {
            authenticator: self.authenticator.clone(),
            issuer: self.issuer.clone(),
            path: self.security.clone(),
            login: self.login.clone(),
            mfa: self.mfa.clone(),
            setting: self.setting.clone(),
        };
        Mounted::new(Factors::new(mfa, security), inner)
    }
}

impl<S: Clone, P, H> Clone for FactorRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self {
            factor: self.factor.clone(),
            authenticator: self.authenticator.clone(),
            hook: Arc::clone(&self.hook),
            issuer: self.issuer.clone(),
            mfa: self.mfa.clone(),
            security: self.security.clone(),
            login: self.login.clone(),
            logout: self.logout.clone(),
            setting: self.setting.clone(),
        }
    }
}

impl<S, P, H> fmt::Debug for FactorRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactorRoutes")
            .field("second_factor_path", &self.mfa)
            .field("security_path", &self.security)
            .finish_non_exhaustive()
    }
}

/// A path that is known to be one.
fn path(text: &'static str) -> LocalPath {
    LocalPath::parse(text).unwrap_or_else(LocalPath::root)
}
