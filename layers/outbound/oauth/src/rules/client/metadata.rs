//! What a client registered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use towergate_jose::{Algorithm, JwkSet, KeyManagement, jwe::ContentEncryption};
use towergate_oauth_types::Scope;

use super::{AccessTokenFormat, ClientAuthMethod, GrantType};

/// What a client registered, under the names of
/// [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2),
/// [OpenID Connect Dynamic Client Registration](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata)
/// and the specifications named beside each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientMetadata {
    // For people.
    /// The name that people read on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Names in other languages, and other fields that carry a language tag, under their whole name, for example
    /// `client_name#fr`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub localized: BTreeMap<String, String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its picture. Shown only when the host lets pictures of that place be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// What it says of how it uses what it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Who answers for it, usually e-mail addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The same for every copy of one program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of that program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// The signed statement that came with the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// Where another site may begin a sign-in at the client,
    /// [OpenID Connect Core section 4](https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,

    // Where answers go.
    /// What kind of application it is: it rules what its redirect URIs may be.
    pub application_type: ApplicationType,
    /// Where codes may be sent; compared exactly, but for the port of a loopback address (RFC 8252 7.3).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they signed out; compared exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,

    // What it may do.
    /// The grants it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// The scope values it may ask for.
    pub scope: Scope,
    /// Lets a confidential client in without PKCE: for OpenID clients that are older than it. A code that is stolen is
    /// then protected by the client's authentication and its `nonce` alone.
    pub insecure_pkce_optional: bool,

    // How it proves itself.
    /// How it proves itself.
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The only algorithm that its assertions may use: `HS256`, or one of [`Algorithm`]. Any that fits the method
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Whether it must push its requests, [RFC 9126 section 6](https://www.rfc-editor.org/rfc/rfc9126#section-6).
    pub require_pushed_authorization_requests: bool,
    /// The only algorithm that its request objects may use.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// Whether it must put its authorization requests in signed request objects,
    /// [RFC 9101 section 10.5](https://www.rfc-editor.org/rfc/rfc9101#section-10.5).
    pub require_signed_request_object: bool,

    // What it gets.
    /// The algorithm of its ID tokens; the specification's default is `RS256`.
    #[serde(with = "by_name")]
    pub id_token_signed_response_alg: Algorithm,
    /// How the key of its encrypted ID tokens reaches it.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// How its ID tokens are encrypted; `A128CBC-HS256` when only the `alg` was said.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// The algorithm of its signed userinfo; plain JSON when absent.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// How the key of its encrypted userinfo reaches it.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// How its userinfo is encrypted; `A128CBC-HS256` when only the `alg` was said.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// The algorithm of signed answers to its introspections; plain JSON unless asked for when absent,
    /// [RFC 9701 section 6](https://www.rfc-editor.org/rfc/rfc9701#section-6).
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<Algorithm>,
    /// How the key of encrypted answers to its introspections reaches it.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<KeyManagement>,
    /// How answers to its introspections are encrypted; `A128CBC-HS256` when only the `alg` was said.
    #[serde(with = "by_name_optional", skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<ContentEncryption>,
    /// Whether it knows people under the same `sub` as other clients do.
    pub subject_type: SubjectType,
    /// The list of redirect URIs that share one pairwise `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// The shape of its access tokens.
    pub access_token_format: AccessTokenFormat,

    // How people sign in for it.
    /// How old a sign-in may be, in seconds, when the request does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether its ID tokens must hold `auth_time`; they always do.
    pub require_auth_time: bool,
    /// The `acr` values that it prefers, when the request does not say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,

    // How it learns that people signed out.
    /// Where it is told directly,
    /// [OpenID Connect Back-Channel Logout section 2.2](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRegistration).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs the `sid` there.
    pub backchannel_logout_session_required: bool,
    /// Where it is told through the browser,
    /// [OpenID Connect Front-Channel Logout section 2](https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it needs `iss` and `sid` there.
    pub frontchannel_logout_session_required: bool,
}

/// The kind of an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// It has a server of its own.
    #[default]
    Web,
    /// It runs on a person's device, [RFC 8252](https://www.rfc-editor.org/rfc/rfc8252).
    Native,
}

/// How a client knows people,
/// [OpenID Connect Core section 8](https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// Under the same `sub` as other clients do.
    #[default]
    Public,
    /// Under a `sub` that no other sector sees.
    Pairwise,
}

impl ApplicationType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Web, Self::Native];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }
}

impl SubjectType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Public, Self::Pairwise];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

impl ClientMetadata {
    /// What the usual web application registers: people know it as `name`, codes are sent to `redirect_uri`, it may ask
    /// for `scope`, and it proves itself with a secret. All else is as by default, and may be changed.
    ///
    /// ```
    /// use towergate_core::Secret;
    /// use towergate_oauth::rules::client::{Client, ClientMetadata};
    ///
    /// let metadata = ClientMetadata::web("An app", "https://app.example/callback", "openid email".parse()?);
    /// let secret = Secret::from("nF3p0Ff4vO2NwYv8mQz1rT6uXc9bKd7e"); // made by: openssl rand -hex 32
    /// let client = Client::register("app".parse()?, Some(&secret), metadata)?;
    /// assert_eq!(client.metadata.redirect_uris, ["https://app.example/callback"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn web(name: &str, redirect_uri: &str, scope: Scope) -> Self {
        Self {
            client_name: Some(name.to_owned()),
            redirect_uris: vec![redirect_uri.to_owned()],
            scope,
            ..Self::default()
        }
    }
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            localized: BTreeMap::new(),
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            software_id: None,
            software_version: None,
            software_statement: None,
            initiate_login_uri: None,
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
            scope: Scope::default(),
            insecure_pkce_optional: false,
            token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            require_pushed_authorization_requests: false,
            request_object_signing_alg: None,
            require_signed_request_object: false,
            id_token_signed_response_alg: Algorithm::RS256,
            id_token_encrypted_response_alg: None,
            id_token_encrypted_response_enc: None,
            userinfo_signed_response_alg: None,
            userinfo_encrypted_response_alg: None,
            userinfo_encrypted_response_enc: None,
            introspection_signed_response_alg: None,
            introspection_encrypted_response_alg: None,
            introspection_encrypted_response_enc: None,
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            access_token_format: AccessTokenFormat::Jwt,
            default_max_age: None,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
        }
    }
}

/// An algorithm, kept under its registered name.
mod by_name {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same, where there may be none.
mod by_name_optional {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let name = Option::<String>::deserialize(from)?;
        name.map(|name| name.parse().map_err(D::Error::custom)).transpose()
    }
}
