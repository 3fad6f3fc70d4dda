//! The people, clients and grants of the laws, and an ear for the audit log.

use std::{collections::BTreeSet, time::Duration};

pub(super) use towergate_core::contract::{Ear, MILLISECOND, NOW, assert_same, origin, told};
use towergate_core::{Digest, id::Uuid};
use towergate_oauth_types::{Scope, pkce::CodeChallenge};

use crate::{
    ports::{
        OAuthStore,
        grant::{Redeemed, Redemption, Rotation},
    },
    rules::{
        access_token::AccessToken,
        claims_request::{ClaimRequest, ClaimsRequest},
        client::{Client, ClientId, ClientMetadata},
        code::Code,
        grant::{Grant, GrantId, SignIn, Subject},
        interaction::{AuthorizationRequest, Interaction, InteractionId, InteractionState, Prompt},
        refresh_token::RefreshToken,
    },
};

pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// More interactions than any law begins.
pub(super) const ROOM: u32 = 1000;

pub(super) fn client_id() -> ClientId {
    ClientId::parse("app").unwrap()
}

pub(super) fn other_client_id() -> ClientId {
    ClientId::parse("other").unwrap()
}

pub(super) fn alice() -> Subject {
    Subject::parse("alice").unwrap()
}

pub(super) fn bob() -> Subject {
    Subject::parse("bob").unwrap()
}

pub(super) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(super) fn client(id: ClientId) -> Client {
    let metadata = ClientMetadata {
        client_name: Some(String::from("Der Bär")),
        redirect_uris: vec![String::from("https://app.example/cb")],
        scope: scope("openid profile offline_access"),
        ..ClientMetadata::default()
    };
    Client::unchecked(id, Some(Digest::of(b"client secret")), metadata)
}

/// A single claim is asked for, with values.
fn claims() -> ClaimsRequest {
    let email = ClaimRequest { essential: true, values: vec!["a@x.example".into(), 1.into()] };
    ClaimsRequest { id_token: [(String::from("email"), email)].into(), ..ClaimsRequest::default() }
}

pub(super) fn grant_id(n: u128) -> GrantId {
    GrantId::from_uuid(Uuid::from_u128(0x1000 + n))
}

/// Alice's `n`th grant to the client, in her sign-in `sid-1`.
pub(super) fn grant(n: u128) -> Grant {
    Grant {
        id: grant_id(n),
        client: client_id(),
        subject: alice(),
        scope: scope("openid profile"),
        audience: vec![String::from("https://api.example")],
        claims: claims(),
        sign_in: SignIn {
            auth_time: NOW.minus(WINDOW),
            acr: Some(String::from("1")),
            amr: vec![String::from("pwd"), String::from("otp")],
            sid: Some(String::from("sid-1")),
        },
        created_at: NOW,
    }
}

/// The code of the `n`th grant; it lives for a minute.
pub(super) fn code(n: u128) -> Code {
    Code {
        id: Uuid::from_u128(0x2000 + n),
        digest: Digest::of(b"code"),
        grant: grant_id(n),
        redirect_uri: String::from("https://app.example/cb"),
        redirect_uri_was_sent: true,
        code_challenge: Some(CodeChallenge::from_stored([7; 32])),
        nonce: Some(String::from("nonce")),
        expires_at: NOW.plus(Duration::from_secs(60)),
    }
}

pub(super) fn access_token(n: u128, grant: Option<GrantId>) -> AccessToken {
    AccessToken {
        id: Uuid::from_u128(0x3000 + n),
        digest: Some(Digest::of(b"access")),
        grant,
        client: client_id(),
        subject: grant.map(|_| alice()),
        scope: scope("profile"),
        audience: vec![String::from("https://api.example"), String::from("https://two.example")],
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(600)),
    }
}

/// The refresh token of a generation of the first grant; it lives for a day, its family for two.
pub(super) fn refresh_token(generation: u32) -> RefreshToken {
    RefreshToken {
        id: Uuid::from_u128(0x4000 + u128::from(generation)),
        digest: Digest::of(b"refresh"),
        grant: grant_id(1),
        generation,
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(24 * 3600)),
        absolute_expires_at: NOW.plus(Duration::from_secs(48 * 3600)),
    }
}

/// The exchange of the `n`th grant's code.
pub(super) fn redemption(n: u128) -> Redemption {
    Redemption {
        code: code(n).id,
        client: client_id(),
        access: access_token(n, Some(grant_id(n))),
        refresh: (n == 1).then(|| refresh_token(0)),
    }
}

/// The exchange of a generation of the first grant's refresh token for the next.
pub(super) fn rotation(generation: u32) -> Rotation {
    Rotation {
        presented: refresh_token(generation).id,
        client: client_id(),
        access: access_token(0x100 + u128::from(generation), Some(grant_id(1))),
        refresh: refresh_token(generation + 1),
        sealed_answer: format!("answer {generation}").into_bytes(),
        repeat_window: WINDOW,
    }
}

/// An interaction that nobody has taken yet; it lives for fifteen minutes.
pub(super) fn interaction(n: u128) -> Interaction {
    Interaction {
        id: InteractionId::from_uuid(Uuid::from_u128(0x5000 + n)),
        browser: Digest::of(b"browser"),
        request: AuthorizationRequest {
            scope: scope("openid profile"),
            state: Some(String::from("state ä")),
            nonce: Some(String::from("nonce")),
            code_challenge: Some(String::from("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")),
            prompt: BTreeSet::from([Prompt::Login, Prompt::Consent]),
            max_age: Some(60),
            login_hint: Some(String::from("alice")),
            required_sub: Some(String::from("alice-1")),
            acr_values: vec![String::from("2"), String::from("1")],
            claims: claims(),
            resource: vec![String::from("https://api.example")],
            ui_locales: vec![String::from("nl")],
            ..AuthorizationRequest::new(client_id(), String::from("https://app.example/cb"))
        },
        pushed: None,
        subject: None,
        sign_in_after: Some(NOW),
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(900)),
        state: InteractionState::Open,
    }
}

/// Registers both clients.
pub(super) async fn with_clients<S: OAuthStore>(store: &S) {
    for id in [client_id(), other_client_id()] {
        store.put_client(client(id), origin(NOW)).await.unwrap();
    }
}

/// Registers both clients and issues the first grant's code.
pub(super) async fn with_code<S: OAuthStore>(store: &S) {
    with_clients(store).await;
    store.issue_code(grant(1), code(1), None, origin(NOW)).await.unwrap();
}

/// Exchanges the first grant's code, so that there is a whole family.
pub(super) async fn with_family<S: OAuthStore>(store: &S) {
    with_code(store).await;
    let redeemed = store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumed(_)), "{redeemed:?}");
}
