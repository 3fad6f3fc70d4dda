//! Signing in by accounts elsewhere, as plain calls for a host's own handler; [`SocialRoutes`] has them as a layer.
//!
//! 1. Whoever wants to sign in, or to link an account, [leaves](SocialLogin::leave) for their provider with a `state` that counts
//!    once, for ten minutes, in this browser; with a nonce and a PKCE challenge that are drawn from the browser's secret, so
//!    that the store holds neither.
//! 2. They [come back](SocialLogin::come_back) with a code. The visit is taken out of the store before anything else, whatever
//!    it is worth; `state`, browser and provider must be those that left, and `iss` the provider's where it says so
//!    ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
//! 3. The code is exchanged over the guarded client. An ID token must be signed by the provider, for this host, now, and with the
//!    nonce; a provider that signs nothing is asked over its own connection.
//! 4. An account is known by issuer and subject, never by an address. One that is linked
//!    [signs its person in](SocialLogin::sign_in): by one factor, whatever the provider asked of them.
//! 5. One that is not, with an address that the provider is trusted to have verified and that nobody has here, makes an account. With
//!    an address that somebody has, or none, it makes and links nothing.
//! 6. Accounts are [linked](SocialLogin::link) by whoever is signed in, in the session that left, behind the gate of sensitive
//!    changes. The last way in is not unlinked.
//!
//! # Apple
//!
//! Apple answers by a form that its own page posts, which the cross-origin check refuses: let it in with
//! `Stack::accept_cross_origin_posts_to("/social/apple/callback")`. The form is sent on as a GET of this host's own, which
//! brings the browser's cookies; it opens nothing by itself.

mod error;
mod exchange;
mod id_token;
mod identities;
mod known;
mod pages;
mod person;
mod provider;
mod routes;
mod service;
mod visit;

use std::{collections::BTreeMap, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate_core::{
    LocalPath, Random, Secret,
    mac::MacKey,
    seal::{SealError, SealingRing},
    token::OpaqueToken,
};
use towergate_guarded_http::GuardedClient;
use towergate_identity::rules::linked_identity::{
    LinkedIdentity, LinkedIdentityId, ProviderAnswer, ProviderVisitId, VisitPurpose,
};

use self::exchange::Desk;
use crate::mail::Herald;

pub use error::{ProviderError, SocialError};
pub use id_token::IdTokenError;
pub use pages::{IdentitiesView, IdentityView, SocialPages, SocialView};
pub use provider::{InvalidName, OAuth2, Provider};
pub use routes::{Social, SocialRoutes};

/// Signs people in by accounts elsewhere. Cheap to clone when the store is.
pub struct SocialLogin<S> {
    store: S,
    desks: Arc<BTreeMap<String, Desk>>,
    outbound: GuardedClient,
    origin: Arc<str>,
    path: LocalPath,
    tokens: Option<SealingRing>,
    other_ways: u32,
    herald: Herald,
    random: Arc<dyn Random>,
}

/// What somebody leaves for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// What they want there.
    pub purpose: VisitPurpose,
    /// Whether they want to stay signed in in this browser.
    pub remember: bool,
    /// Whether the provider must ask them anew who they are: those who are signed in here and prove themselves again.
    pub anew: bool,
}

/// What somebody brought back from a provider.
#[derive(Debug, Clone, Default)]
pub struct Back {
    /// The `state` that went along.
    pub state: Option<Secret<String>>,
    /// The code.
    pub code: Option<Secret<String>>,
    /// Who says that they sent them back.
    pub iss: Option<String>,
    /// Whether the provider answers with an error.
    pub failed: bool,
}

/// Somebody who came back, and what the provider says of them.
pub struct Returned {
    /// What they left for.
    pub purpose: VisitPurpose,
    /// Whether they wanted to stay signed in in this browser when they left.
    pub remember: bool,
    /// Where they go in the end.
    pub return_to: LocalPath,
    provider: String,
    answer: ProviderAnswer,
    tokens: Secret<Vec<u8>>,
}

/// Somebody who was sent to a provider and did not come in.
#[derive(Debug)]
pub struct Failed {
    /// What they left for, where that is known.
    pub visit: Option<(VisitPurpose, LocalPath)>,
    /// Why.
    pub error: SocialError,
}

/// Opens the tokens that a link keeps: a JSON object with `access_token`, and `refresh_token` if there is one.
///
/// # Errors
/// When they were sealed under another key, or for another link.
pub fn open_tokens(
    identity: &LinkedIdentity,
    sealing: &SealingRing,
) -> Result<Option<Secret<Vec<u8>>>, SealError> {
    identity.tokens.as_ref().map(|sealed| sealing.open(&context(identity.id), sealed)).transpose()
}

fn context(id: LinkedIdentityId) -> Vec<u8> {
    [b"towergate linked identity ".as_slice(), id.as_uuid().as_bytes()].concat()
}

/// What is drawn from a browser's secret for one visit, and kept nowhere.
struct Drawn {
    verifier: Secret<String>,
    nonce: String,
}

impl Drawn {
    fn of(browser: &OpaqueToken, visit: ProviderVisitId) -> Result<Self, SealError> {
        let key = MacKey::derive(browser.secret(), "visits to providers")?;
        let draw = |what: &str| {
            URL_SAFE_NO_PAD.encode(key.digest(&[what.as_bytes(), visit.as_uuid().as_bytes()]).as_bytes())
        };
        Ok(Self { verifier: Secret::new(draw("code_verifier")), nonce: draw("nonce") })
    }
}

impl<S: Clone> Clone for SocialLogin<S> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            desks: Arc::clone(&self.desks),
            outbound: self.outbound.clone(),
            origin: Arc::clone(&self.origin),
            path: self.path.clone(),
            tokens: self.tokens.clone(),
            other_ways: self.other_ways,
            herald: self.herald.clone(),
            random: Arc::clone(&self.random),
        }
    }
}

impl<S> fmt::Debug for SocialLogin<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocialLogin").field("providers", &self.desks.keys()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returned").field("provider", &self.provider).finish_non_exhaustive()
    }
}
