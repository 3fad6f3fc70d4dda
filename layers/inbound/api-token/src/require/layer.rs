//! The layer.

use std::sync::Arc;

use tower_layer::Layer;
use towergate_identity::rules::api_token::Permission;

use super::service::RequirePermission;
use crate::rejection::JsonRejection;

/// Lets through only programs that may do this. See the [module's documentation](super).
#[derive(Debug, Clone)]
#[must_use]
pub struct RequirePermissionLayer<R = JsonRejection> {
    permission: Arc<Permission>,
    rejection: R,
}

impl RequirePermissionLayer {
    /// Asks for `permission`.
    pub fn new(permission: Permission) -> Self {
        Self { permission: Arc::new(permission), rejection: JsonRejection }
    }
}

impl<R> RequirePermissionLayer<R> {
    /// Words the refusals otherwise; status and challenge stay.
    pub fn rejecting<Q>(self, rejection: Q) -> RequirePermissionLayer<Q> {
        RequirePermissionLayer { permission: self.permission, rejection }
    }
}

impl<S, R: Clone> Layer<S> for RequirePermissionLayer<R> {
    type Service = RequirePermission<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let (permission, rejection) = (Arc::clone(&self.permission), self.rejection.clone());
        RequirePermission { inner, permission, rejection }
    }
}
