//! Where a sign-in at a client begins, for clients that registered themselves: `/start/` and the identifier.
//! [OpenID Connect Core section 4](https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin)
//!
//! It is a page with a link and not a redirect: anybody may register an address, and nobody should be sent there unasked.

use askama::Template;
use bytes::Bytes;
use http::{Response, StatusCode};
use towergate::{
    identity::ports::IdentityStore,
    oauth::{
        ports::OAuthStore,
        rules::client::{Client, ClientId, gate, initiate_login::initiate_login_url},
    },
    oauth_server::Issuer,
};

use crate::{host::Host, pages};

/// An application that a sign-in may begin at from here.
#[derive(Debug, Template)]
#[template(path = "start.html")]
pub struct Start {
    /// Its name.
    pub name: String,
    /// Where the sign-in begins.
    pub address: String,
}

impl Start {
    /// The start at `client`, if it has one.
    #[must_use]
    pub fn at(client: &Client, issuer: &Issuer) -> Option<Self> {
        let address = initiate_login_url(client, issuer, None, None)?;
        let name = client.metadata.client_name.clone().unwrap_or_else(|| client.id.to_string());
        Some(Self { name, address })
    }
}

impl<I: IdentityStore, O: OAuthStore> Host<I, O> {
    /// The page from which a person goes to sign in at a client.
    pub async fn start(&self, client: &str) -> Response<Bytes> {
        let found = match ClientId::parse(client) {
            Ok(id) => self.grants.find_client(&id).await,
            Err(_) => Ok(None),
        };
        let client = match found {
            Ok(client) => client.filter(|client| gate::active(client).is_ok()),
            Err(error) => {
                tracing::error!(%error, "a client could not be looked up");
                let body = "<h1>The store does not answer</h1><p>Please try again in a moment.</p>";
                let html = self.pages.document("Not now", body);
                return pages::page(StatusCode::SERVICE_UNAVAILABLE, html, &self.pages);
            }
        };
        let start = client.and_then(|client| Start::at(&client, &self.server.config().issuer));
        match start.and_then(|start| start.render().ok()) {
            Some(body) => {
                let html = self.pages.document("Sign in elsewhere", &body);
                pages::page(StatusCode::OK, html, &self.pages)
            }
            None => pages::page(StatusCode::NOT_FOUND, pages::not_found(&self.pages), &self.pages),
        }
    }
}
