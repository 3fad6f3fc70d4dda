//! Each field, in the form that its specification gives it.

use serde_json::Value;
use towergate_jose::{Algorithm, JwkError, JwkSet, KeyManagement, jwe::ContentEncryption};
use towergate_oauth_types::Scope;

use super::{
    super::{
        AccessTokenFormat, ApplicationType, ClientAuthMethod, ClientMetadata, GrantType, SubjectType,
        problem::FieldFault,
    },
    MAX_LOCALIZED, MAX_NAME_LENGTH, MAX_STATEMENT_LENGTH, MAX_URI_LENGTH, MAX_URIS,
    object::Object,
};

const MAX_CONTACTS: usize = 16;
const MAX_ACR_VALUES: usize = 16;
const TEN_YEARS: u64 = 10 * 366 * 24 * 60 * 60;

/// The fields that people read, which may carry a language tag.
pub(super) const FOR_PEOPLE: &[&str] = &["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

/// Reads all of them.
pub(super) fn read(object: &Object<'_>, metadata: &mut ClientMetadata) {
    read_for_people(object, metadata);
    read_addresses(object, metadata);
    read_rights(object, metadata);
    read_proof(object, metadata);
    read_answers(object, metadata);
    read_sign_in_and_out(object, metadata);
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
    metadata.require_pushed_authorization_requests =
        object.flag("require_pushed_authorization_requests").unwrap_or_default();
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
