//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_endpoint::Mounted;
use towergate_identity::{
    ports::IdentityStore,
    rules::{lockout::LockoutPolicy, registration::UnconfirmedAccess},
};

use super::service::SignInAndOut;
use crate::{
    hasher::PasswordHasher, login::Login, logout::Logout, pages::LoginLinkKind, password::PasswordLogin,
    site::Site,
};

/// Answers `/login` and `/logout`. See the [crate's documentation](crate).
///
/// In axum those paths are no routes of a router: they reach the layers by its fallback. A router that is merged with
/// another must have a fallback of its own (`.fallback(..)`, before `.layer(..)`), or the other router's guard or 404
/// answers them.
#[must_use]
pub struct LoginRoutes<S, P, H = ()> {
    login: PasswordLogin<S>,
    site: Site<P, H>,
    links: Vec<LoginLinkKind>,
}

impl<S: IdentityStore, P, H> LoginRoutes<S, P, H> {
    /// Signs in the people of `store`, and out.
    pub fn new(store: S, hasher: PasswordHasher, site: Site<P, H>) -> Self {
        let login = PasswordLogin::new(store, hasher).telling(site.herald()).lockout(site.lockout());
        Self { login, site, links: Vec::new() }
    }

    /// Counts wrong passwords by `policy`.
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.login = self.login.lockout(policy);
        self
    }

    /// Shows this link on the sign-in page, behind those before it: for a page that the host has mounted.
    pub fn link(mut self, kind: LoginLinkKind) -> Self {
        self.links.push(kind);
        self
    }

    /// Lets people in, or not, whose address nobody has proven. They get in by default.
    pub fn unconfirmed(mut self, access: UnconfirmedAccess) -> Self {
        self.login = self.login.unconfirmed(access);
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for LoginRoutes<S, P, H> {
    type Service = Mounted<Arc<SignInAndOut<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let site = self.site.clone();
        let login = Login { login: self.login.clone(), site: site.clone(), links: self.links.clone() };
        let logout = Logout { site: site.clone() };
        Mounted::new(Arc::new(SignInAndOut { login, logout, site }), inner)
    }
}

impl<S: Clone, P, H> Clone for LoginRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { login: self.login.clone(), site: self.site.clone(), links: self.links.clone() }
    }
}

impl<S, P, H> fmt::Debug for LoginRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}
