//! An authorization request that waits for a person: to sign in, to agree, or to refuse.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};
use towergate_oauth_types::Scope;

use super::{
    claims_request::ClaimsRequest, client::ClientId, grant::Subject, pushed_request::PushedRequestId,
};

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
    /// What its client pushed, if it began from that: answering it closes all others that did.
    pub pushed: Option<PushedRequestId>,
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
    /// The PKCE challenge (`S256`), 43 base64url characters; only a client of
    /// [`insecure_pkce_optional`](super::client::ClientMetadata::insecure_pkce_optional) goes without.
    pub code_challenge: Option<String>,
    /// What the client wants to be shown.
    pub prompt: BTreeSet<Prompt>,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// Who the client thinks will sign in.
    pub login_hint: Option<String>,
    /// The only `sub`, as this client knows it, that an answer may be about: from `id_token_hint`, or the claims
    /// parameter.
    #[serde(default)]
    pub required_sub: Option<String>,
    /// How strong the sign-in should be, the preferred `acr` first; [`Self::claims`] may make it essential.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Which single claims are asked for.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// Which APIs the tokens are for, [RFC 8707 section 2](https://www.rfc-editor.org/rfc/rfc8707#section-2).
    #[serde(default)]
    pub resource: Vec<String>,
    /// The languages that the person reads, the preferred one first.
    #[serde(default)]
    pub ui_locales: Vec<String>,
}

impl AuthorizationRequest {
    /// A request that asks for nothing yet; its answer goes to `redirect_uri`, in the query.
    #[must_use]
    pub fn new(client_id: ClientId, redirect_uri: String) -> Self {
        Self {
            client_id,
            redirect_uri,
            redirect_uri_was_sent: true,
            response_mode: ResponseMode::Query,
            scope: Scope::default(),
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: BTreeSet::new(),
            max_age: None,
            login_hint: None,
            required_sub: None,
            acr_values: Vec::new(),
            claims: ClaimsRequest::default(),
            resource: Vec::new(),
            ui_locales: Vec::new(),
        }
    }
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
    /// The page where a new account is made,
    /// [Initiating User Registration](https://openid.net/specs/openid-connect-prompt-create-1_0.html).
    Create,
}

impl ResponseMode {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode with this registered name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Query, Self::Fragment, Self::FormPost].into_iter().find(|mode| mode.as_str() == name)
    }
}

impl Prompt {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }

    /// The prompt with this registered name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Login, Self::Consent, Self::SelectAccount, Self::Create]
            .into_iter()
            .find(|prompt| prompt.as_str() == name)
    }
}
