//! Each reason to refuse, alone: nothing else is wrong.

use std::time::Duration;

use towergate_core::{Timestamp, random::InsecureSeededRandom, token::OpaqueToken};
use towergate_oauth_types::pkce::CodeChallenge;

use super::{NOW, grant, public};
use crate::rules::{
    access_token::AccessToken,
    code::{self, Code},
    refresh_token::{ABSOLUTE_LIFETIME, IDLE_LIFETIME, PREFIX, RefreshToken, RefreshTokenState},
    token::{access_claims, authorization_code, client_credentials, held, refresh_token, revocation},
};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The reason why a code is refused after a change of it, at a time; none when it is not.
fn code_refused(
    change: impl FnOnce(&mut Code),
    verifier: Option<&str>,
    now: Timestamp,
) -> Option<&'static str> {
    let token = OpaqueToken::mint(code::PREFIX, NOW, &InsecureSeededRandom::new(11)).unwrap();
    let grant = grant();
    let mut code = Code {
        id: token.id(),
        digest: token.digest(),
        grant: grant.id,
        redirect_uri: String::from("https://app.example/cb"),
        redirect_uri_was_sent: false,
        code_challenge: CodeChallenge::parse(CHALLENGE),
        nonce: None,
        expires_at: NOW.plus(code::LIFETIME),
    };
    change(&mut code);
    let facts = authorization_code::CodeFacts { code: &code, grant: &grant, spent: false, revoked: false };
    let presented =
        authorization_code::Presented { code: &token, redirect_uri: None, code_verifier: verifier };
    authorization_code::decide(facts, presented, &public("own"), now).err().map(|refusal| refusal.reason)
}

#[test]
fn rfc6749_4_1_2_a_code_lives_sixty_seconds() {
    let after = |seconds| code_refused(|_| (), Some(VERIFIER), NOW.plus(Duration::from_secs(seconds)));
    assert_eq!((after(59), after(60)), (None, Some("code_expired")));
}

#[test]
fn a_code_is_that_of_its_row() {
    let other = |code: &mut Code| code.id = towergate_core::id::Uuid::from_u128(1);
    assert_eq!(code_refused(other, Some(VERIFIER), NOW), Some("wrong_code_secret"));
}

#[test]
fn rfc9700_2_1_1_a_verifier_needs_a_challenge() {
    let plain = |code: &mut Code| code.code_challenge = None;
    assert_eq!(code_refused(plain, Some(VERIFIER), NOW), Some("code_verifier_without_challenge"));
    assert_eq!(code_refused(|_| (), None, NOW), Some("code_verifier_missing"));
}

fn refresh_refused(
    change: impl FnOnce(&mut RefreshToken),
    revoked: bool,
    now: Timestamp,
) -> Option<&'static str> {
    let token = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(12)).unwrap();
    let grant = grant();
    let mut kept = refresh_token::first(token.id(), token.digest(), grant.id, NOW);
    change(&mut kept);
    let state = &RefreshTokenState::Unused;
    let facts = refresh_token::RefreshFacts { token: &kept, grant: &grant, state, revoked };
    refresh_token::decide(facts, &token, None, &public("own"), now).err().map(|refusal| refusal.reason)
}

#[test]
fn a_refresh_token_ends_when_it_was_idle_and_when_its_family_is_old() {
    let (idle, old) = (NOW.plus(IDLE_LIFETIME), NOW.plus(ABSOLUTE_LIFETIME));
    let second = Duration::from_secs(1);
    assert_eq!(refresh_refused(|_| (), false, idle.minus(second)), None);
    assert_eq!(refresh_refused(|_| (), false, idle), Some("refresh_token_expired"));
    let used_lately = |kept: &mut RefreshToken| kept.expires_at = old.plus(second);
    assert_eq!(refresh_refused(used_lately, false, old.minus(second)), None);
    assert_eq!(refresh_refused(used_lately, false, old), Some("refresh_token_expired"));
}

#[test]
fn a_refresh_token_is_that_of_its_row_and_of_a_living_grant() {
    assert_eq!(refresh_refused(|_| (), true, NOW), Some("grant_revoked"));
    let other = |kept: &mut RefreshToken| kept.id = towergate_core::id::Uuid::from_u128(1);
    assert_eq!(refresh_refused(other, false, NOW), Some("wrong_refresh_token_secret"));
}

#[test]
fn rfc6749_4_4_a_public_client_does_not_act_for_itself() {
    assert_eq!(client_credentials::decide(&public("own"), None).unwrap_err().reason, "public_client");
}

#[test]
fn who_holds_a_token_holds_its_name_and_its_secret() {
    let mint = |seed| OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(seed)).unwrap();
    let (token, other) = (mint(13), mint(14));
    let refresh = |id, digest| refresh_token::first(id, digest, grant().id, NOW);
    let access = |id, digest| AccessToken {
        digest,
        ..access_claims::of_grant(id, &grant(), grant().scope, Vec::new(), NOW)
    };
    assert!(held::is_refresh_token(&token, &refresh(token.id(), token.digest())));
    assert!(held::is_access_token(Some(&token), &access(token.id(), Some(token.digest()))));
    for (id, digest) in [(other.id(), token.digest()), (token.id(), other.digest())] {
        assert!(!held::is_refresh_token(&token, &refresh(id, digest.clone())));
        assert!(!held::is_access_token(Some(&token), &access(id, Some(digest))));
    }
    // Of two kinds: one that is looked up, one that was verified.
    assert!(!held::is_access_token(Some(&token), &access(token.id(), None)));
    assert!(!held::is_access_token(None, &access(token.id(), Some(token.digest()))));
}

#[test]
fn rfc7009_2_1_a_client_gives_back_its_own_tokens() {
    let id = grant().id.as_uuid().to_owned();
    let access = access_claims::of_grant(id, &grant(), grant().scope, Vec::new(), NOW);
    assert_eq!(
        revocation::of_access_token(&access, &public("own")),
        Some(revocation::Revoked::AccessToken(id))
    );
    assert_eq!(revocation::of_access_token(&access, &public("other")), None);
    assert_eq!(revocation::of_refresh_token(&grant(), &public("other")), None);
}
