//! Laws of authorization codes: once, in time, by the client they were sent to.

use towergate_core::StoreError;

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, alice, assert_same, client_id, code, grant, grant_id, origin, other_client_id,
        redemption, refresh_token, with_clients, with_code, with_family,
    },
};
use crate::{
    ports::{
        OAuthStore,
        grant::{Redeemed, Redemption},
    },
    rules::{
        client::GrantType,
        fact::OAuthFact,
        grant::{Grant, RevocationReason},
        refresh_token::RefreshTokenState,
    },
};

/// A code reads back with its grant as both were written, and its issue is on record.
pub async fn a_code_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    store.issue_code(grant(1), code(1), None, origin(NOW)).await.unwrap();
    let issued =
        OAuthFact::CodeIssued { code: code(1).id, grant: grant_id(1), client: client_id(), subject: alice() };
    ear.heard(&[issued], NOW).await;
    let found = store.find_code(code(1).id).await.unwrap().unwrap();
    assert_same(&found.code, &code(1));
    assert!(found.code.digest.matches(&code(1).digest));
    let challenge =
        |code: crate::rules::code::Code| code.code_challenge.map(|challenge| *challenge.as_bytes());
    assert_eq!(challenge(found.code), challenge(code(1)));
    assert_eq!(*found.grant, grant(1));
    assert!(!found.spent && !found.revoked);
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
}

/// A second code or grant under one identifier is refused, and nothing is half-written.
pub async fn a_code_is_issued_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let mut ear = Ear::on(store).await;
    let same_code = store.issue_code(grant(2), code(1), None, origin(NOW)).await;
    assert!(matches!(same_code, Err(StoreError::Refused(_))), "{same_code:?}");
    let same_grant = store.issue_code(grant(1), code(2), None, origin(NOW)).await;
    assert!(matches!(same_grant, Err(StoreError::Refused(_))), "{same_grant:?}");
    ear.silence().await;
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
    store.issue_code(Grant { ..grant(2) }, code(2), None, origin(NOW)).await.unwrap();
}

/// A code is redeemed once: tokens, mark and events are written in one step; the second try ends the family.
pub async fn a_code_is_redeemed_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let mut ear = Ear::on(store).await;
    let redeemed = store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumed(_)), "{redeemed:?}");
    ear.heard(&[redeemed_fact(), issued_fact()], NOW).await;
    assert!(store.find_code(code(1).id).await.unwrap().unwrap().spent);
    assert_eq!(family_is_alive(store).await, [true; 3]);

    let again = store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    assert!(matches!(again, Redeemed::Replayed { grant } if grant == grant_id(1)), "{again:?}");
    ear.heard(&[replayed_fact(), revoked_fact()], NOW).await;
    assert_eq!(family_is_alive(store).await, [false; 3]);
}

/// Once a family is dead, presenting its code again changes nothing and opens nothing.
pub async fn a_family_dies_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let third = store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    assert!(matches!(third, Redeemed::Missing), "{third:?}");
    ear.silence().await;
}

/// A code that was spent in time is replayed even when it has expired since.
pub async fn a_spent_code_is_replayed_however_late<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let again = store.redeem_code(redemption(1), origin(code(1).expires_at)).await.unwrap();
    assert!(matches!(again, Redeemed::Replayed { .. }), "{again:?}");
}

/// A code lives until the millisecond before its end.
pub async fn a_code_lives_to_its_last_millisecond<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let last = origin(code(1).expires_at.minus(MILLISECOND));
    let redeemed = store.redeem_code(redemption(1), last).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumed(_)), "{redeemed:?}");
}

/// At its end a code is gone, and the try leaves no trace.
pub async fn a_code_ends_on_time<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    nothing_comes_of(store, redemption(1), origin(code(1).expires_at)).await;
}

/// A code of a dead grant is gone.
pub async fn a_code_dies_with_its_grant<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    store.revoke_grant(grant_id(1), RevocationReason::AccountRefused, origin(NOW)).await.unwrap();
    nothing_comes_of(store, redemption(1), origin(NOW)).await;
}

