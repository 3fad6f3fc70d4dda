//! A consent that a person asked to be remembered.

use towergate_core::Timestamp;
use towergate_oauth_types::Scope;

use super::{
    authorize::RedirectUri,
    client::{Client, ClientAuthMethod, ClientId},
    grant::Subject,
};

/// What a person allows a client without being asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who allowed it.
    pub subject: Subject,
    /// To whom.
    pub client: ClientId,
    /// How far; a request beyond it is asked anew.
    pub scope: Scope,
    /// When it was last given.
    pub given_at: Timestamp,
}

impl Consent {
    /// Whether a request for `scope` needs no further question.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        self.scope.covers(scope)
    }
}

/// Whether a yes to `client` at `to` may be remembered, that is, stand for a later answer without the person.
///
/// A public client proves nothing, and any program of the machine may listen at a loopback address or claim a
/// private-use scheme: there the person is asked each time,
/// [RFC 8252 section 8.6](https://www.rfc-editor.org/rfc/rfc8252#section-8.6).
#[must_use]
pub fn may_be_remembered(client: &Client, to: &RedirectUri) -> bool {
    client.metadata.token_endpoint_auth_method != ClientAuthMethod::None
        || to.as_str().starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::client::ClientMetadata;

    #[test]
    fn rfc8252_8_6_a_client_that_any_program_could_be_is_not_remembered() {
        for (method, uri, remembered) in [
            (ClientAuthMethod::None, "http://127.0.0.1:8080/cb", false),
            (ClientAuthMethod::None, "http://localhost/cb", false),
            (ClientAuthMethod::None, "com.example.app:/cb", false),
            (ClientAuthMethod::None, "https://app.example/cb", true),
            (ClientAuthMethod::ClientSecretBasic, "http://127.0.0.1:8080/cb", true),
        ] {
            let metadata = ClientMetadata {
                token_endpoint_auth_method: method,
                redirect_uris: vec![uri.to_owned()],
                ..ClientMetadata::default()
            };
            let to = RedirectUri::bind(Some(uri), &metadata.redirect_uris).unwrap();
            let id = ClientId::parse("app").unwrap();
            let client = Client::unchecked(id, None, metadata);
            assert_eq!(may_be_remembered(&client, &to), remembered, "{method:?} {uri}");
        }
    }
}
