//! May this code be exchanged? [RFC 6749 section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)

use towergate_core::{Timestamp, token::OpaqueToken};
use towergate_oauth_types::pkce::PkceVerified;

use super::Refusal;
use crate::rules::{
    client::{AuthenticatedClient, ClientAuthMethod},
    code::Code,
    grant::Grant,
};

/// What is known of a code.
#[derive(Debug, Clone, Copy)]
pub struct CodeFacts<'a> {
    /// The code.
    pub code: &'a Code,
    /// What it stands for.
    pub grant: &'a Grant,
    /// Whether it was exchanged.
    pub spent: bool,
    /// Whether the grant was revoked.
    pub revoked: bool,
}

/// What a client presents with a code.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The code.
    pub code: &'a OpaqueToken,
    /// Where it was sent, if the request says so.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier.
    pub code_verifier: Option<&'a str>,
}

/// What is to be done with a code.
#[derive(Debug)]
pub enum Exchange {
    /// It may be exchanged; with the proof of PKCE, unless its request had no challenge.
    Allowed(Option<PkceVerified>),
    /// Its own client presents it again: all that came from it must die.
    Replayed,
}

/// Judges a code. Whatever is wrong with the request, an unspent code stays unspent.
///
/// # Errors
/// `invalid_grant`, always the same.
pub fn decide(
    facts: CodeFacts<'_>,
    presented: Presented<'_>,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Result<Exchange, Refusal> {
    let CodeFacts { code, grant, spent, revoked } = facts;
    if presented.code.id() != code.id || !presented.code.digest().matches(&code.digest) {
        return Err(Refusal::invalid_grant("wrong_code_secret"));
    }
    if grant.client != client.client().id {
        return Err(Refusal::invalid_grant("code_of_another_client"));
    }
    if revoked {
        return Err(Refusal::invalid_grant("grant_revoked"));
    }
    if spent {
        return Ok(Exchange::Replayed);
    }
    if now >= code.expires_at {
        return Err(Refusal::invalid_grant("code_expired"));
    }
    // An address that was sent must be repeated; one that was not may be left out, but never be another.
    let same_address = match presented.redirect_uri {
        Some(uri) => uri == code.redirect_uri,
        None => !code.redirect_uri_was_sent,
    };
    if !same_address {
        return Err(Refusal::invalid_grant("another_redirect_uri"));
    }
    match (&code.code_challenge, presented.code_verifier) {
        (Some(challenge), Some(verifier)) => match challenge.verify(verifier) {
            Some(verified) => Ok(Exchange::Allowed(Some(verified))),
            None => Err(Refusal::invalid_grant("wrong_code_verifier")),
        },
        (Some(_), None) => Err(Refusal::invalid_grant("code_verifier_missing")),
        // RFC 9700 2.1.1: the client meant to use PKCE, and somebody took its challenge away.
        (None, Some(_)) => Err(Refusal::invalid_grant("code_verifier_without_challenge")),
        // A client that was confidential when it asked may have stopped to be.
        (None, None) if client.client().metadata.token_endpoint_auth_method == ClientAuthMethod::None => {
            Err(Refusal::invalid_grant("unprotected_code"))
        }
        (None, None) => Ok(Exchange::Allowed(None)),
    }
}
