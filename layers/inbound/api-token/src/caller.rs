//! Whose program asks.

use std::{collections::BTreeSet, sync::Arc};

use http::Extensions;
use towergate_identity::rules::{
    api_token::{ApiTokenId, Permission},
    user::UserId,
};

/// The program that a request comes from, in the request's extensions. It is nobody's sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCaller {
    pub(crate) user: UserId,
    pub(crate) token: ApiTokenId,
    pub(crate) permissions: Arc<BTreeSet<Permission>>,
}

impl ApiCaller {
    /// For whom it acts.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// By which token, or one that was narrowed from it.
    #[must_use]
    pub const fn token(&self) -> ApiTokenId {
        self.token
    }

    /// What it may do with this request.
    #[must_use]
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(&self, permission: &Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// The caller in a request's extensions; `None` where it came without such a token.
    ///
    /// # Errors
    /// When no [`ApiTokenLayer`](crate::ApiTokenLayer) stands outside the one who asks.
    pub fn from_extensions(extensions: &Extensions) -> Result<Option<&Self>, MissingApiTokenLayer> {
        match extensions.get::<Looked>() {
            Some(_) => Ok(extensions.get()),
            None => Err(MissingApiTokenLayer),
        }
    }

    /// Says in a request's extensions that it was looked for a token, and whose it is if there was one.
    pub(crate) fn note(caller: Option<Self>, extensions: &mut Extensions) {
        extensions.insert(Looked);
        match caller {
            Some(caller) => extensions.insert(caller),
            None => extensions.remove::<Self>(),
        };
    }
}

/// Somebody looked whether there is a token.
#[derive(Debug, Clone, Copy)]
struct Looked;

/// No [`ApiTokenLayer`](crate::ApiTokenLayer) stands outside the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "ApiTokenLayer is missing: add `ApiTokenLayer::new(tokens)` of `towergate::api_token` outside this layer, that is before it \
     in a ServiceBuilder"
)]
pub struct MissingApiTokenLayer;
