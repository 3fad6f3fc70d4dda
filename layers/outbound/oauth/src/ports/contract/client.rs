//! Laws of registered clients.

use super::{
    AuditTrail,
    fixture::{
        Ear, NOW, assert_same, client, client_id, code, grant, grant_id, origin, other_client_id, scope,
        with_clients, with_code,
    },
};
use crate::{
    ports::{OAuthStore, client::Disabling},
    rules::{
        client::{Client, ClientState},
        fact::OAuthFact,
        grant::{Grant, RevocationReason},
    },
};

/// A client reads back as it was written, and its registration is on record.
pub async fn a_client_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let kept = client(client_id());
    store.put_client(kept.clone(), origin(NOW)).await.unwrap();
    ear.heard(&[OAuthFact::ClientRegistered { client: client_id() }], NOW).await;
    let found = store.find_client(&client_id()).await.unwrap().unwrap();
    assert_same(&found, &kept);
    assert!(found.secret.unwrap().matches(&kept.secret.unwrap()));
    assert!(store.find_client(&other_client_id()).await.unwrap().is_none());
    ear.silence().await;
}

/// A client written again takes the place of the first.
pub async fn a_client_is_replaced<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut changed = Client { secret: None, ..client(client_id()) };
    changed.metadata.scope = scope("openid");
    store.put_client(changed.clone(), origin(NOW)).await.unwrap();
    assert_same(&store.find_client(&client_id()).await.unwrap().unwrap(), &changed);
}

/// Replacing a client leaves the grants it holds alone.
pub async fn replacing_a_client_keeps_its_grants<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    store.put_client(client(client_id()), origin(NOW)).await.unwrap();
    assert!(!store.find_code(code(1).id).await.unwrap().unwrap().revoked);
}

/// A disabled client is still found, and every grant it held is dead; others' live on.
pub async fn a_disabled_client_loses_its_grants<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    store.issue_code(grant(2), code(2), None, origin(NOW)).await.unwrap();
    let others = Grant { client: other_client_id(), ..grant(3) };
    store.issue_code(others, code(3), None, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;

    let disabling = store.disable_client(client_id(), origin(NOW)).await.unwrap();
    assert_eq!(disabling, Disabling::Disabled { grants: 2 });
    let died = |n| OAuthFact::GrantRevoked {
        grant: grant_id(n),
        client: client_id(),
        reason: RevocationReason::ClientDisabled,
    };
    ear.heard(&[OAuthFact::ClientDisabled { client: client_id() }, died(1), died(2)], NOW).await;
    assert_eq!(store.find_client(&client_id()).await.unwrap().unwrap().state, ClientState::Disabled);
    for (n, revoked) in [(1, true), (2, true), (3, false)] {
        assert_eq!(store.find_code(code(n).id).await.unwrap().unwrap().revoked, revoked, "grant {n}");
    }
}

/// Grants that are dead do not die again with their client.
pub async fn a_dead_grant_does_not_die_again<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    store.revoke_grant(grant_id(1), RevocationReason::AccountRefused, origin(NOW)).await.unwrap();
    let disabling = store.disable_client(client_id(), origin(NOW)).await.unwrap();
    assert_eq!(disabling, Disabling::Disabled { grants: 0 });
}

/// Nobody can disable a client that is not there.
pub async fn an_unknown_client_is_not_disabled<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    assert_eq!(store.disable_client(client_id(), origin(NOW)).await.unwrap(), Disabling::Missing);
    ear.silence().await;
}
