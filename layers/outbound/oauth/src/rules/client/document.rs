//! A client that is known by what it says of itself at the address that is its identifier.
//! [OAuth Client ID Metadata Document](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/)
//!
//! The rules, in order: an identifier that is an https address that spells its host as it is, with a path, no `.` or `..` in it, no fragment, no user; a
//! host that the operator lists; one small JSON object that says each thing once and names exactly that address as its
//! `client_id`; nothing that needs a secret, since everybody reads it; and then the rules of registration.

use serde_json::{Map, Value};
use towergate_jose::{Algorithm, json};
use url::Url;

use super::{
    Client, ClientAuthMethod, ClientId, parse,
    policy::{RegistrationPolicy, is_at},
    problem::InvalidMetadata,
};
use crate::rules::issuer::Issuer;

/// The longest document, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// Why a document is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentProblem {
    /// It is over [`MAX_LENGTH`].
    #[error("the document has more than {MAX_LENGTH} bytes")]
    TooLong,
    /// It is no plain JSON object.
    #[error(transparent)]
    NotAnObject(#[from] json::NotAnObject),
    /// It is about another client.
    #[error("client_id in the document is not the address of the document")]
    AnotherClient,
    /// It has a secret that everybody reads, or would need one.
    #[error("the document has a secret, or a token_endpoint_auth_method that needs one")]
    Secret,
    /// What it says is wrong.
    #[error(transparent)]
    Metadata(#[from] InvalidMetadata),
}

/// Whether the identifier is the address of a document, at one of these hosts.
#[must_use]
pub fn is_document(id: &ClientId, hosts: &[String]) -> bool {
    is_address(id.as_str()) && is_at(id.as_str(), hosts)
}

/// The host that vouches for a client by its document, as people know it.
#[must_use]
pub fn host(client: &Client) -> Option<&str> {
    client.document?;
    let rest = client.id.as_str().strip_prefix("https://")?;
    rest.split('/').next()
}

/// Reads the document of `id`, for the server `issuer` that signs by these algorithms.
///
/// # Errors
/// When it is no client's, or another's.
pub fn read(
    id: &ClientId,
    document: &[u8],
    policy: &RegistrationPolicy,
    issuer: &Issuer,
    algorithms: &[Algorithm],
) -> Result<Client, DocumentProblem> {
    if document.len() > MAX_LENGTH {
        return Err(DocumentProblem::TooLong);
    }
    let mut fields = json::read_object(document)?;
    if fields.get("client_id").and_then(Value::as_str) != Some(id.as_str()) {
        return Err(DocumentProblem::AnotherClient);
    }
    if ["client_secret", "client_secret_expires_at"].iter().any(|secret| fields.contains_key(*secret)) {
        return Err(DocumentProblem::Secret);
    }
    say_public(&mut fields);
    let reading = parse::read(&fields).within(policy, issuer, algorithms);
    if reading.wants_secret() {
        return Err(DocumentProblem::Secret);
    }
    Ok(reading.register(id.clone(), None)?)
}

/// Whoever does not say how it proves itself cannot mean the usual way, which needs a secret.
fn say_public(fields: &mut Map<String, Value>) {
    let method = fields.entry("token_endpoint_auth_method").or_insert(Value::Null);
    if method.is_null() {
        *method = ClientAuthMethod::None.as_str().into();
    }
}

fn is_address(id: &str) -> bool {
    let Some(rest) = id.strip_prefix("https://") else { return false };
    let Some((authority, path)) = rest.split_once('/') else { return false };
    let path = path.split('?').next().unwrap_or_default();
    let is_dot = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    // People read the host out of it: in another spelling (`bank.example%2Eevil.example`) it would be read as another's.
    let origin = Url::parse(id).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let says_its_host = id.strip_prefix(&origin).is_some_and(|rest| rest.starts_with('/'));
    says_its_host
        && !authority.contains(['@', '?', '\\'])
        && !id.contains(['#', '\\'])
        && !path.split('/').any(is_dot)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "https://app.example/client.json";

    fn id(text: &str) -> ClientId {
        ClientId::parse(text).unwrap()
    }

    fn document(more: &str) -> String {
        format!(r#"{{"client_id":"{ID}","redirect_uris":["https://app.example/cb"]{more}}}"#)
    }

    fn read_text(text: &str) -> Result<Client, DocumentProblem> {
        let issuer = Issuer::https("https://id.example").unwrap();
        read(&id(ID), text.as_bytes(), &RegistrationPolicy::default(), &issuer, &Algorithm::ALL)
    }

    #[test]
    fn an_identifier_is_an_address_of_a_listed_host() {
        let hosts = [String::from("app.example"), String::from("*.apps.example")];
        for good in
            [ID, "https://app.example/", "https://app.example:8443/a?b=c", "https://one.apps.example/x"]
        {
            assert!(is_document(&id(good), &hosts), "{good}");
        }
        for bad in [
            "app",
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example?x=/",
            "https://app.example/a#b",
            "https://me@app.example/a",
            "https://app.example/a/../b",
            "https://app.example/./b",
            "https://app.example/%2E./b",
            "https://app.example\\@evil.example/",
            "https://evil.example/app.example/",
            "https:///a",
            "https://app.example%2Eapps.example/a",
            "https://app%E3%80%82one.apps.example/a",
            "https://APP.example/a",
            "https://app.example:443/a",
        ] {
            assert!(!is_document(&id(bad), &hosts), "{bad}");
        }
        assert!(!is_document(&id("https:///app.example/a"), &hosts), "a parser of URLs reads a host there");
    }

    #[test]
    fn a_document_makes_a_client_without_a_secret() {
        let client = read_text(&document("")).unwrap();
        assert_eq!(client.metadata.token_endpoint_auth_method, ClientAuthMethod::None);
        assert_eq!((client.id.as_str(), client.secret.is_none()), (ID, true));
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let signs = format!(r#","token_endpoint_auth_method":"private_key_jwt","jwks":{{"keys":[{key}]}}"#);
        assert!(read_text(&document(&signs)).is_ok());
    }

    #[test]
    fn a_document_that_is_wrong_is_no_client() {
        for (more, problem) in [
            (r#","client_secret":"x""#, DocumentProblem::Secret),
            (r#","client_secret_expires_at":0"#, DocumentProblem::Secret),
            (r#","token_endpoint_auth_method":"client_secret_basic""#, DocumentProblem::Secret),
            (r#","token_endpoint_auth_method":"client_secret_jwt""#, DocumentProblem::Secret),
            (
                r#","client_id":"https://app.example/client.json""#,
                DocumentProblem::NotAnObject(json::NotAnObject),
            ),
        ] {
            assert_eq!(read_text(&document(more)).unwrap_err(), problem, "{more}");
        }
        let other = document("").replace("/client.json", "/other.json");
        assert_eq!(read_text(&other).unwrap_err(), DocumentProblem::AnotherClient);
        let long = document(&format!(r#","x":"{}""#, "x".repeat(MAX_LENGTH)));
        assert_eq!(read_text(&long).unwrap_err(), DocumentProblem::TooLong);
        for wrong in [r#","scope":"admin""#, r#","grant_types":["client_credentials"]"#, r#","logo_uri":"x""#]
        {
            assert!(matches!(read_text(&document(wrong)), Err(DocumentProblem::Metadata(_))), "{wrong}");
        }
    }
}
