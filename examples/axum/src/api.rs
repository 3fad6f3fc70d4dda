//! The host's own API, which other people's software calls for people.

use http::Extensions;
use serde::Serialize;
use towergate::{api_token::ApiCaller, oauth_resource::AccessTokenInfo};

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

/// The answer of `/api/reports`: for whom somebody asks, and by what.
#[derive(Debug, Serialize)]
pub struct Reports {
    subject: Option<String>,
    /// The token of a person's own program, where it is one.
    token: Option<String>,
    /// What it may do.
    permissions: Vec<String>,
}

impl Reports {
    /// What the layers in front say of a request.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        if let Some(caller) = extensions.get::<ApiCaller>() {
            return Self {
                subject: Some(caller.user().to_string()),
                token: Some(caller.token().to_string()),
                permissions: caller.permissions().iter().map(ToString::to_string).collect(),
            };
        }
        let subject = extensions.get::<AccessTokenInfo>().and_then(|token| token.subject.as_ref());
        Self { subject: subject.map(ToString::to_string), token: None, permissions: Vec::new() }
    }
}
