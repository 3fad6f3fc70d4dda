//! What a handler may know of the token that let a request in.

use std::{ops::Deref, sync::Arc};

use towergate_core::{Timestamp, id::Uuid};
use towergate_oauth::rules::{
    client::ClientId,
    grant::{GrantId, Subject},
};
use towergate_oauth_types::Scope;

/// The verified access token of a request, in its extensions. Only [`Resource`](crate::Resource) puts it there. To clone it is to
/// point at the same [`Facts`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessTokenInfo {
    /// The grant it came from, where the store tells.
    pub grant: Option<GrantId>,
    facts: Arc<Facts>,
}

/// What an access token says of itself, or the store of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The token's identifier.
    pub id: Uuid,
    /// The client that presents it.
    pub client: ClientId,
    /// The person it acts for; `None` when the client acts for itself.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scope: Scope,
    /// Who may accept it.
    pub audience: Vec<String>,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// The login session it was given in.
    pub sid: Option<String>,
    /// When the person last proved who they are.
    pub auth_time: Option<Timestamp>,
    /// How strongly.
    pub acr: Option<String>,
    /// By which means.
    pub amr: Vec<String>,
}

impl AccessTokenInfo {
    pub(crate) fn new(facts: Facts, grant: Option<GrantId>) -> Self {
        Self { grant, facts: Arc::new(facts) }
    }
}

impl Deref for AccessTokenInfo {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}
