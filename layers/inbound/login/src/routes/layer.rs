//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{Clock, LocalPath, Random};
use towergate_endpoint::Mounted;
use towergate_identity::{
    ports::IdentityStore,
    rules::{lockout::LockoutPolicy, registration::UnconfirmedAccess},
};

use super::service::SignInAndOut;
use crate::{
    hasher::PasswordHasher,
    login::Login,
    logout::{Logout, OnLogout},
    pages::LoginPages,
    password::PasswordLogin,
    setting::Setting,
};

/// Answers `/login` and `/logout`. See the [crate's documentation](crate).
///
/// In axum those paths are no routes of a router: they reach the layers by its fallback. A router that is merged with
/// another must have a fallback of its own (`.fallback(..)`, before `.layer(..)`), or the other router's guard or 404
/// answers them.
#[must_use]
pub struct LoginRoutes<S, P, H = ()> {
    login: PasswordLogin<S>,
    hook: Arc<H>,
    login_path: LocalPath,
    second_factor_path: LocalPath,
    logout_path: LocalPath,
    after_logout: LocalPath,
    setting: Setting<P>,
}

impl<S: IdentityStore, P: LoginPages> LoginRoutes<S, P> {
    /// Signs in the people of `store` at `/login`, and out at `/logout`, from where they go to `/`.
    pub fn new(store: S, hasher: PasswordHasher, pages: P) -> Self {
        Self {
            login: PasswordLogin::new(store, hasher),
            hook: Arc::new(()),
            login_path: path("/login"),
            second_factor_path: path("/mfa"),
            logout_path: path("/logout"),
            after_logout: LocalPath::root(),
            setting: Setting::new(pages),
        }
    }
}

impl<S: IdentityStore, P, H> LoginRoutes<S, P, H> {
    /// Where the sign-in page is: a path without a query.
    pub fn login_path(mut self, path: LocalPath) -> Self {
        self.login_path = path;
        self
    }

    /// Counts wrong passwords by `policy`.
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self
    where
        S: IdentityStore,
    {
        self.login = self.login.lockout(policy);
        self
    }

    /// Where the second factor is asked for, by [`FactorRoutes`](crate::FactorRoutes): a path without a query.
    pub fn second_factor_path(mut self, path: LocalPath) -> Self {
        self.second_factor_path = path;
        self
    }

    /// Lets people in, or not, whose address nobody has proven. They get in by default.
    pub fn unconfirmed(mut self, access: UnconfirmedAccess) -> Self {
        self.login = self.login.unconfirmed(access);
        self
    }

    /// Where the way out is: a path without a query.
    pub fn logout_path(mut self, path: LocalPath) -> Self {
        self.logout_path = path;
        self
    }

    /// Where people go after signing out.
    pub fn after_logout(mut self, path: LocalPath) -> Self {
        self.after_logout = path;
        self
    }

    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.setting.clock = clock;
        self
    }

    /// Draws request identifiers from `random` where no audit layer gave one.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.setting.random = random;
        self
    }

    /// Tells `hook` which sign-in ends.
    pub fn on_logout<H2: OnLogout>(self, hook: H2) -> LoginRoutes<S, P, H2> {
        LoginRoutes {
            login: self.login,
            hook: Arc::new(hook),
            login_path: self.login_path,
            second_factor_path: self.second_factor_path,
            logout_path: self.logout_path,
            after_logout: self.after_logout,
            setting: self.setting,
        }
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for LoginRoutes<S, P, H> {
    type Service = Mounted<SignInAndOut<S, P, H>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let login = Login {
            login: self.login.clone(),
            hook: Arc::clone(&self.hook),
            path: self.login_path.clone(),
            second_factor: self.second_factor_path.clone(),
            setting: self.setting.clone(),
        };
        let logout = Logout {
            hook: Arc::clone(&self.hook),
            then: self.after_logout.clone(),
            setting: self.setting.clone(),
        };
        Mounted::new(SignInAndOut::new(login, logout, self.logout_path.clone()), inner)
    }
}

impl<S: Clone, P, H> Clone for LoginRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self {
            login: self.login.clone(),
            hook: Arc::clone(&self.hook),
            login_path: self.login_path.clone(),
            second_factor_path: self.second_factor_path.clone(),
            logout_path: self.logout_path.clone(),
            after_logout: self.after_logout.clone(),
            setting: self.setting.clone(),
        }
    }
}

impl<S, P, H> fmt::Debug for LoginRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRoutes")
            .field("login_path", &self.login_path)
            .field("logout_path", &self.logout_path)
            .field("after_logout", &self.after_logout)
            .finish_non_exhaustive()
    }
}

/// A path that is known to be one.
fn path(text: &'static str) -> LocalPath {
    LocalPath::parse(text).unwrap_or_else(LocalPath::root)
}
