//! An authorization request that waits for a person: to sign in, to agree, or to refuse.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};
use towergate_oauth_types::Scope;

use super::{client::ClientId, grant::Subject};

typed_id! {
    /// An interaction.
    InteractionId
}

/// How long a person may take.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How the browser-binding cookie's value begins.
pub const BROWSER_PREFIX: Prefix = Prefix::new("tgib");

/// An authorization request that waits for a person.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Its identifier: a name, not a proof.
    pub id: InteractionId,
    /// The digest of the secret that the browser which began it holds in a cookie.
    pub browser: Digest,
    /// What the client asked for, validated.
    pub request: AuthorizationRequest,
    /// The person it belongs to, once one has resumed it.
    pub subject: Option<Subject>,
    /// A sign-in before this moment does not count (`prompt=login`, `max_age`).
    pub sign_in_after: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What has become of it.
    pub state: InteractionState,
}

/// What has become of an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InteractionState {
    /// It waits.
    Open,
    /// The person agreed; a code was sent.
    Approved,
    /// The person refused.
    Denied,
}

/// A validated authorization request, as it is kept while a person decides.
///
/// The addresses in it were bound to the client's registration; a store gives back what it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes: one of the client's registered addresses.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_uri_was_sent: bool,
    /// How the answer is put there.
    pub response_mode: ResponseMode,
    /// What is asked for.
    pub scope: Scope,
    /// Returned as it came.
    pub state: Option<String>,
    /// Returned in the ID token as it came.
    pub nonce: Option<String>,
    /// The PKCE challenge (`S256`), 43 base64url characters.
    pub code_challenge: String,
    /// What the client wants to be shown.
    pub prompt: BTreeSet<Prompt>,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// Who the client thinks will sign in.
    pub login_hint: Option<String>,
}

/// How an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect.
    Query,
    /// In the fragment of the redirect.
    Fragment,
    /// By a form that posts itself.
    FormPost,
}

/// What the client wants to be shown, [OpenID Connect Core 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prompt {
    /// Nothing at all.
    None,
    /// The sign-in page, whoever is signed in.
    Login,
    /// The consent page, whatever is remembered.
    Consent,
    /// A choice of account.
    SelectAccount,
}

impl ResponseMode {
    /// The mode with this registered name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

impl Prompt {
    /// The prompt with this registered name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "login" => Some(Self::Login),
            "consent" => Some(Self::Consent),
            "select_account" => Some(Self::SelectAccount),
            _ => None,
        }
    }
}
