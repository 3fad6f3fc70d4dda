//! Laws of access tokens, and of the ways in which what they come from dies.

use towergate_core::StoreError;

use super::{
    AuditTrail,
    code::family_is_alive,
    fixture::{
        Ear, NOW, access_token, assert_same, bob, client_id, code, grant, grant_id, origin, other_client_id,
        redemption, rotation, scope, with_clients, with_code, with_family,
    },
};
use crate::{
    ports::{OAuthStore, grant::Revocation, interaction::Issuing},
    rules::{
        access_token::AccessToken,
        client::GrantType,
        fact::OAuthFact,
        grant::{Grant, RevocationReason, SignIn},
    },
};

/// An access token is found with the grant it came from.
pub async fn an_access_token_reads_back_with_its_grant<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let found = store.find_access_token(redemption(1).access.id).await.unwrap().unwrap();
    assert_same(&found.token, &redemption(1).access);
    assert!(found.token.digest.as_ref().unwrap().matches(&redemption(1).access.digest.unwrap()));
    assert_eq!(found.grant.as_deref(), Some(&grant(1)));
    assert!(!found.revoked);
    assert!(store.find_access_token(access_token(9, None).id).await.unwrap().is_none());
}

/// A client that acts for itself gets a token without a grant, and the issue is on record.
pub async fn a_client_gets_a_token_for_itself<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    let kept = AccessToken { digest: None, ..access_token(1, None) };
    store.issue_access_token(kept.clone(), origin(NOW)).await.unwrap();
    let issued = OAuthFact::TokenIssued {
        token: kept.id,
        client: client_id(),
        subject: None,
        grant_type: GrantType::ClientCredentials,
    };
    ear.heard(&[issued], NOW).await;
    let found = store.find_access_token(kept.id).await.unwrap().unwrap();
    assert_same(&found.token, &kept);
    assert!(found.grant.is_none() && !found.revoked);
}

/// A second token under one identifier is refused.
pub async fn an_access_token_is_issued_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.issue_access_token(access_token(1, None), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let again = store.issue_access_token(access_token(1, None), origin(NOW)).await;
    assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
    ear.silence().await;
}

/// A disabled client's own tokens are dead with it.
pub async fn a_disabled_clients_own_token_is_dead<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.issue_access_token(access_token(1, None), origin(NOW)).await.unwrap();
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    assert!(store.find_access_token(access_token(1, None).id).await.unwrap().unwrap().revoked);
}

/// A disabled client's tokens from people's grants are dead too.
pub async fn a_disabled_clients_family_is_dead<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    assert_eq!(family_is_alive(store).await, [false; 3]);
}

/// Withdrawing the consent ends the family, even if the consent was never remembered.
pub async fn a_withdrawn_consent_ends_the_family<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let grant = grant(1);
    assert_eq!(store.withdraw_consent(grant.subject, grant.client, origin(NOW)).await.unwrap(), 1);
    assert_eq!(family_is_alive(store).await, [false; 3]);
}

/// A grant is revoked once, and all that hangs from it dies with it.
pub async fn a_grant_is_revoked_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let mut ear = Ear::on(store).await;
    let reason = RevocationReason::AccountRefused;
    let revocation = store.revoke_grant(grant_id(1), reason, origin(NOW)).await.unwrap();
    assert_eq!(revocation, Revocation::Revoked);
    ear.heard(&[OAuthFact::GrantRevoked { grant: grant_id(1), client: client_id(), reason }], NOW).await;
    assert_eq!(family_is_alive(store).await, [false; 3]);
    for n in [1, 9] {
        let again = store.revoke_grant(grant_id(n), reason, origin(NOW)).await.unwrap();
        assert_eq!(again, Revocation::AlreadyDead);
    }
    ear.silence().await;
}

/// An access token is revoked once; its grant, its refresh token and its sister live on.
pub async fn an_access_token_is_revoked_once_and_alone<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    store.rotate_refresh_token(rotation(0), origin(NOW)).await.unwrap();
    store.issue_access_token(access_token(9, None), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for token in [redemption(1).access.id, access_token(9, None).id] {
        let revocation = store.revoke_access_token(token, client_id(), origin(NOW)).await.unwrap();
        assert_eq!(revocation, Revocation::Revoked);
        ear.heard(&[OAuthFact::TokenRevoked { token, client: client_id() }], NOW).await;
        assert!(store.find_access_token(token).await.unwrap().unwrap().revoked);
        let again = store.revoke_access_token(token, client_id(), origin(NOW)).await.unwrap();
        assert_eq!(again, Revocation::AlreadyDead);
    }
    ear.silence().await;
    assert!(!store.find_access_token(rotation(0).access.id).await.unwrap().unwrap().revoked);
    assert!(!store.find_refresh_token(rotation(0).refresh.id).await.unwrap().unwrap().revoked);
}

