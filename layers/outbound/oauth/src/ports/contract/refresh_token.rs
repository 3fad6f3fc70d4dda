//! Laws of refresh tokens: each use gives the next, a second use ends the family, an honest repetition does not.

use std::time::Duration;

use towergate_core::{StoreError, Timestamp};

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, WINDOW, alice, client_id, grant_id, origin, other_client_id, redemption,
        refresh_token, rotation, with_code, with_family,
    },
};
use crate::{
    ports::{
        OAuthStore,
        grant::{Redemption, Rotated, Rotation},
    },
    rules::{
        client::GrantType,
        fact::OAuthFact,
        grant::RevocationReason,
        refresh_token::{RefreshToken, RefreshTokenState},
    },
};

/// An unused token is exchanged: both new tokens, the mark and the events are written in one step.
pub async fn a_refresh_token_is_exchanged<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(rotate(store, 0, NOW).await, Rotated::Rotated);
    ear.heard(&refreshed_facts(), NOW).await;
    let old = store.find_refresh_token(refresh_token(0).id).await.unwrap().unwrap();
    let sealed_answer = b"answer 0".to_vec();
    assert_eq!(old.state, RefreshTokenState::Rotated { at: NOW, successor_used: false, sealed_answer });
    let new = store.find_refresh_token(refresh_token(1).id).await.unwrap().unwrap();
    assert_eq!((new.state, new.token.generation, new.revoked), (RefreshTokenState::Unused, 1, false));
    let access = store.find_access_token(rotation(0).access.id).await.unwrap().unwrap();
    assert_eq!(access.grant.unwrap().id, grant_id(1));
}

/// Within the window the same answer comes again, and nothing is written.
pub async fn a_repetition_gets_the_same_answer<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    let mut ear = Ear::on(store).await;
    let another = Rotation {
        access: rotation(7).access,
        refresh: refresh_token(8),
        sealed_answer: b"another".to_vec(),
        ..rotation(0)
    };
    for at in [NOW, NOW.plus(WINDOW).minus(MILLISECOND)] {
        let repeated = store.rotate_refresh_token(another.clone(), origin(at)).await.unwrap();
        assert_eq!(repeated, Rotated::Repeated { sealed_answer: b"answer 0".to_vec() });
    }
    ear.silence().await;
    assert!(store.find_refresh_token(refresh_token(8).id).await.unwrap().is_none());
    assert!(store.find_access_token(rotation(7).access.id).await.unwrap().is_none());
}

/// When the window is over, a second use ends the family.
pub async fn a_use_after_the_window_ends_the_family<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    reuse_ends_the_family(store, 0, NOW.plus(WINDOW)).await;
}

/// A clock that is set back does not keep the window open until it has caught up.
pub async fn a_clock_set_back_does_not_open_the_window<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    reuse_ends_the_family(store, 0, NOW.minus(WINDOW)).await;
}

/// When the successor has been used, a second use ends the family even within the window.
pub async fn a_use_after_the_successors_ends_the_family<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    assert_eq!(rotate(store, 1, NOW).await, Rotated::Rotated);
    let old = store.find_refresh_token(refresh_token(0).id).await.unwrap().unwrap();
    assert!(matches!(old.state, RefreshTokenState::Rotated { successor_used: true, .. }), "{:?}", old.state);
    reuse_ends_the_family(store, 0, NOW).await;
}

/// A repetition is not a use: the successor still has its own repetition afterwards.
pub async fn a_repetition_is_not_a_use<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    rotate(store, 0, NOW).await;
    assert_eq!(rotate(store, 1, NOW).await, Rotated::Rotated);
    assert_eq!(rotate(store, 1, NOW).await, Rotated::Repeated { sealed_answer: b"answer 1".to_vec() });
}

/// With no window at all, every second use ends the family.
pub async fn without_a_window_nothing_repeats<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    let strict = Rotation { repeat_window: Duration::ZERO, ..rotation(0) };
    let reused = store.rotate_refresh_token(strict, origin(NOW)).await.unwrap();
    assert_eq!(reused, Rotated::Reused { grant: grant_id(1) });
}

/// An exchanged token is reused even when it has expired since.
pub async fn a_reuse_is_noticed_however_late<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    reuse_ends_the_family(store, 0, refresh_token(0).absolute_expires_at).await;
}

/// A refresh token lives until the millisecond before its end.
pub async fn a_refresh_token_lives_to_its_last_millisecond<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let last = refresh_token(0).expires_at.minus(MILLISECOND);
    assert_eq!(rotate(store, 0, last).await, Rotated::Rotated);
}

/// At its end an unused refresh token is gone, and the try leaves no trace.
pub async fn a_refresh_token_ends_on_time<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    nothing_comes_of(store, rotation(0), refresh_token(0).expires_at).await;
}

