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

/// What is said beside the tokens.
#[derive(Serialize)]
struct Around<'a> {
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
}

/// Writes a token as a JSON string. Tokens are of letters that JSON takes as they are, which is seen for all letters at once; to look
/// for what must be written otherwise, letter by letter, would cost as much as the rest of the answer.
fn write_token(text: &mut Vec<u8>, token: &str) -> Result<(), serde_json::Error> {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() | matches!(letter, b'-' | b'.' | b'_');
    if !token.bytes().fold(true, |all, letter| all & is_plain(letter)) {
        return serde_json::to_writer(text, token);
    }
    text.push(b'"');
    text.extend_from_slice(token.as_bytes());
    text.push(b'"');
    Ok(())
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
        let around = Around {
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            scope: Some(&self.scope).filter(|scope| !scope.is_empty()),
        };
        serde_json::to_writer(&mut text, &around)?;
        // Reopened, for the tokens.
        text.pop();
        for (name, token) in ["access_token", "refresh_token", "id_token"].into_iter().zip(tokens) {
            let Some(token) = token else { continue };
            for part in [r#",""#, name, r#"":"#] {
                text.extend_from_slice(part.as_bytes());
            }
            write_token(&mut text, token.expose())?;
        }
        text.push(b'}');
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
