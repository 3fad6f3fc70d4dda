//! A token response. [RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)

use std::fmt;

use serde::Serialize;
use towergate_core::Secret;
use towergate_oauth_types::Scope;

use crate::rules::{access_token::LIFETIME, code::ConsumedCode};

/// A token response, ready to be sent.
#[derive(Clone)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Secret<String>,
    /// What it allows.
    pub scope: Scope,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret<String>>,
    /// The ID token, if `openid` is in the scope.
    pub id_token: Option<Secret<String>>,
}

/// More bytes than there are around the tokens and the scope.
const AROUND: usize = 160;

#[derive(Serialize)]
struct Wire<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

impl TokenAnswer {
    /// The response body as JSON.
    ///
    /// # Errors
    /// Never in practice; what the serializer says is passed on rather than hidden.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let tokens = [Some(&self.access_token), self.refresh_token.as_ref(), self.id_token.as_ref()];
        let length: usize = tokens.into_iter().flatten().map(|token| token.expose().len()).sum();
        // Room for all of it: a text that grows leaves tokens behind.
        let mut text = Vec::with_capacity(length + self.scope.as_str().len() + AROUND);
        let wire = Wire {
            access_token: self.access_token.expose(),
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            scope: Some(&self.scope).filter(|scope| !scope.is_empty()),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose().as_str()),
            id_token: self.id_token.as_ref().map(|token| token.expose().as_str()),
        };
        serde_json::to_writer(&mut text, &wire)?;
        Ok(text)
    }
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Tokens that were minted for a code, under seal until the code is spent.
#[derive(Debug)]
pub struct Minted(TokenAnswer);

impl Minted {
    /// Puts `answer` under seal.
    #[must_use]
    pub const fn seal(answer: TokenAnswer) -> Self {
        Self(answer)
    }

    /// Opens the seal for whoever shows that the code was spent just now, and by nobody else.
    #[must_use]
    pub fn release(self, _: ConsumedCode) -> TokenAnswer {
        self.0
    }
}
