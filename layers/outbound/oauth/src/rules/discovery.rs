//! What the server says of itself: [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-2) and
//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata) names only.

mod well_known;

pub use well_known::is_well_known;

use serde::Serialize;
use towergate_jose::{Algorithm, KeyManagement, jwe::ContentEncryption};

use super::{
    claims::ScopeClaims,
    client::{AssertionAlgorithm, GrantType},
    issuer::Issuer,
    resource::ResourceServer,
};

/// What is mounted and allowed.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The name of the server.
    pub issuer: &'a Issuer,
    /// The path of the authorization endpoint.
    pub authorize: &'a str,
    /// The path of the endpoint where clients push their requests.
    pub push: &'a str,
    /// Whether every client must.
    pub requires_push: bool,
    /// The path of the token endpoint.
    pub token: &'a str,
    /// The path of the userinfo endpoint.
    pub userinfo: &'a str,
    /// The path of the revocation endpoint.
    pub revoke: &'a str,
    /// The path of the introspection endpoint.
    pub introspect: &'a str,
    /// Whether clients may be known by a document of their own.
    pub client_documents: bool,
    /// The path of the client registration endpoint, if there is one.
    pub register: Option<&'a str>,
    /// The path of the logout endpoint.
    pub end_session: &'a str,
    /// The path of the page that clients hold in a frame, if there is one.
    pub check_session: Option<&'a str>,
    /// Whether clients can be told directly that a sign-in ended.
    pub tells_of_logouts: bool,
    /// The path of the public keys.
    pub jwks: &'a str,
    /// The scope values that it gives a meaning to.
    pub scopes: &'a [&'a str],
    /// Which claims each scope value lets out.
    pub scope_claims: &'a ScopeClaims,
    /// The algorithms that the key ring can sign with.
    pub algorithms: &'a [Algorithm],
    /// The `acr` values that the host can reach; empty when it does not say.
    pub acr_values: &'a [String],
    /// The languages of the host's pages.
    pub ui_locales: &'a [String],
    /// Whether accounts can be made on the way.
    pub creates_accounts: bool,
    /// The APIs that tokens may be for.
    pub resource_servers: &'a [ResourceServer],
    /// What the operator says of the service.
    pub notices: &'a Notices,
}

/// Pages about the service, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notices {
    /// What clients' developers should read.
    pub service_documentation: Option<String>,
    /// What clients may do with what they learn.
    pub op_policy_uri: Option<String>,
    /// The terms of service.
    pub op_tos_uri: Option<String>,
}

