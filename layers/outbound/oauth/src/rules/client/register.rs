//! Registering a client: everything that is wrong with it is said at once.
//! [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)

mod answers;

use std::fmt;

use towergate_core::{Digest, Secret};
use towergate_jose::KeyManagement;
use url::{Host, Url};

use super::{Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType};

/// The shortest client secret, in bytes.
pub const MIN_SECRET_LENGTH: usize = 16;

/// The longest redirect URI, in bytes.
pub const MAX_REDIRECT_URI_LENGTH: usize = 2048;

/// All that is wrong with a client's registration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidMetadata {
    /// The problems, in the order of the metadata; never empty.
    pub problems: Vec<MetadataProblem>,
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            fmt::Display::fmt(problem, f)?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a client's registration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataProblem {
    /// A redirect URI cannot be used.
    #[error("redirect_uri {uri:?} {fault}")]
    RedirectUri {
        /// The redirect URI.
        uri: String,
        /// What is wrong with it.
        fault: RedirectUriFault,
    },
    /// Codes could be sent nowhere.
    #[error("grant type authorization_code needs at least one redirect_uri")]
    NoRedirectUri,
    /// A refresh token could never be had.
    #[error("grant type refresh_token needs authorization_code")]
    RefreshWithoutCode,
    /// A public client cannot act for itself: anybody could be it.
    #[error("a public client (token_endpoint_auth_method none) must not have grant type client_credentials")]
    PublicClientCredentials,
    /// It may do nothing.
    #[error("grant_types must not be empty")]
    NoGrantType,
    /// It has to prove itself, with nothing.
    #[error("this token_endpoint_auth_method needs a client_secret")]
    SecretMissing,
    /// It has a secret that it never uses.
    #[error("a public client (token_endpoint_auth_method none) must not have a client_secret")]
    SecretOfPublicClient,
    /// The secret could be guessed.
    #[error("client_secret must have at least {MIN_SECRET_LENGTH} visible ASCII characters")]
    WeakSecret,
    /// Nobody could look up who shares its pairwise subjects.
    #[error("sector_identifier_uri must be an https URL without a fragment")]
    SectorIdentifierUri,
    /// It is not said who shares its pairwise subjects.
    #[error("subject_type pairwise with redirect_uris of several hosts needs a sector_identifier_uri")]
    SeveralSectors,
    /// Its access tokens would give away the subject that the pairwise one hides.
    #[error("subject_type pairwise needs access_token_format opaque: a JWT tells the subject itself")]
    PairwiseJwt,
    /// It is not said how the key of an encrypted answer reaches it.
    #[error("{answer}_encrypted_response_enc needs {answer}_encrypted_response_alg")]
    EncryptionWithoutAlg {
        /// `id_token`, `userinfo` or `introspection`.
        answer: &'static str,
    },
    /// There is no key that an answer could be encrypted to.
    #[error("{answer}_encrypted_response_alg {alg} needs a key of that kind in jwks, or a jwks_uri")]
    EncryptionWithoutKey {
        /// `id_token`, `userinfo` or `introspection`.
        answer: &'static str,
        /// How the key of the answer was to reach it.
        alg: KeyManagement,
    },
}

/// What is wrong with a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriFault {
    /// It is no absolute URI of visible ASCII, or too long.
    #[error("is not an absolute URI of at most {MAX_REDIRECT_URI_LENGTH} visible ASCII characters")]
    NotAbsolute,
    /// It has a fragment.
    #[error("has a fragment")]
    Fragment,
    /// It names a user or a password.
    #[error("names a user or a password")]
    UserInfo,
    /// It would send codes in clear, or into the browser itself.
    #[error("must use https, http at this very machine, or a private-use scheme with a dot in it")]
    Scheme,
}

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
        let mut problems = Vec::new();
        for uri in &metadata.redirect_uris {
            if let Err(fault) = check_redirect_uri(uri) {
                problems.push(MetadataProblem::RedirectUri { uri: uri.clone(), fault });
            }
        }
        let has = |grant| metadata.grant_types.contains(&grant);
        let public = metadata.token_endpoint_auth_method == ClientAuthMethod::None;
        let weak = |secret: &Secret<String>| {
            let visible = secret.expose().bytes().all(|byte| (0x21..=0x7e).contains(&byte));
            !visible || secret.expose().len() < MIN_SECRET_LENGTH
        };
        let rules = [
            (metadata.grant_types.is_empty(), MetadataProblem::NoGrantType),
            (
                has(GrantType::AuthorizationCode) && metadata.redirect_uris.is_empty(),
                MetadataProblem::NoRedirectUri,
            ),
            (
                has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode),
                MetadataProblem::RefreshWithoutCode,
            ),
            (public && has(GrantType::ClientCredentials), MetadataProblem::PublicClientCredentials),
            (!public && secret.is_none(), MetadataProblem::SecretMissing),
            (public && secret.is_some(), MetadataProblem::SecretOfPublicClient),
            (!public && secret.is_some_and(weak), MetadataProblem::WeakSecret),
        ];
        problems.extend(rules.into_iter().filter_map(|(broken, problem)| broken.then_some(problem)));
        problems.extend(answers::problems(&metadata));
        if !problems.is_empty() {
            return Err(InvalidMetadata { problems });
        }
        let secret = secret.map(|secret| Digest::of(secret.expose().as_bytes()));
        Ok(Self::unchecked(id, secret, metadata))
    }
}

fn check_redirect_uri(uri: &str) -> Result<(), RedirectUriFault> {
    let plain = |byte: u8| (0x21..0x7f).contains(&byte) && !matches!(byte, b'"' | b'<' | b'>' | b'\\');
    let parsed = Url::parse(uri).map_err(|_| RedirectUriFault::NotAbsolute)?;
    if uri.len() > MAX_REDIRECT_URI_LENGTH || !uri.bytes().all(plain) {
        return Err(RedirectUriFault::NotAbsolute);
    }
    if uri.contains('#') {
        return Err(RedirectUriFault::Fragment);
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(RedirectUriFault::UserInfo);
    }
    let sound = match parsed.scheme() {
        "https" => parsed.host().is_some(),
        "http" => match parsed.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        // RFC 8252 section 7.1: the reverse of a domain name, so that no other app takes it by accident.
        scheme => scheme.contains('.'),
    };
    if sound { Ok(()) } else { Err(RedirectUriFault::Scheme) }
}

#[cfg(test)]
mod tests;
