//! An access token as a store keeps it: a row for either shape, so that both can be revoked and found.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, id::Uuid, token::Prefix};
use towergate_oauth_types::Scope;

use super::{
    client::ClientId,
    grant::{GrantId, Subject},
};

/// How an opaque access token's text begins.
pub const PREFIX: Prefix = Prefix::new("tgat");

/// How long an access token lives.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// An access token as a store keeps it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The identifier: `jti` of a JWT, the public half of an opaque token.
    pub id: Uuid,
    /// The digest of an opaque token's secret; `None` for a JWT, which its signature proves.
    pub digest: Option<Digest>,
    /// The grant it came from; `None` when the client acts for itself.
    pub grant: Option<GrantId>,
    /// The client it was issued to.
    pub client: ClientId,
    /// The person it acts for; `None` when the client acts for itself.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scope: Scope,
    /// Who may accept it.
    pub audience: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}
