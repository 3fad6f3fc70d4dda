//! Laws of registered clients.

use super::{
    AuditTrail,
    fixture::{
        Ear, NOW, access_token, assert_same, client, client_id, code, grant, grant_id, origin,
        other_client_id, scope, with_clients, with_code,
    },
};
use crate::{
    ports::{
        OAuthStore,
        client::{Disabling, Enabling},
    },
    rules::{
        access_token::AccessToken,
        client::{Client, ClientId, ClientState},
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
    assert!(found.secret.as_ref().unwrap().matches(&kept.secret.unwrap()));
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

/// A client that was shut out stays so when it is written again, as a host does that writes its clients at each start; one that
/// acts is not shut out by it either, since its grants would live on.
pub async fn replacing_a_client_keeps_its_state<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.issue_access_token(access_token(1, None), origin(NOW)).await.unwrap();
    store
        .put_client(Client { state: ClientState::Disabled, ..client(client_id()) }, origin(NOW))
        .await
        .unwrap();
    assert_eq!(store.find_client(&client_id()).await.unwrap().unwrap().state, ClientState::Active);
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    store.put_client(client(client_id()), origin(NOW)).await.unwrap();
    assert_eq!(store.find_client(&client_id()).await.unwrap().unwrap().state, ClientState::Disabled);
    assert!(store.find_access_token(access_token(1, None).id).await.unwrap().unwrap().revoked);
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

/// A client that is enabled again may act, and what died with it stays dead.
pub async fn an_enabled_client_acts_again_without_what_it_held<S: OAuthStore + AuditTrail>(store: &S) {
    with_code(store).await;
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(store.enable_client(client_id(), origin(NOW)).await.unwrap(), Enabling::Enabled);
    ear.heard(&[OAuthFact::ClientEnabled { client: client_id() }], NOW).await;
    assert_eq!(store.find_client(&client_id()).await.unwrap().unwrap().state, ClientState::Active);
    assert!(store.find_code(code(1).id).await.unwrap().unwrap().revoked);
    store.issue_code(grant(2), code(2), None, origin(NOW)).await.unwrap();
    assert!(!store.find_code(code(2).id).await.unwrap().unwrap().revoked);
}

/// What a client had got for itself is no more alive for its being enabled again; what it gets then is.
pub async fn an_enabled_client_has_none_of_its_own_tokens_back<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let others = AccessToken { client: other_client_id(), ..access_token(2, None) };
    for token in [access_token(1, None), others] {
        store.issue_access_token(token, origin(NOW)).await.unwrap();
    }
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    store.enable_client(client_id(), origin(NOW)).await.unwrap();
    store.issue_access_token(access_token(3, None), origin(NOW)).await.unwrap();
    for (n, revoked) in [(1, true), (2, false), (3, false)] {
        let found = store.find_access_token(access_token(n, None).id).await.unwrap().unwrap();
        assert_eq!(found.revoked, revoked, "{n}");
    }
}

/// Enabling what acts, or what is not there, writes nothing.
pub async fn only_a_disabled_client_is_enabled<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(store.enable_client(client_id(), origin(NOW)).await.unwrap(), Enabling::Active);
    let nobody = ClientId::parse("nobody").unwrap();
    assert_eq!(store.enable_client(nobody, origin(NOW)).await.unwrap(), Enabling::Missing);
    ear.silence().await;
}

/// Clients are listed in the order of their identifiers, disabled ones too, from page to page.
pub async fn clients_are_listed_page_by_page<S: OAuthStore + AuditTrail>(store: &S) {
    assert!(store.clients(None, 10).await.unwrap().is_empty());
    for id in ["b", "B", "a~", "a", "ab"] {
        store.put_client(client(ClientId::parse(id).unwrap()), origin(NOW)).await.unwrap();
    }
    store.disable_client(ClientId::parse("ab").unwrap(), origin(NOW)).await.unwrap();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.clients(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        listed.extend(page.into_iter().map(|client| (client.id.as_str().to_owned(), client.state)));
    }
    let (active, disabled) = (ClientState::Active, ClientState::Disabled);
    let wanted = [("B", active), ("a", active), ("ab", disabled), ("a~", active), ("b", active)];
    assert_eq!(listed, wanted.map(|(id, state)| (id.to_owned(), state)));
}
