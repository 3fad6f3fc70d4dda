//! What people's own programs may do here, and the layers that let them.

use std::sync::Arc;

use tower::layer::util::Stack;
use towergate::{
    api_token::{
        ApiTokenLayer, ApiTokenRoutes, ApiTokens, EitherBearerLayer, Permission, PermissionList,
        RequirePermissionLayer, RootKey, RootKeys,
    },
    core::{Digest, Secret},
    identity::ports::{ApiTokenStore, IdentityStore},
    oauth::ports::OAuthStore,
    oauth_resource::{InStore, KeySource, ResourceLayer},
    pages::DefaultPages,
};

use crate::{accounts::EndGrants, config::Config, error::StartError, host::Host, seal_key};

/// What the tokens of people's programs are signed by, and what they may do.
#[derive(Debug, Clone)]
pub struct Programs {
    roots: RootKeys,
    list: PermissionList,
    read: Permission,
    write: Permission,
}

/// The layers that let a person's own programs pass.
pub type OwnPrograms<I> = Stack<RequirePermissionLayer, ApiTokenLayer<I>>;

impl Programs {
    /// Draws the keys from those that seal. They are known by what those are known by, and turn with them.
    pub(crate) fn open(config: &Config, seal_key: &Secret<[u8; 32]>) -> Result<Self, StartError> {
        let root = |key: &Secret<[u8; 32]>| {
            let [a, b, c, d, ..] = *Digest::of(key.expose()).as_bytes();
            RootKey::derive(u32::from_be_bytes([a, b, c, d]), key).ok_or(StartError::RootKey)
        };
        let older = seal_key::older(config)?;
        let roots = RootKeys::new(root(seal_key)?);
        let roots = older.iter().try_fold(roots, |roots, key| Ok::<_, StartError>(roots.and(&root(key)?)))?;
        let (read, write) = (Permission::parse("reports:read")?, Permission::parse("reports:write")?);
        let list = [(read.as_str(), "Read your reports"), (write.as_str(), "Change your reports")];
        let list = PermissionList::new(list)?;
        Ok(Self { roots, list, read, write })
    }
}

impl<I: IdentityStore + ApiTokenStore, O: OAuthStore> Host<I, O> {
    /// The layer that answers `/account/tokens`.
    pub fn api_token_page(&self) -> ApiTokenRoutes<I, DefaultPages, EndGrants<I, O>> {
        ApiTokenRoutes::new(self.api_tokens(), self.site())
    }

    /// The layer that guards what people's own programs read, and other people's software too: each by tokens of its own kind.
    pub fn reports(
        &self,
    ) -> EitherBearerLayer<OwnPrograms<I>, ResourceLayer<impl KeySource + use<I, O>, InStore<O>>> {
        EitherBearerLayer::new(self.own_programs(&self.programs.read), self.api())
    }

    /// The layers that guard what people's own programs change, and nobody else's.
    pub fn own_reports(&self) -> OwnPrograms<I> {
        self.own_programs(&self.programs.write)
    }

    fn own_programs(&self, permission: &Permission) -> OwnPrograms<I> {
        let tokens = ApiTokenLayer::new(self.api_tokens()).clock(Arc::clone(&self.clock));
        Stack::new(RequirePermissionLayer::new(permission.clone()), tokens)
    }

    fn api_tokens(&self) -> ApiTokens<I> {
        let Programs { roots, list, .. } = &self.programs;
        ApiTokens::new(self.people.clone(), roots.clone(), list.clone()).random(Arc::clone(&self.random))
    }
}
