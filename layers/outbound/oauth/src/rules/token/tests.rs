//! The decisions on their own, where a store would catch the same mistake once more.

use towergate_core::{Timestamp, form::Form, random::InsecureSeededRandom, token::OpaqueToken};
use towergate_oauth_types::{Scope, pkce::CodeChallenge};

use super::{authorization_code, refresh_token};
use crate::rules::{
    claims_request::ClaimsRequest,
    client::{
        AssertionKey, AuthenticatedClient, Client, ClientAuthMethod, ClientId, ClientMetadata, Credentials,
        Judged, Recipient,
    },
    code::{self, Code},
    grant::{Grant, GrantId, SignIn, Subject},
    refresh_token::{PREFIX, RefreshTokenState},
};

mod alone;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn public(id: &str) -> AuthenticatedClient {
    let form = Form::parse(format!("client_id={id}").as_bytes(), &["client_id"]).unwrap();
    let method = ClientAuthMethod::None;
    let scope = Scope::parse("openid email a b").unwrap();
    let metadata = ClientMetadata { token_endpoint_auth_method: method, scope, ..Default::default() };
    let id = ClientId::parse(id).unwrap();
    let client = Client::unchecked(id, None, metadata);
    let recipient = Recipient { names: &[], now: NOW };
    let key = AssertionKey::Missing("unused");
    match Credentials::read(None, &form).unwrap().verify(Some(client.into()), &key, &recipient).unwrap() {
        Judged::Proven(client) => client,
        Judged::Unspent(_) => panic!("it is no assertion"),
    }
}

fn grant() -> Grant {
    Grant {
        id: GrantId::fresh(NOW, &InsecureSeededRandom::new(1)).unwrap(),
        client: ClientId::parse("own").unwrap(),
        subject: Subject::parse("alice-1").unwrap(),
        scope: Scope::parse("openid").unwrap(),
        audience: Vec::new(),
        claims: ClaimsRequest::default(),
        sign_in: SignIn { auth_time: NOW, acr: None, amr: Vec::new(), sid: None },
        created_at: NOW,
    }
}

#[test]
fn a_code_is_replayed_by_its_own_client_only() {
    let token = OpaqueToken::mint(code::PREFIX, NOW, &InsecureSeededRandom::new(2)).unwrap();
    let grant = grant();
    let code = Code {
        id: token.id(),
        digest: token.digest(),
        grant: grant.id,
        redirect_uri: String::from("https://app.example/cb"),
        redirect_uri_was_sent: false,
        code_challenge: Some(CodeChallenge::from_stored([0; 32])),
        nonce: None,
        expires_at: NOW.plus(code::LIFETIME),
    };
    let decide = |client: &str, spent, revoked| {
        let facts = authorization_code::CodeFacts { code: &code, grant: &grant, spent, revoked };
        let presented =
            authorization_code::Presented { code: &token, redirect_uri: None, code_verifier: Some("wrong") };
        authorization_code::decide(facts, presented, &public(client), NOW).map_err(|refusal| refusal.reason)
    };
    assert!(matches!(decide("own", true, false), Ok(authorization_code::Exchange::Replayed)));
    assert_eq!(decide("other", true, false).unwrap_err(), "code_of_another_client");
    assert_eq!(decide("own", false, true).unwrap_err(), "grant_revoked");
    // The address may be left out where it was not sent; the verifier may not be wrong.
    assert_eq!(decide("own", false, false).unwrap_err(), "wrong_code_verifier");
}

#[test]
fn a_code_without_pkce_is_for_nobody_who_cannot_prove_who_they_are() {
    let token = OpaqueToken::mint(code::PREFIX, NOW, &InsecureSeededRandom::new(7)).unwrap();
    let grant = grant();
    let code = Code {
        id: token.id(),
        digest: token.digest(),
        grant: grant.id,
        redirect_uri: String::from("https://app.example/cb"),
        redirect_uri_was_sent: false,
        code_challenge: None,
        nonce: None,
        expires_at: NOW.plus(code::LIFETIME),
    };
    let facts = authorization_code::CodeFacts { code: &code, grant: &grant, spent: false, revoked: false };
    let presented = authorization_code::Presented { code: &token, redirect_uri: None, code_verifier: None };
    let refused = authorization_code::decide(facts, presented, &public("own"), NOW).unwrap_err();
    assert_eq!(refused.reason, "unprotected_code");
}