/// The metadata document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    token_endpoint: String,
    userinfo_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    end_session_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_session_iframe: Option<String>,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 3],
    grant_types_supported: [&'static str; 3],
    subject_types_supported: [&'static str; 2],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    id_token_encryption_alg_values_supported: Vec<&'static str>,
    id_token_encryption_enc_values_supported: Vec<&'static str>,
    userinfo_signing_alg_values_supported: Vec<&'static str>,
    userinfo_encryption_alg_values_supported: Vec<&'static str>,
    userinfo_encryption_enc_values_supported: Vec<&'static str>,
    claim_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_signing_alg_values_supported: Vec<&'static str>,
    introspection_encryption_alg_values_supported: Vec<&'static str>,
    introspection_encryption_enc_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    claims_supported: Vec<String>,
    prompt_values_supported: Vec<&'static str>,
    display_values_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acr_values_supported: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ui_locales_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_object_signing_alg_values_supported: [&'static str; 4],
    request_uri_parameter_supported: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    protected_resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_documentation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op_policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op_tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id_metadata_document_supported: Option<bool>,
}

/// The claims that the server itself makes.
const OWN_CLAIMS: [&str; 11] =
    ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"];

/// How a client proves itself when it is not public.
const CONFIDENTIAL: &[&str] =
    &["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];

impl Metadata {
    /// The document that tells the truth about `facts`.
    #[must_use]
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut scopes: Vec<String> = facts.scopes.iter().map(ToString::to_string).collect();
        scopes.sort();
        scopes.dedup();
        let mut claims: Vec<String> =
            facts.scope_claims.names().into_iter().chain(OWN_CLAIMS).map(str::to_owned).collect();
        claims.sort();
        claims.dedup();
        let algorithms: Vec<_> = facts.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        let ways = KeyManagement::ALL.map(KeyManagement::as_str).to_vec();
        let encodings = ContentEncryption::ALL.map(ContentEncryption::as_str).to_vec();
        Self {
            issuer: facts.issuer.as_str().to_owned(),
            authorization_endpoint: facts.issuer.join(facts.authorize),
            pushed_authorization_request_endpoint: facts.issuer.join(facts.push),
            require_pushed_authorization_requests: facts.requires_push,
            token_endpoint: facts.issuer.join(facts.token),
            userinfo_endpoint: facts.issuer.join(facts.userinfo),
            revocation_endpoint: facts.issuer.join(facts.revoke),
            introspection_endpoint: facts.issuer.join(facts.introspect),
            registration_endpoint: facts.register.map(|path| facts.issuer.join(path)),
            end_session_endpoint: facts.issuer.join(facts.end_session),
            check_session_iframe: facts.check_session.map(|path| facts.issuer.join(path)),
            backchannel_logout_supported: facts.tells_of_logouts,
            backchannel_logout_session_supported: facts.tells_of_logouts,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            jwks_uri: facts.issuer.join(facts.jwks),
            scopes_supported: scopes,
            response_types_supported: ["code"],
            response_modes_supported: ["query", "fragment", "form_post"],
            grant_types_supported: [
                GrantType::AuthorizationCode.as_str(),
                GrantType::RefreshToken.as_str(),
                GrantType::ClientCredentials.as_str(),
            ],
            subject_types_supported: ["public", "pairwise"],
            id_token_signing_alg_values_supported: algorithms.clone(),
            id_token_encryption_alg_values_supported: ways.clone(),
            id_token_encryption_enc_values_supported: encodings.clone(),
            userinfo_signing_alg_values_supported: algorithms.clone(),
            userinfo_encryption_alg_values_supported: ways.clone(),
            userinfo_encryption_enc_values_supported: encodings.clone(),
            claim_types_supported: ["normal"],
            token_endpoint_auth_methods_supported: [CONFIDENTIAL, &["none"]].concat(),
            token_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
            revocation_endpoint_auth_methods_supported: [CONFIDENTIAL, &["none"]].concat(),
            revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
            introspection_endpoint_auth_methods_supported: CONFIDENTIAL.to_vec(),
            introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms(),
            introspection_signing_alg_values_supported: algorithms,
            introspection_encryption_alg_values_supported: ways,
            introspection_encryption_enc_values_supported: encodings,
            code_challenge_methods_supported: ["S256"],
            claims_supported: claims,
            prompt_values_supported: prompts(facts.creates_accounts),
            display_values_supported: ["page"],
            acr_values_supported: facts.acr_values.to_vec(),
            ui_locales_supported: facts.ui_locales.to_vec(),
            authorization_response_iss_parameter_supported: true,
            claims_parameter_supported: true,
            request_parameter_supported: true,
            request_object_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::as_str),
            request_uri_parameter_supported: false,
            client_id_metadata_document_supported: facts.client_documents.then_some(true),
            protected_resources: facts.resource_servers.iter().map(|api| api.resource().to_owned()).collect(),
            service_documentation: facts.notices.service_documentation.clone(),
            op_policy_uri: facts.notices.op_policy_uri.clone(),
            op_tos_uri: facts.notices.op_tos_uri.clone(),
        }
    }
}

fn assertion_algorithms() -> Vec<&'static str> {
    AssertionAlgorithm::ALL.into_iter().map(AssertionAlgorithm::as_str).collect()
}

fn prompts(creates_accounts: bool) -> Vec<&'static str> {
    let usual = ["none", "login", "consent", "select_account"];
    usual.into_iter().chain(creates_accounts.then_some("create")).collect()
}
