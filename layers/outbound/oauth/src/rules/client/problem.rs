//! What can be wrong with a client's registration, each with the field that is to blame.

use std::fmt;

use towergate_jose::KeyManagement;

use super::register::{MAX_REDIRECT_URI_LENGTH, MIN_SECRET_LENGTH};

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
    /// A field cannot be read, or says what cannot be.
    #[error("{field} {fault}")]
    Field {
        /// The name of the field.
        field: String,
        /// Which entry of it, when it is a list and one entry is to blame; the first is 0.
        entry: Option<usize>,
        /// What is wrong with it.
        fault: FieldFault,
    },
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
    #[error("client_secret must have at least {MIN_SECRET_LENGTH} printable ASCII characters")]
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

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldFault {
    /// It is of another form.
    #[error("must be {0}")]
    Expected(&'static str),
    /// It is there, and empty.
    #[error("must not be empty: leave it out")]
    Empty,
    /// A text has more bytes than this.
    #[error("must have at most {0} bytes")]
    TooLong(usize),
    /// A list has more entries than this.
    #[error("must have at most {0} entries")]
    TooMany(usize),
    /// A number is greater than this.
    #[error("must be at most {0}")]
    TooGreat(u64),
    /// It holds a control character.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// It is none of these.
    #[error("must be one of {0}")]
    NotOffered(String),
    /// It holds a private key.
    #[error("holds a private or symmetric key: a client keeps those to itself")]
    PrivateKey,
    /// It cannot be together with another field.
    #[error("must not be there together with {0}")]
    Together(&'static str),
    /// It makes no sense without another field.
    #[error("needs {0}")]
    Needs(&'static str),
    /// It goes beyond a bound of the host's policy.
    #[error("goes beyond what this server allows here: {said}; allowed are {allowed}")]
    OutOfBounds {
        /// What goes too far.
        said: String,
        /// What is allowed.
        allowed: String,
    },
    /// It is an address that cannot be used.
    #[error("{0}")]
    Address(#[from] RedirectUriFault),
    /// It breaks a rule of its own.
    #[error("{0}")]
    Rule(&'static str),
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
    /// A program with a server of its own has no use for a scheme of its own.
    #[error(
        "must use https, or http at this very machine: a private-use scheme needs application_type native"
    )]
    SchemeOfNative,
    /// Answers to a client would be taken for what people do at the server itself.
    #[error("is an address of this server itself")]
    OfTheServer,
}

impl InvalidMetadata {
    /// What is wrong, if anything is.
    ///
    /// # Errors
    /// When `problems` is not empty.
    pub(super) fn unless_empty(problems: Vec<MetadataProblem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl MetadataProblem {
    pub(super) fn field(field: impl Into<String>, fault: FieldFault) -> Self {
        Self::Field { field: field.into(), entry: None, fault }
    }

    pub(super) fn entry(field: impl Into<String>, entry: usize, fault: FieldFault) -> Self {
        Self::Field { field: field.into(), entry: Some(entry), fault }
    }

    /// The name of the field that is to blame.
    #[must_use]
    pub fn blames(&self) -> &str {
        match self {
            Self::Field { field, .. } => field,
            Self::RedirectUri { .. } | Self::NoRedirectUri => "redirect_uris",
            Self::RefreshWithoutCode | Self::PublicClientCredentials | Self::NoGrantType => "grant_types",
            Self::SecretMissing | Self::SecretOfPublicClient | Self::WeakSecret => "client_secret",
            Self::SectorIdentifierUri | Self::SeveralSectors => "sector_identifier_uri",
            Self::PairwiseJwt => "access_token_format",
            Self::EncryptionWithoutAlg { answer } => match *answer {
                "id_token" => "id_token_encrypted_response_enc",
                "userinfo" => "userinfo_encrypted_response_enc",
                _ => "introspection_encrypted_response_enc",
            },
            Self::EncryptionWithoutKey { answer, .. } => match *answer {
                "id_token" => "id_token_encrypted_response_alg",
                "userinfo" => "userinfo_encrypted_response_alg",
                _ => "introspection_encrypted_response_alg",
            },
        }
    }

    /// Whether a redirect URI is to blame, so that the registered code is `invalid_redirect_uri`.
    #[must_use]
    pub fn blames_redirect_uris(&self) -> bool {
        self.blames() == "redirect_uris"
    }
}