/// The end of the family holds whatever the token itself says.
pub async fn a_family_ends_on_time<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let end = NOW.plus(WINDOW);
    let short = RefreshToken { absolute_expires_at: end, ..refresh_token(0) };
    let redemption = Redemption { refresh: Some(short), ..redemption(1) };
    store.redeem_code(redemption, origin(NOW)).await.unwrap();
    nothing_comes_of(store, rotation(0), end).await;
    assert_eq!(rotate(store, 0, end.minus(MILLISECOND)).await, Rotated::Rotated);
}

/// A refresh token of a dead grant is gone, an exchanged one too.
pub async fn a_refresh_token_dies_with_its_grant<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    rotate(store, 0, NOW).await;
    store.revoke_grant(grant_id(1), RevocationReason::AccountRefused, origin(NOW)).await.unwrap();
    nothing_comes_of(store, rotation(0), NOW).await;
    nothing_comes_of(store, rotation(1), NOW).await;
}

/// A refresh token that never was is not there.
pub async fn a_refresh_token_that_never_was_is_missing<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    nothing_comes_of(store, rotation(5), NOW).await;
}

/// Another client can neither exchange a token, nor hear its answer, nor end its family.
pub async fn a_refresh_token_is_nothing_to_another_client<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let theirs = Rotation { client: other_client_id(), ..rotation(0) };
    nothing_comes_of(store, theirs.clone(), NOW).await;
    rotate(store, 0, NOW).await;
    for at in [NOW, NOW.plus(WINDOW)] {
        let rotated = store.rotate_refresh_token(theirs.clone(), origin(at)).await.unwrap();
        assert_eq!(rotated, Rotated::Missing);
    }
    assert!(!store.find_refresh_token(refresh_token(1).id).await.unwrap().unwrap().revoked);
}

/// An exchange that the store refuses, because its token is there already, leaves the old one unused.
pub async fn a_refused_exchange_leaves_the_token_unused<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let mut ear = Ear::on(store).await;
    let clash = Rotation { access: redemption(1).access, ..rotation(0) };
    let refused = store.rotate_refresh_token(clash, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    let old = store.find_refresh_token(refresh_token(0).id).await.unwrap().unwrap();
    assert_eq!(old.state, RefreshTokenState::Unused);
    assert!(store.find_refresh_token(refresh_token(1).id).await.unwrap().is_none());
    ear.silence().await;
}

async fn rotate<S: OAuthStore>(store: &S, generation: u32, at: Timestamp) -> Rotated {
    store.rotate_refresh_token(rotation(generation), origin(at)).await.unwrap()
}

async fn nothing_comes_of<S: OAuthStore + AuditTrail>(store: &S, rotation: Rotation, at: Timestamp) {
    let mut ear = Ear::on(store).await;
    let (old, new) = (rotation.presented, rotation.refresh.id);
    let before = store.find_refresh_token(old).await.unwrap().map(|stored| stored.state);
    let next = store.find_refresh_token(new).await.unwrap().map(|stored| stored.state);
    assert_eq!(store.rotate_refresh_token(rotation, origin(at)).await.unwrap(), Rotated::Missing);
    assert_eq!(store.find_refresh_token(old).await.unwrap().map(|stored| stored.state), before);
    assert_eq!(store.find_refresh_token(new).await.unwrap().map(|stored| stored.state), next);
    ear.silence().await;
}

async fn reuse_ends_the_family<S: OAuthStore + AuditTrail>(store: &S, generation: u32, at: Timestamp) {
    let mut ear = Ear::on(store).await;
    assert_eq!(rotate(store, generation, at).await, Rotated::Reused { grant: grant_id(1) });
    let token = refresh_token(generation).id;
    let reused = OAuthFact::TokenReused { token, grant: grant_id(1), client: client_id() };
    let reason = RevocationReason::RefreshTokenReused;
    let revoked = OAuthFact::GrantRevoked { grant: grant_id(1), client: client_id(), reason };
    ear.heard(&[reused, revoked], at).await;
    assert!(store.find_refresh_token(refresh_token(generation + 1).id).await.unwrap().unwrap().revoked);
    assert!(store.find_access_token(rotation(generation).access.id).await.unwrap().unwrap().revoked);
    assert_eq!(rotate(store, generation, at).await, Rotated::Missing);
    ear.silence().await;
}

fn refreshed_facts() -> [OAuthFact; 2] {
    let client = client_id();
    [
        OAuthFact::TokenRefreshed {
            token: refresh_token(0).id,
            successor: refresh_token(1).id,
            grant: grant_id(1),
            client: client.clone(),
        },
        OAuthFact::TokenIssued {
            token: rotation(0).access.id,
            client,
            subject: Some(alice()),
            grant_type: GrantType::RefreshToken,
        },
    ]
}
