//! The layer.

use tower_layer::Layer;
use towergate_core::LocalPath;

use super::service::RequireUser;
use crate::to_login::ToLogin;

/// Lets through only requests of somebody signed in.
#[derive(Debug, Clone)]
#[must_use]
pub struct RequireUserLayer<R = ToLogin> {
    rejection: R,
}

impl RequireUserLayer {
    /// Sends people who navigate to `login`, with `return_to` in its query; other requests get 401.
    pub fn new(login: LocalPath) -> Self {
        Self { rejection: ToLogin::new(login) }
    }
}

impl Default for RequireUserLayer {
    /// Sends people to `/login`, where `LoginRoutes` answers unless it was told another path.
    fn default() -> Self {
        Self::rejecting(ToLogin::default())
    }
}

impl<R> RequireUserLayer<R> {
    /// Answers whoever is not signed in with `rejection`.
    pub const fn rejecting(rejection: R) -> Self {
        Self { rejection }
    }
}

impl<S, R: Clone> Layer<S> for RequireUserLayer<R> {
    type Service = RequireUser<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireUser { inner, rejection: self.rejection.clone() }
    }
}
