//! A client's metadata as JSON: one reader for the registration endpoint, for a client's own document and for a host's
//! configuration. [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)
//!
//! The rules, in order: a field has the form that its specification gives it, within a bound; what is `null` is not
//! there; a value that is not offered is refused, never replaced; a field that is not known is left out, and told.
//! What fields say together is judged by [`Client::register`].
//!
//! ```
//! use towergate_oauth::rules::client::parse;
//!
//! let sent = serde_json::json!({"redirect_uris": ["https://app.example/cb"], "client_name#fr": "Ma boutique", "x": 1});
//! let reading = parse::read(sent.as_object().ok_or("no object")?);
//! assert_eq!(reading.unknown, ["x"]);
//! let metadata = reading.metadata()?;
//! assert_eq!(metadata.localized["client_name#fr"], "Ma boutique");
//! assert_eq!(metadata.to_json()["client_name#fr"], "Ma boutique");
//!
//! let sent = serde_json::json!({"redirect_uris": "https://app.example/cb", "default_max_age": -1});
//! let refused = parse::read(sent.as_object().ok_or("no object")?).metadata().unwrap_err();
//! let blamed: Vec<_> = refused.problems.iter().map(|problem| problem.blames()).collect();
//! assert_eq!(blamed, ["redirect_uris", "default_max_age"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde_json::{Map, Value};
use towergate_core::Secret;
use towergate_jose::{Algorithm, JwkError, JwkSet, KeyManagement, jwe::ContentEncryption};
use towergate_oauth_types::Scope;

use self::object::Object;
use super::{
    AccessTokenFormat, ApplicationType, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType,
    SubjectType,
    policy::RegistrationPolicy,
    problem::{FieldFault, InvalidMetadata, MetadataProblem},
};

mod object;

/// The longest address, in bytes.
pub const MAX_URI_LENGTH: usize = 2048;

/// The longest name and the like, in bytes.
pub const MAX_NAME_LENGTH: usize = 255;

/// The longest software statement, in bytes.
pub const MAX_STATEMENT_LENGTH: usize = 16 * 1024;

/// The most addresses in one list.
pub const MAX_URIS: usize = 64;

/// The most fields that carry a language tag.
pub const MAX_LOCALIZED: usize = 64;

const MAX_CONTACTS: usize = 16;
const MAX_ACR_VALUES: usize = 16;
const TEN_YEARS: u64 = 10 * 366 * 24 * 60 * 60;

/// The fields that people read, which may carry a language tag.
const FOR_PEOPLE: &[&str] = &["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

/// What a JSON object says of a client.
#[derive(Debug)]
pub struct Reading {
    /// The fields that are not known, or carry a language tag where none belongs.
    pub unknown: Vec<String>,
    /// What cannot be read, in the order of the metadata.
    pub problems: Vec<MetadataProblem>,
    metadata: ClientMetadata,
}

/// Reads what a client says of itself. Bound the size of the text before it becomes an object.
#[must_use]
pub fn read(fields: &Map<String, Value>) -> Reading {
    let object = Object::new(fields);
    let mut metadata = ClientMetadata::default();
    read_for_people(&object, &mut metadata);
    read_addresses(&object, &mut metadata);
    read_rights(&object, &mut metadata);
    read_proof(&object, &mut metadata);
    read_answers(&object, &mut metadata);
    read_sign_in_and_out(&object, &mut metadata);
    let (unknown, problems) = object.finish(FOR_PEOPLE);
    Reading { unknown, problems, metadata }
}

impl Reading {
    /// What was said, when all of it can be read.
    ///
    /// # Errors
    /// Everything that cannot be read.
    pub fn metadata(self) -> Result<ClientMetadata, InvalidMetadata> {
        InvalidMetadata::unless_empty(self.problems)?;
        Ok(self.metadata)
    }

    /// The same, within the bounds of a policy; `algorithms` are those that the server signs with.
    #[must_use]
    pub fn within(mut self, policy: &RegistrationPolicy, algorithms: &[Algorithm]) -> Self {
        let beyond = policy.bound(&mut self.metadata, algorithms);
        self.blame(beyond);
        self
    }

    /// Whether it wants to prove itself by a secret that it shares with the server.
    #[must_use]
    pub const fn wants_secret(&self) -> bool {
        self.metadata.token_endpoint_auth_method.is_by_secret()
    }

    /// A new active client, when all of it can be read and nothing is wrong with what it says.
    ///
    /// # Errors
    /// Everything that is wrong, each field blamed for one kind of thing: what cannot be read is not judged.
    pub fn register(self, id: ClientId, secret: Option<&Secret<String>>) -> Result<Client, InvalidMetadata> {
        let mut reading = self;
        let registered = Client::register(id, secret, std::mem::take(&mut reading.metadata));
        if let Err(invalid) = &registered {
            reading.blame(invalid.problems.clone());
        }
        InvalidMetadata::unless_empty(reading.problems)?;
        registered
    }

    /// Notes what is wrong with fields that can be read.
    fn blame(&mut self, problems: Vec<MetadataProblem>) {
        let blamed: Vec<_> = self.problems.iter().map(|problem| problem.blames().to_owned()).collect();
        let news = |problem: &MetadataProblem| !blamed.iter().any(|field| field == problem.blames());
        self.problems.extend(problems.into_iter().filter(news));
    }
}

impl ClientMetadata {
    /// What was registered, as JSON under the registered names; [`read`] reads it back.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else {
            return Map::new();
        };
        if let Some(Value::Object(localized)) = fields.remove("localized") {
            fields.extend(localized);
        }
        let code = self.grant_types.contains(&GrantType::AuthorizationCode);
        fields.insert(String::from("response_types"), if code { vec!["code"] } else { vec![] }.into());
        fields
    }
}