/// Another client's wish, or one for a token that never was, changes nothing.
pub async fn an_access_token_is_revoked_by_its_own_client_only<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let mut ear = Ear::on(store).await;
    for (token, client) in
        [(redemption(1).access.id, other_client_id()), (access_token(9, None).id, client_id())]
    {
        let revocation = store.revoke_access_token(token, client, origin(NOW)).await.unwrap();
        assert_eq!(revocation, Revocation::AlreadyDead);
    }
    ear.silence().await;
    assert_eq!(family_is_alive(store).await, [true; 3]);
}

/// A token that has expired, or died with its grant or its client, is not revoked once more.
pub async fn a_dead_access_token_does_not_die_again<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    store.issue_access_token(access_token(9, None), origin(NOW)).await.unwrap();
    let (of_grant, own) = (redemption(1).access, access_token(9, None));
    let mut ear = Ear::on(store).await;
    for (token, ends) in [(&of_grant, of_grant.expires_at), (&own, own.expires_at)] {
        let late = store.revoke_access_token(token.id, client_id(), origin(ends)).await.unwrap();
        assert_eq!(late, Revocation::AlreadyDead);
    }
    ear.silence().await;
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for token in [of_grant.id, own.id] {
        let dead = store.revoke_access_token(token, client_id(), origin(NOW)).await.unwrap();
        assert_eq!(dead, Revocation::AlreadyDead);
    }
    ear.silence().await;
}

/// The end of a sign-in takes along what was granted in it, but not what is to outlive it, nor another sign-in's.
pub async fn a_sign_in_takes_its_grants_along<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let in_sign_in = |sid: Option<&str>| SignIn { sid: sid.map(String::from), ..grant(1).sign_in };
    let grants = [
        Grant { scope: scope("openid offline_access"), ..grant(2) },
        Grant { sign_in: in_sign_in(Some("sid-2")), ..grant(3) },
        Grant { sign_in: in_sign_in(None), ..grant(4) },
        Grant { subject: bob(), ..grant(5) },
    ];
    for (n, grant) in (2..).zip(grants) {
        store.issue_code(grant, code(n), None, origin(NOW)).await.unwrap();
    }
    let mut ear = Ear::on(store).await;

    assert_eq!(store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap(), 2);
    let died = |n| OAuthFact::GrantRevoked {
        grant: grant_id(n),
        client: client_id(),
        reason: RevocationReason::SessionEnded,
    };
    ear.heard(&[died(1), died(5)], NOW).await;
    assert_eq!(family_is_alive(store).await, [false; 3]);
    for n in 2..5 {
        assert!(!store.find_code(code(n).id).await.unwrap().unwrap().revoked, "grant {n}");
    }
    assert_eq!(store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap(), 0);
    ear.silence().await;
}

/// A code that is not redeemed yet dies with the sign-in too.
pub async fn a_waiting_code_dies_with_its_sign_in<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    assert_eq!(store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap(), 1);
    assert!(store.find_code(code(1).id).await.unwrap().unwrap().revoked);
}

/// A request that began before its client was shut out gets no code afterwards.
pub async fn no_code_is_issued_to_a_disabled_client<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(
        store.issue_code(grant(1), code(1), None, origin(NOW)).await.unwrap(),
        Issuing::ClientDisabled
    );
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
    ear.silence().await;
}

/// A request that began before the person signed out gets no code afterwards, not even an offline one.
pub async fn no_code_is_issued_in_an_ended_sign_in<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    assert!(!store.has_sign_in_ended("sid-1").await.unwrap());
    assert_eq!(store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap(), 0);
    assert!(store.has_sign_in_ended("sid-1").await.unwrap());
    assert!(!store.has_sign_in_ended("sid-2").await.unwrap());
    let mut ear = Ear::on(store).await;
    let offline = Grant { scope: scope("openid offline_access"), ..grant(1) };
    assert_eq!(store.issue_code(offline, code(1), None, origin(NOW)).await.unwrap(), Issuing::SignInEnded);
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
    ear.silence().await;
    let sign_in = SignIn { sid: Some(String::from("sid-2")), ..grant(1).sign_in };
    let next = Grant { sign_in, ..grant(1) };
    assert_eq!(store.issue_code(next, code(1), None, origin(NOW)).await.unwrap(), Issuing::Issued);
}
