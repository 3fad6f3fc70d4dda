//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::seal::SealingRing;
use towergate_endpoint::Mounted;
use towergate_identity::{
    ports::IdentityStore,
    rules::{lockout::LockoutPolicy, mail::MailLimit},
};

use super::service::{Forgotten, Passwords};
use crate::{
    change::{PasswordChange, service::PasswordPage},
    hasher::PasswordHasher,
    mail::Mailroom,
    new_password::NewPasswords,
    reset::{PasswordReset, forgot::ForgotPage, service::ResetPage},
    site::Site,
};

/// Answers `/account/password`, and `/forgot` and `/reset` where mail can be sent. See the
/// [module's documentation](crate::password_routes).
#[must_use]
pub struct PasswordRoutes<S, P, H = ()> {
    change: PasswordChange<S>,
    reset: Option<PasswordReset<S>>,
    site: Site<P, H>,
}

impl<S: IdentityStore, P, H> PasswordRoutes<S, P, H> {
    /// Changes the passwords of the people of `store`.
    pub fn new(store: S, hasher: PasswordHasher, site: Site<P, H>) -> Self {
        let passwords = site.new_passwords(hasher.clone());
        let change = PasswordChange::new(store, hasher).at(&site).passwords(passwords);
        Self { change: change.lockout(site.lockout()), reset: None, site }
    }

    /// Sets forgotten passwords anew too, by mail of `room`; `sealing` opens the secrets of authenticator apps.
    pub fn with_reset(mut self, room: Mailroom, sealing: SealingRing) -> Self {
        let PasswordChange { store, passwords, .. } = &self.change;
        let reset = PasswordReset::new(store.clone(), passwords.hasher().clone(), sealing, room);
        let reset = reset.at(&self.site).passwords(passwords.clone()).lockout(self.site.lockout());
        self.reset = Some(reset);
        self
    }

    /// Takes new passwords by `passwords`.
    pub fn passwords(mut self, passwords: NewPasswords) -> Self {
        let passwords = passwords.must_be_looked_up(self.site.must_look_up());
        self.reset = self.reset.map(|reset| reset.passwords(passwords.clone()));
        self.change = self.change.passwords(passwords);
        self
    }

    /// Counts wrong passwords and codes by `policy`.
    pub fn lockout(mut self, policy: LockoutPolicy) -> Self {
        self.reset = self.reset.map(|reset| reset.lockout(policy));
        self.change = self.change.lockout(policy);
        self
    }

    /// Sends a person at most so many mails. Call it after [`with_reset`](Self::with_reset).
    pub fn mail_limit(mut self, limit: MailLimit) -> Self {
        self.reset = self.reset.map(|reset| reset.mail_limit(limit));
        self
    }
}

impl<Inner, S: Clone, P, H> Layer<Inner> for PasswordRoutes<S, P, H> {
    type Service = Mounted<Arc<Passwords<S, P, H>>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        let site = self.site.clone();
        let password = PasswordPage { change: self.change.clone(), site: site.clone() };
        let forgotten = self.reset.clone().map(|reset| Forgotten {
            forgot: ForgotPage { reset: reset.clone(), site: site.clone() },
            reset: ResetPage { reset, site: site.clone() },
        });
        Mounted::new(Arc::new(Passwords { password, forgotten, site }), inner)
    }
}

impl<S: Clone, P, H> Clone for PasswordRoutes<S, P, H> {
    fn clone(&self) -> Self {
        Self { change: self.change.clone(), reset: self.reset.clone(), site: self.site.clone() }
    }
}

impl<S, P, H> fmt::Debug for PasswordRoutes<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordRoutes").field("site", &self.site).finish_non_exhaustive()
    }
}