#[test]
fn a_refresh_token_is_reused_by_its_own_client_only() {
    let token = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(3)).unwrap();
    let grant = grant();
    let kept = refresh_token::first(token.id(), token.digest(), grant.id, NOW);
    let used = RefreshTokenState::Rotated { at: NOW, successor_used: true, sealed_answer: Vec::new() };
    let decide = |client: &str, state| {
        let facts = refresh_token::RefreshFacts { token: &kept, grant: &grant, state, revoked: false };
        refresh_token::decide(facts, &token, None, &public(client), NOW).map_err(|refusal| refusal.reason)
    };
    assert_eq!(decide("own", &used), Ok(refresh_token::Exchange::Again));
    assert_eq!(decide("other", &used), Err("refresh_token_of_another_client"));
    assert_eq!(decide("other", &RefreshTokenState::Unused), Err("refresh_token_of_another_client"));
}

#[test]
fn no_refresh_token_outlives_its_family() {
    let token = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(4)).unwrap();
    let first = refresh_token::first(token.id(), token.digest(), grant().id, NOW);
    let nearly = first.absolute_expires_at.minus(std::time::Duration::from_secs(1));
    let next = refresh_token::successor(token.id(), token.digest(), &first, nearly);
    assert_eq!((next.expires_at, next.generation), (first.absolute_expires_at, 1));
    assert_eq!(next.absolute_expires_at, first.absolute_expires_at);
}

#[test]
fn a_grant_goes_as_far_as_its_client_is_still_registered_for() {
    let token = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(5)).unwrap();
    let scope = |text: &str| Scope::parse(text).unwrap();
    let decide = |granted: &str, asked: Option<&str>| {
        let grant = Grant { scope: scope(granted), ..grant() };
        let kept = refresh_token::first(token.id(), token.digest(), grant.id, NOW);
        let state = &RefreshTokenState::Unused;
        let facts = refresh_token::RefreshFacts { token: &kept, grant: &grant, state, revoked: false };
        refresh_token::decide(facts, &token, asked.map(scope), &public("own"), NOW)
            .map_err(|refusal| refusal.reason)
    };
    let allowed = |text: &str| Ok(refresh_token::Exchange::Allowed { scope: scope(text) });
    assert_eq!(decide("openid email phone", None), allowed("openid email"));
    assert_eq!(decide("openid phone", Some("openid")), allowed("openid"));
    assert_eq!(decide("openid phone", Some("phone")), Err("scope"));
    assert_eq!(decide("phone", None), Err("scope_no_longer_registered"));
}

proptest::proptest! {
    /// Whatever was granted, registered and asked for: what is given lies within all three.
    #[test]
    fn a_refresh_never_gives_more_than_granted_registered_or_asked_for(
        granted in "[a-d ]{1,8}",
        registered in "[a-d ]{0,8}",
        asked in proptest::option::of("[a-d ]{0,8}"),
    ) {
        let [granted, registered] = [granted, registered].map(|text| Scope::parse(&text).unwrap());
        let asked = asked.map(|text| Scope::parse(&text).unwrap());
        let mut client = public("own").client().clone();
        client.metadata.scope = registered.clone();
        let grant = Grant { scope: granted.clone(), ..grant() };
        let left = grant.scope_left_to(&client);
        if let Ok(left) = &left {
            proptest::prop_assert!(granted.covers(left) && registered.covers(left));
            proptest::prop_assert_eq!(left.is_empty(), granted.is_empty());
        }
        let token = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(6)).unwrap();
        let kept = refresh_token::first(token.id(), token.digest(), grant.id, NOW);
        let state = &RefreshTokenState::Unused;
        let facts = refresh_token::RefreshFacts { token: &kept, grant: &grant, state, revoked: false };
        let decided = refresh_token::decide(facts, &token, asked.clone(), &public("own"), NOW);
        if let Ok(refresh_token::Exchange::Allowed { scope }) = decided {
            proptest::prop_assert!(granted.covers(&scope));
            proptest::prop_assert!(public("own").client().metadata.scope.covers(&scope));
            proptest::prop_assert!(asked.is_none_or(|asked| asked == scope));
        }
    }
}
