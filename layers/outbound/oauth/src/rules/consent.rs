//! A consent that a person asked to be remembered.

use std::collections::BTreeSet;

use towergate_core::Timestamp;
use towergate_oauth_types::Scope;

use super::{
    authorize::RedirectUri,
    claims::ScopeClaims,
    client::{Client, ClientAuthMethod, ClientId},
    grant::Subject,
    interaction::AuthorizationRequest,
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
    /// Which single claims, beside those that the scope covers.
    pub claims: BTreeSet<String>,
    /// For which APIs, where the request named some.
    pub resource: BTreeSet<String>,
    /// When it was last given.
    pub given_at: Timestamp,
}

impl Consent {
    /// What `subject` is asked to allow, at `now`, by a `request` of `client`.
    #[must_use]
    pub fn asked_by(
        request: &AuthorizationRequest,
        client: &Client,
        table: &ScopeClaims,
        subject: Subject,
        now: Timestamp,
    ) -> Self {
        Self {
            subject,
            client: client.id.clone(),
            scope: request.scope.clone(),
            claims: table.beyond(&request.scope, &client.metadata.scope, request.claims.names()),
            resource: request.resource.iter().cloned().collect(),
            given_at: now,
        }
    }

    /// Whether what is `asked` needs no further question.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        self.subject == asked.subject
            && self.client == asked.client
            && self.scope.covers(&asked.scope)
            && self.claims.is_superset(&asked.claims)
            && self.resource.is_superset(&asked.resource)
    }

    /// What is remembered after `more` was allowed too.
    #[must_use]
    pub fn extended_by(&self, more: Self) -> Self {
        Self {
            scope: self.scope.union(&more.scope),
            claims: &self.claims | &more.claims,
            resource: &self.resource | &more.resource,
            ..more
        }
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
    use crate::rules::{claims_request::ClaimsRequest, client::ClientMetadata};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn asked(scope: &str, claims: &str, resource: &[&str]) -> Consent {
        let id = ClientId::parse("app").unwrap();
        let metadata = ClientMetadata {
            scope: Scope::parse("openid email profile").unwrap(),
            ..ClientMetadata::default()
        };
        let client = Client::unchecked(id.clone(), None, metadata);
        let request = AuthorizationRequest {
            scope: Scope::parse(scope).unwrap(),
            claims: ClaimsRequest::parse(claims).unwrap(),
            resource: resource.iter().map(ToString::to_string).collect(),
            ..AuthorizationRequest::new(id, String::from("https://app.example/cb"))
        };
        let alice = Subject::parse("alice").unwrap();
        Consent::asked_by(&request, &client, &ScopeClaims::default(), alice, NOW)
    }

    #[test]
    fn a_consent_covers_what_was_seen_and_nothing_beyond() {
        let api = "https://api.example";
        let given = asked("openid email", r#"{"userinfo":{"name":null}}"#, &[api]);
        assert_eq!(given.claims, [String::from("name")].into());
        for covered in [
            asked("openid", "{}", &[]),
            asked("openid email", r#"{"id_token":{"name":null,"email":null,"acr":null}}"#, &[api]),
        ] {
            assert!(given.covers(&covered), "{covered:?}");
        }
        for beyond in [
            asked("openid profile", "{}", &[]),
            asked("openid", r#"{"userinfo":{"nickname":null}}"#, &[]),
            asked("openid", "{}", &["https://other.example"]),
            Consent { subject: Subject::parse("bob").unwrap(), ..asked("openid", "{}", &[]) },
            Consent { client: ClientId::parse("other").unwrap(), ..asked("openid", "{}", &[]) },
        ] {
            assert!(!given.covers(&beyond), "{beyond:?}");
            let extended = given.extended_by(beyond.clone());
            assert!(extended.covers(&beyond));
        }
    }

    #[test]
    fn a_claim_that_would_not_be_let_out_is_not_asked_about() {
        let asked =
            asked("openid", r#"{"userinfo":{"address":null,"roles":null,"sub":null,"name#nl":null}}"#, &[]);
        assert_eq!(asked.claims, [String::from("name#nl")].into());
    }

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
