//! An authorization code: 60 seconds, once. [RFC 6749 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)

use std::time::Duration;

use towergate_core::{Digest, Timestamp, id::Uuid, token::Prefix};
use towergate_oauth_types::pkce::CodeChallenge;

use super::grant::GrantId;

/// How a code's text begins.
pub const PREFIX: Prefix = Prefix::new("tgcode");

/// How long a code lives.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// A code as a store keeps it.
#[derive(Debug, Clone)]
pub struct Code {
    /// Its public half.
    pub id: Uuid,
    /// The digest of its secret half.
    pub digest: Digest,
    /// What it stands for.
    pub grant: GrantId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the request named `redirect_uri`: then the token request must repeat it.
    pub redirect_uri_was_sent: bool,
    /// What the verifier must hash to; `None` when the request had no challenge.
    pub code_challenge: Option<CodeChallenge>,
    /// Returned in the ID token as it came.
    pub nonce: Option<String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Proof that a store spent the code just now, and that nobody else can; only a store's atomic step makes it.
#[derive(Debug)]
pub struct ConsumedCode(());

impl ConsumedCode {
    /// To be called by a store, in the one place where its atomic step has succeeded, and nowhere else.
    #[must_use]
    pub const fn by_atomic_step_of_a_store() -> Self {
        Self(())
    }
}
