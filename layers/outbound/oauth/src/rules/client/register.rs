//! Registering a client: everything that is wrong with it is said at once.
//! [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)
//!
//! The rules are tables: what its addresses may be, and what its fields say together.

use towergate_core::{Digest, Secret};
use towergate_jose::{Algorithm, JwkSet};

use super::{
    ApplicationType, AssertionAlgorithm, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType,
    problem::{FieldFault, InvalidMetadata, MetadataProblem},
};

mod address;
mod answers;

/// The shortest client secret, in bytes.
pub const MIN_SECRET_LENGTH: usize = 16;

/// The shortest client secret that signs assertions, in bytes,
/// [RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2).
pub const MIN_SIGNING_SECRET_LENGTH: usize = 32;

/// The longest redirect URI, in bytes.
pub const MAX_REDIRECT_URI_LENGTH: usize = 2048;

impl Client {
    /// A new active client, when nothing is wrong with it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn register(
        id: ClientId,
        secret: Option<&Secret<String>>,
        metadata: ClientMetadata,
    ) -> Result<Self, InvalidMetadata> {
        let mut problems = address::problems(&metadata);
        problems.extend(grants(&metadata));
        problems.extend(proof(&metadata, secret));
        problems.extend(answers::problems(&metadata));
        InvalidMetadata::unless_empty(problems)?;
        let secret = secret.map(|secret| Digest::of(secret.expose().as_bytes()));
        Ok(Self::unchecked(id, secret, metadata))
    }
}

/// A rule: whether it is broken, and what is said then.
type Rule = (bool, MetadataProblem);

fn broken(rules: impl IntoIterator<Item = Rule>) -> impl Iterator<Item = MetadataProblem> {
    rules.into_iter().filter_map(|(broken, problem)| broken.then_some(problem))
}

fn rule(broken: bool, field: &'static str, fault: FieldFault) -> Rule {
    (broken, MetadataProblem::field(field, fault))
}

/// What it may do.
fn grants(metadata: &ClientMetadata) -> impl Iterator<Item = MetadataProblem> {
    let has = |grant| metadata.grant_types.contains(&grant);
    let code = has(GrantType::AuthorizationCode);
    let public = metadata.token_endpoint_auth_method == ClientAuthMethod::None;
    let unprotected = "must be false for a public client: nothing but PKCE protects its codes";
    broken([
        (metadata.grant_types.is_empty(), MetadataProblem::NoGrantType),
        (code && metadata.redirect_uris.is_empty(), MetadataProblem::NoRedirectUri),
        (has(GrantType::RefreshToken) && !code, MetadataProblem::RefreshWithoutCode),
        (public && has(GrantType::ClientCredentials), MetadataProblem::PublicClientCredentials),
        rule(
            public && metadata.insecure_pkce_optional,
            "insecure_pkce_optional",
            FieldFault::Rule(unprotected),
        ),
    ])
}

/// How it proves itself.
fn proof(
    metadata: &ClientMetadata,
    secret: Option<&Secret<String>>,
) -> impl Iterator<Item = MetadataProblem> {
    let method = metadata.token_endpoint_auth_method;
    let weak = secret.is_some_and(|secret| {
        // VSCHAR of RFC 6749 appendix A.2: the space is one.
        let spoken = secret.expose().bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        !spoken || secret.expose().len() < MIN_SECRET_LENGTH
    });
    let too_short_to_sign = secret.is_some_and(|secret| secret.expose().len() < MIN_SIGNING_SECRET_LENGTH);
    let signs = method == ClientAuthMethod::ClientSecretJwt;
    let by_key = method == ClientAuthMethod::PrivateKeyJwt;
    // None when nothing is said, and nothing inside when what is said is not spoken here.
    let algorithm = metadata.token_endpoint_auth_signing_alg.as_deref().map(|name| name.parse().ok());
    let verifies = |keys: &JwkSet| match algorithm {
        Some(Some(AssertionAlgorithm::Public(own))) => keys.for_signatures(own).next().is_some(),
        _ => Algorithm::ALL.into_iter().any(|any| keys.for_signatures(any).next().is_some()),
    };
    let no_keys = metadata.jwks.is_none() && metadata.jwks_uri.is_none();
    let empty = metadata.jwks.as_ref().is_some_and(|keys| keys.keys().is_empty());
    let no_key = "must hold at least one key of a kind that is spoken here: P-256, Ed25519, or RSA of 2048 to 4096 bits";
    broken([
        (method.is_by_secret() && secret.is_none(), MetadataProblem::SecretMissing),
        (method == ClientAuthMethod::None && secret.is_some(), MetadataProblem::SecretOfPublicClient),
        (method.is_by_secret() && weak, MetadataProblem::WeakSecret),
        rule(
            signs && !weak && too_short_to_sign,
            "client_secret",
            FieldFault::Rule("must have at least 32 characters for client_secret_jwt"),
        ),
        rule(
            signs && algorithm.is_some_and(|alg| alg != Some(AssertionAlgorithm::Shared)),
            "token_endpoint_auth_signing_alg",
            FieldFault::Rule("must be HS256 for client_secret_jwt"),
        ),
        rule(
            by_key && algorithm.is_some_and(|alg| !matches!(alg, Some(AssertionAlgorithm::Public(_)))),
            "token_endpoint_auth_signing_alg",
            FieldFault::Rule("must be ES256, EdDSA, PS256 or RS256 for private_key_jwt"),
        ),
        rule(
            by_key && !empty && metadata.jwks.as_ref().is_some_and(|keys| !verifies(keys)),
            "jwks",
            FieldFault::Rule("must hold a key that verifies what the client signs for private_key_jwt"),
        ),
        rule(
            by_key && no_keys,
            "token_endpoint_auth_method",
            FieldFault::Rule("private_key_jwt needs jwks or jwks_uri"),
        ),
        rule(
            metadata.jwks.is_some() && metadata.jwks_uri.is_some(),
            "jwks",
            FieldFault::Together("jwks_uri"),
        ),
        rule(empty, "jwks", FieldFault::Rule(no_key)),
        rule(
            metadata.require_signed_request_object && no_keys,
            "require_signed_request_object",
            FieldFault::Needs("jwks or jwks_uri"),
        ),
    ])
}

#[cfg(test)]
mod tests;