/// A code that never was is not there.
pub async fn a_code_that_never_was_is_missing<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    nothing_comes_of(store, redemption(2), origin(NOW)).await;
}

/// Another client can neither spend a code nor, once it is spent, end its family.
pub async fn a_code_is_nothing_to_another_client<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let theirs = Redemption { client: other_client_id(), ..redemption(1) };
    nothing_comes_of(store, theirs.clone(), origin(NOW)).await;
    store.redeem_code(redemption(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let late = store.redeem_code(theirs, origin(NOW)).await.unwrap();
    assert!(matches!(late, Redeemed::Missing), "{late:?}");
    ear.silence().await;
    assert_eq!(family_is_alive(store).await, [true; 3]);
}

/// A redemption that the store refuses, because its token is there already, leaves the code unspent.
pub async fn a_refused_redemption_leaves_the_code_unspent<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    store.issue_code(grant(2), code(2), None, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let clash = Redemption { access: redemption(1).access, ..redemption(2) };
    let refused = store.redeem_code(clash, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert!(!store.find_code(code(2).id).await.unwrap().unwrap().spent);
    ear.silence().await;
}

/// A family needs no refresh token.
pub async fn a_code_may_be_redeemed_for_an_access_token_alone<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    let alone = Redemption { refresh: None, ..redemption(1) };
    let redeemed = store.redeem_code(alone, origin(NOW)).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumed(_)), "{redeemed:?}");
    assert!(store.find_refresh_token(refresh_token(0).id).await.unwrap().is_none());
}

/// The first refresh token of a family reads back as it was written.
pub async fn a_refresh_token_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let found = store.find_refresh_token(refresh_token(0).id).await.unwrap().unwrap();
    assert_same(&found.token, &refresh_token(0));
    assert!(found.token.digest.matches(&refresh_token(0).digest));
    assert_eq!(*found.grant, grant(1));
    assert_eq!(found.state, RefreshTokenState::Unused);
    assert!(!found.revoked);
}

async fn nothing_comes_of<S: OAuthStore + AuditTrail>(
    store: &S,
    redemption: Redemption,
    when: towergate_core::audit::Origin,
) {
    let mut ear = Ear::on(store).await;
    let access = redemption.access.id;
    let redeemed = store.redeem_code(redemption, when).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Missing), "{redeemed:?}");
    ear.silence().await;
    assert!(!store.find_code(code(1).id).await.unwrap().unwrap().spent);
    assert!(store.find_access_token(access).await.unwrap().is_none());
    assert!(store.find_refresh_token(refresh_token(0).id).await.unwrap().is_none());
}

/// Whether the first grant's code, access token and refresh token are alive.
pub(super) async fn family_is_alive<S: OAuthStore>(store: &S) -> [bool; 3] {
    [
        !store.find_code(code(1).id).await.unwrap().unwrap().revoked,
        !store.find_access_token(redemption(1).access.id).await.unwrap().unwrap().revoked,
        !store.find_refresh_token(refresh_token(0).id).await.unwrap().unwrap().revoked,
    ]
}

fn redeemed_fact() -> OAuthFact {
    OAuthFact::CodeRedeemed { code: code(1).id, grant: grant_id(1), client: client_id() }
}

fn issued_fact() -> OAuthFact {
    OAuthFact::TokenIssued {
        token: redemption(1).access.id,
        client: client_id(),
        subject: Some(alice()),
        grant_type: GrantType::AuthorizationCode,
    }
}

fn replayed_fact() -> OAuthFact {
    OAuthFact::CodeReplayed { code: code(1).id, grant: grant_id(1), client: client_id() }
}

fn revoked_fact() -> OAuthFact {
    OAuthFact::GrantRevoked {
        grant: grant_id(1),
        client: client_id(),
        reason: RevocationReason::CodeReplayed,
    }
}
