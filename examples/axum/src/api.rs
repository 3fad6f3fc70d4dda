//! The host's own API, which other people's software calls for people.

use serde::Serialize;
use towergate::oauth_resource::AccessTokenInfo;

/// The answer of `GET /api/me`, and of `GET /api/sensitive` to whoever signed in lately: for whom, by whom, how far.
#[derive(Debug, Serialize)]
pub struct Me {
    subject: Option<String>,
    client: String,
    scope: String,
}

impl Me {
    /// What the access token says.
    #[must_use]
    pub fn of(token: &AccessTokenInfo) -> Self {
        Self {
            subject: token.subject.as_ref().map(ToString::to_string),
            client: token.client.to_string(),
            scope: token.scope.to_string(),
        }
    }
}