fn read_for_people(object: &Object<'_>, metadata: &mut ClientMetadata) {
    metadata.client_name = object.text("client_name", MAX_NAME_LENGTH);
    metadata.localized = object.tagged(FOR_PEOPLE, MAX_URI_LENGTH, MAX_LOCALIZED);
    metadata.client_uri = object.text("client_uri", MAX_URI_LENGTH);
    metadata.logo_uri = object.text("logo_uri", MAX_URI_LENGTH);
    metadata.policy_uri = object.text("policy_uri", MAX_URI_LENGTH);
    metadata.tos_uri = object.text("tos_uri", MAX_URI_LENGTH);
    metadata.contacts = object.texts("contacts", MAX_CONTACTS, MAX_NAME_LENGTH).unwrap_or_default();
    metadata.software_id = object.text("software_id", MAX_NAME_LENGTH);
    metadata.software_version = object.text("software_version", MAX_NAME_LENGTH);
    metadata.software_statement = object.text("software_statement", MAX_STATEMENT_LENGTH);
    metadata.initiate_login_uri = object.text("initiate_login_uri", MAX_URI_LENGTH);
}

fn read_addresses(object: &Object<'_>, metadata: &mut ClientMetadata) {
    let addresses = |name| object.texts(name, MAX_URIS, MAX_URI_LENGTH).unwrap_or_default();
    metadata.redirect_uris = addresses("redirect_uris");
    metadata.post_logout_redirect_uris = addresses("post_logout_redirect_uris");
    let said = object.choice("application_type", &ApplicationType::ALL);
    metadata.application_type = said.unwrap_or_else(|| usual_type(&metadata.redirect_uris));
}

/// RFC 7591 knows no application types, so whoever follows it says none; only a native application has a scheme of its
/// own.
fn usual_type(redirect_uris: &[String]) -> ApplicationType {
    let private_use = |uri: &String| {
        uri.split_once(':')
            .is_some_and(|(scheme, _)| !matches!(scheme, "http" | "https") && scheme.contains('.'))
    };
    if redirect_uris.iter().any(private_use) { ApplicationType::Native } else { ApplicationType::Web }
}

fn read_rights(object: &Object<'_>, metadata: &mut ClientMetadata) {
    if let Some(grants) = object.choices("grant_types", &GrantType::ALL) {
        metadata.grant_types = grants.into_iter().collect();
    }
    // Only `code` is offered, so that what was said need not be kept.
    let _: Option<Vec<&str>> = object.choices("response_types", &["code"]);
    metadata.scope = read_scope(object);
    metadata.insecure_pkce_optional = object.flag("insecure_pkce_optional").unwrap_or_default();
}

fn read_scope(object: &Object<'_>) -> Scope {
    match object.take("scope").map(|value| value.as_str().map(Scope::parse)) {
        None => Scope::default(),
        Some(Some(Ok(scope))) => scope,
        Some(None) => {
            object.refuse("scope", FieldFault::Expected("a text"));
            Scope::default()
        }
        Some(Some(Err(_))) => {
            let rule =
                "must be words of visible ASCII without quotes and backslashes, in all at most 2048 bytes";
            object.refuse("scope", FieldFault::Rule(rule));
            Scope::default()
        }
    }
}

fn read_proof(object: &Object<'_>, metadata: &mut ClientMetadata) {
    if let Some(method) = object.choice("token_endpoint_auth_method", &ClientAuthMethod::ALL) {
        metadata.token_endpoint_auth_method = method;
    }
    let algorithms = ["ES256", "EdDSA", "PS256", "RS256", "HS256"];
    let algorithm = object.choice("token_endpoint_auth_signing_alg", &algorithms);
    metadata.token_endpoint_auth_signing_alg = algorithm.map(str::to_owned);
    metadata.jwks = object.take("jwks").and_then(|value| read_keys(object, value));
    metadata.jwks_uri = object.text("jwks_uri", MAX_URI_LENGTH);
    // Unsigned request objects are refused, so that a client that means to send them registers nothing by it.
    if object.take("request_object_signing_alg").is_some_and(|value| value != "none") {
        metadata.request_object_signing_alg = object.choice("request_object_signing_alg", &Algorithm::ALL);
    }
    metadata.require_signed_request_object = object.flag("require_signed_request_object").unwrap_or_default();
}

fn read_keys(object: &Object<'_>, value: &Value) -> Option<JwkSet> {
    match JwkSet::parse(value.to_string().as_bytes()) {
        Ok(keys) => Some(keys),
        Err(error) => {
            let form = FieldFault::Expected("a JSON Web Key Set of at most 64 keys");
            object.refuse("jwks", if error == JwkError::Private { FieldFault::PrivateKey } else { form });
            None
        }
    }
}

fn read_answers(object: &Object<'_>, metadata: &mut ClientMetadata) {
    let signed = |name| object.choice(name, &Algorithm::ALL);
    let wrapped = |name| object.choice(name, &KeyManagement::ALL);
    let encrypted = |name| object.choice(name, &ContentEncryption::ALL);
    if let Some(algorithm) = signed("id_token_signed_response_alg") {
        metadata.id_token_signed_response_alg = algorithm;
    }
    metadata.id_token_encrypted_response_alg = wrapped("id_token_encrypted_response_alg");
    metadata.id_token_encrypted_response_enc = encrypted("id_token_encrypted_response_enc");
    metadata.userinfo_signed_response_alg = signed("userinfo_signed_response_alg");
    metadata.userinfo_encrypted_response_alg = wrapped("userinfo_encrypted_response_alg");
    metadata.userinfo_encrypted_response_enc = encrypted("userinfo_encrypted_response_enc");
    metadata.introspection_signed_response_alg = signed("introspection_signed_response_alg");
    metadata.introspection_encrypted_response_alg = wrapped("introspection_encrypted_response_alg");
    metadata.introspection_encrypted_response_enc = encrypted("introspection_encrypted_response_enc");
    metadata.subject_type = object.choice("subject_type", &SubjectType::ALL).unwrap_or_default();
    metadata.sector_identifier_uri = object.text("sector_identifier_uri", MAX_URI_LENGTH);
    // A JWT would tell the subject that a pairwise one hides, and no specification knows how to ask for anything else.
    let pairwise = metadata.subject_type == SubjectType::Pairwise;
    let usual = if pairwise { AccessTokenFormat::Opaque } else { AccessTokenFormat::Jwt };
    metadata.access_token_format =
        object.choice("access_token_format", &AccessTokenFormat::ALL).unwrap_or(usual);
}

fn read_sign_in_and_out(object: &Object<'_>, metadata: &mut ClientMetadata) {
    metadata.default_max_age = object.seconds("default_max_age", TEN_YEARS);
    metadata.require_auth_time = object.flag("require_auth_time").unwrap_or_default();
    metadata.default_acr_values =
        object.texts("default_acr_values", MAX_ACR_VALUES, MAX_NAME_LENGTH).unwrap_or_default();
    metadata.backchannel_logout_uri = object.text("backchannel_logout_uri", MAX_URI_LENGTH);
    metadata.backchannel_logout_session_required =
        object.flag("backchannel_logout_session_required").unwrap_or_default();
    metadata.frontchannel_logout_uri = object.text("frontchannel_logout_uri", MAX_URI_LENGTH);
    metadata.frontchannel_logout_session_required =
        object.flag("frontchannel_logout_session_required").unwrap_or_default();
}

#[cfg(test)]
mod tests;
