//! Laws of clients that register themselves, and of those that are known by a document of their own.

use std::time::Duration;

use towergate_core::Digest;

use super::{
    AuditTrail,
    consent::consent,
    fixture::{
        Ear, NOW, access_token, alice, assert_same, client, client_id, code, grant, grant_id, interaction,
        origin, other_client_id, scope, with_clients, with_family,
    },
    interaction::{approval, with_taken},
};
use crate::{
    ports::{
        OAuthStore,
        client::{KeepingDocument, Managing, Registering},
        interaction::{Approval, Asked, Closing, Issuing},
    },
    rules::{
        access_token::AccessToken,
        client::{Client, ClientId, ClientState, DocumentTimes},
        fact::OAuthFact,
        grant::{Grant, RevocationReason},
        interaction::InteractionState,
    },
};

/// More clients than any law registers.
const ROOM: u32 = 1000;

fn token(n: u8) -> Digest {
    Digest::of(&[n])
}

pub(super) fn registrant(id: ClientId, n: u8) -> Client {
    Client {
        registration_access_token: Some(token(n)),
        registered_at: Some(NOW),
        sealed_secret: Some(b"sealed".to_vec()),
        ..client(id)
    }
}

async fn register<S: OAuthStore>(store: &S, id: ClientId) -> Registering {
    store.register_client(registrant(id, 1), ROOM, origin(NOW)).await.unwrap()
}

/// A client that registers itself reads back whole, and is on record.
pub async fn a_client_registers_itself<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    assert_eq!(register(store, client_id()).await, Registering::Registered);
    ear.heard(&[OAuthFact::ClientRegistered { client: client_id() }], NOW).await;
    let found = store.find_client(&client_id()).await.unwrap().unwrap();
    assert_same(&found, &registrant(client_id(), 1));
    assert!(found.registration_access_token.as_ref().unwrap().matches(&token(1)));
}

/// Nobody registers under an identifier that is taken.
pub async fn a_client_registers_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    assert!(store.register_client(registrant(client_id(), 1), ROOM, origin(NOW)).await.is_err());
    ear.silence().await;
    assert_same(&store.find_client(&client_id()).await.unwrap().unwrap(), &client(client_id()));
}

/// Where there is no room, whoever comes learns that and not whether an identifier is taken.
pub async fn a_full_house_does_not_say_who_is_there<S: OAuthStore + AuditTrail>(store: &S) {
    let one = |id: &str| registrant(ClientId::parse(id).unwrap(), 1);
    store.register_client(one("a"), 1, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for id in ["a", "b"] {
        let registering = store.register_client(one(id), 1, origin(NOW)).await.unwrap();
        assert_eq!(registering, Registering::Full, "{id}");
    }
    ear.silence().await;
}

/// Of those that register themselves there are no more than there may be; others do not count.
pub async fn registrations_are_bounded<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let one = |id: &str| registrant(ClientId::parse(id).unwrap(), 1);
    for id in ["a", "b"] {
        let registering = store.register_client(one(id), 2, origin(NOW)).await.unwrap();
        assert_eq!(registering, Registering::Registered, "{id}");
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(store.register_client(one("c"), 2, origin(NOW)).await.unwrap(), Registering::Full);
    assert_eq!(store.register_client(one("c"), 0, origin(NOW)).await.unwrap(), Registering::Full);
    ear.silence().await;
    assert!(store.find_client(&ClientId::parse("c").unwrap()).await.unwrap().is_none());
}

/// An update takes the place of what was there, token and all; the token before manages nothing any more.
pub async fn an_update_brings_its_own_token<S: OAuthStore + AuditTrail>(store: &S) {
    register(store, client_id()).await;
    let mut ear = Ear::on(store).await;
    let mut changed = registrant(client_id(), 2);
    changed.metadata.scope = scope("openid");
    let updated = store.update_client(changed.clone(), token(1), origin(NOW)).await.unwrap();
    assert_eq!(updated, Managing::Done);
    ear.heard(&[OAuthFact::ClientUpdated { client: client_id() }], NOW).await;
    let again = store.update_client(registrant(client_id(), 3), token(1), origin(NOW)).await.unwrap();
    assert_eq!(again, Managing::Refused);
    assert_eq!(store.delete_client(client_id(), token(1), origin(NOW)).await.unwrap(), Managing::Refused);
    ear.silence().await;
    assert_same(&store.find_client(&client_id()).await.unwrap().unwrap(), &changed);
}

/// Nobody manages a client that has no token, that is shut out, or that is not there.
pub async fn a_client_without_a_token_is_not_managed<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let third = ClientId::parse("third").unwrap();
    store.register_client(registrant(third.clone(), 1), ROOM, origin(NOW)).await.unwrap();
    store.disable_client(third.clone(), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for id in [client_id(), third, ClientId::parse("nobody").unwrap()] {
        let updated = store.update_client(registrant(id.clone(), 2), token(1), origin(NOW)).await.unwrap();
        assert_eq!(updated, Managing::Refused, "{id}");
        let deleted = store.delete_client(id.clone(), token(1), origin(NOW)).await.unwrap();
        assert_eq!(deleted, Managing::Refused, "{id}");
    }
    ear.silence().await;
}

/// A deleted client takes along all that it held, and nobody is asked for it any more; others keep theirs.
pub async fn a_deleted_client_takes_everything_along<S: OAuthStore + AuditTrail>(store: &S) {
    with_family(store).await;
    with_taken(store).await;
    let others = Grant { client: other_client_id(), ..grant(3) };
    store.issue_code(others, code(3), None, origin(NOW)).await.unwrap();
    let consent = consent("openid");
    let remembered = Approval { asked: Asked::Now { remember: Some(consent) }, ..approval(2) };
    assert_eq!(store.approve_interaction(remembered, origin(NOW)).await.unwrap(), Closing::Closed);
    store.begin_interaction(interaction(4), ROOM, origin(NOW)).await.unwrap();
    store.bind_interaction(interaction(4).id, alice(), origin(NOW)).await.unwrap();
    let mut theirs = interaction(5);
    theirs.request.client_id = other_client_id();
    store.begin_interaction(theirs.clone(), ROOM, origin(NOW)).await.unwrap();
    store.put_client(registrant(client_id(), 1), origin(NOW)).await.unwrap();

    let mut ear = Ear::on(store).await;
    assert_eq!(store.delete_client(client_id(), token(1), origin(NOW)).await.unwrap(), Managing::Done);
    let died = |n| OAuthFact::GrantRevoked {
        grant: grant_id(n),
        client: client_id(),
        reason: RevocationReason::ClientDeleted,
    };
    ear.heard(&[OAuthFact::ClientDeleted { client: client_id() }, died(1), died(2)], NOW).await;

    assert!(store.find_client(&client_id()).await.unwrap().is_none());
    assert!(store.find_consent(&alice(), &client_id()).await.unwrap().is_none());
    assert!(store.find_code(code(1).id).await.unwrap().unwrap().revoked);
    assert!(store.find_access_token(access_token(1, None).id).await.unwrap().unwrap().revoked);
    let waiting = store.find_interaction(interaction(4).id).await.unwrap().unwrap();
    assert_eq!(waiting.state, InteractionState::Denied);
    let asked = store.find_interaction(theirs.id).await.unwrap().unwrap();
    assert_eq!(asked.state, InteractionState::Open);
    let late = Approval { interaction: waiting.id, ..approval(4) };
    assert_eq!(store.approve_interaction(late, origin(NOW)).await.unwrap(), Closing::Gone);
    assert!(!store.find_code(code(3).id).await.unwrap().unwrap().revoked);
    assert!(store.find_client(&other_client_id()).await.unwrap().is_some());
}

/// No code comes for a client that was deleted while its request was under way.
pub async fn no_code_is_issued_to_a_deleted_client<S: OAuthStore + AuditTrail>(store: &S) {
    register(store, client_id()).await;
    store.delete_client(client_id(), token(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let issuing = store.issue_code(grant(1), code(1), None, origin(NOW)).await.unwrap();
    assert_eq!(issuing, Issuing::ClientDisabled);
    ear.silence().await;
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
}

/// Whoever registers and never gets anything makes room after a while, the oldest first; nobody is asked for it any more.
pub async fn an_unused_registration_ends<S: OAuthStore + AuditTrail>(store: &S) {
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    let id = |text: &str| ClientId::parse(text).unwrap();
    with_clients(store).await;
    for (name, seconds) in [("c", 1), ("b", 2), ("a", 3)] {
        let client = Client { registered_at: Some(at(seconds)), ..registrant(id(name), 1) };
        store.register_client(client, ROOM, origin(at(seconds))).await.unwrap();
    }
    let mut asked = interaction(4);
    asked.request.client_id = id("c");
    store.begin_interaction(asked.clone(), ROOM, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let expire = async |before, limit| store.expire_unused_clients(before, limit, origin(NOW)).await.unwrap();
    assert_eq!(expire(NOW, 10).await, 0);
    ear.silence().await;
    for (before, limit, gone) in [(at(2), 1, "c"), (at(2), 10, "b"), (at(3), 10, "a")] {
        assert_eq!(expire(before, limit).await, 1, "{gone}");
        ear.heard(&[OAuthFact::ClientExpired { client: id(gone) }], NOW).await;
        assert!(store.find_client(&id(gone)).await.unwrap().is_none());
    }
    let asked = store.find_interaction(asked.id).await.unwrap().unwrap();
    assert_eq!(asked.state, InteractionState::Denied);
    assert!(store.find_client(&client_id()).await.unwrap().is_some(), "it did not register itself");
    assert_eq!(register(store, id("c")).await, Registering::Registered, "there is room again");
}

/// Whoever has got a code or a token is no stranger, however long ago that was; who was shut out stays so, and what the
/// host wrote over is the host's.
pub async fn a_registration_in_use_stays<S: OAuthStore + AuditTrail>(store: &S) {
    let id = |text: &str| ClientId::parse(text).unwrap();
    for name in ["asks", "approved", "robot", "shut", "written", "deleted"] {
        register(store, id(name)).await;
    }
    let by = |n, client: &str| Grant { client: id(client), ..grant(n) };
    store.issue_code(by(1, "asks"), code(1), None, origin(NOW)).await.unwrap();
    let mut waiting = interaction(2);
    waiting.request.client_id = id("approved");
    store.begin_interaction(waiting.clone(), ROOM, origin(NOW)).await.unwrap();
    store.bind_interaction(waiting.id, alice(), origin(NOW)).await.unwrap();
    let yes = Approval { interaction: waiting.id, grant: by(2, "approved"), ..approval(2) };
    assert_eq!(store.approve_interaction(yes, origin(NOW)).await.unwrap(), Closing::Closed);
    let own = AccessToken { client: id("robot"), ..access_token(3, None) };
    store.issue_access_token(own, origin(NOW)).await.unwrap();
    store.disable_client(id("shut"), origin(NOW)).await.unwrap();
    store.put_client(client(id("written")), origin(NOW)).await.unwrap();
    store.delete_client(id("deleted"), token(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let much_later = NOW.plus(Duration::from_secs(1_000_000_000));
    assert_eq!(store.expire_unused_clients(much_later, 100, origin(NOW)).await.unwrap(), 0);
    ear.silence().await;
    for name in ["asks", "approved", "robot", "shut", "written"] {
        assert!(store.find_client(&id(name)).await.unwrap().is_some(), "{name}");
    }
}

/// A secret that is sealed anew takes the place of the one it was opened from, and of no other.
pub async fn a_sealed_secret_gives_way_to_itself<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    register(store, ClientId::parse("third").unwrap()).await;
    let third = || ClientId::parse("third").unwrap();
    let sealed = |text: &str| text.as_bytes().to_vec();
    let mut ear = Ear::on(store).await;
    for (id, before) in
        [(third(), "another"), (client_id(), "sealed"), (ClientId::parse("nobody").unwrap(), "sealed")]
    {
        let done = store.reseal_client_secret(id, sealed(before), sealed("anew"), origin(NOW)).await.unwrap();
        assert!(!done, "{before}");
    }
    ear.silence().await;
    assert!(
        store.reseal_client_secret(third(), sealed("sealed"), sealed("anew"), origin(NOW)).await.unwrap()
    );
    ear.heard(&[OAuthFact::ClientSecretResealed { client: third() }], NOW).await;
    let found = store.find_client(&third()).await.unwrap().unwrap();
    assert_same(&found, &Client { sealed_secret: Some(sealed("anew")), ..registrant(third(), 1) });
}

fn documented(id: &str, ends_after: u64) -> Client {
    let refresh_at = NOW.plus(Duration::from_secs(ends_after / 2));
    let ends_at = NOW.plus(Duration::from_secs(ends_after));
    let times = DocumentTimes { refresh_at, ends_at };
    Client { secret: None, document: Some(times), ..client(ClientId::parse(id).unwrap()) }
}

async fn keep<S: OAuthStore>(store: &S, client: Client, limit: u32) -> KeepingDocument {
    store.keep_client_document(client, limit, origin(NOW)).await.unwrap()
}

/// A client's own document reads back whole, and is on record when it says something new.
pub async fn a_client_document_is_kept<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let first = documented("https://app.example/client", 60);
    let active = KeepingDocument::Kept(ClientState::Active);
    assert_eq!(keep(store, first.clone(), ROOM).await, active);
    ear.heard(&[OAuthFact::ClientDocumentRead { client: first.id.clone() }], NOW).await;
    assert_same(&store.find_client(&first.id).await.unwrap().unwrap(), &first);

    let longer = documented("https://app.example/client", 120);
    assert_eq!(keep(store, longer.clone(), ROOM).await, active);
    ear.silence().await;
    assert_same(&store.find_client(&first.id).await.unwrap().unwrap(), &longer);

    let mut other = longer;
    other.metadata.scope = scope("openid");
    assert_eq!(keep(store, other.clone(), ROOM).await, active);
    ear.heard(&[OAuthFact::ClientDocumentRead { client: other.id }], NOW).await;
}

/// A document takes nobody's place who is registered.
pub async fn a_client_document_replaces_no_registration<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    let intruder = documented(client_id().as_str(), 60);
    assert_eq!(keep(store, intruder, ROOM).await, KeepingDocument::Registered);
    ear.silence().await;
    assert_same(&store.find_client(&client_id()).await.unwrap().unwrap(), &client(client_id()));
}

/// There are no more documents than there may be; those that have ended give way.
pub async fn client_documents_are_bounded<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let kept = KeepingDocument::Kept(ClientState::Active);
    assert_eq!(keep(store, documented("https://a.example/", 60), 2).await, kept);
    assert_eq!(keep(store, documented("https://b.example/", 0), 2).await, kept);
    assert_eq!(keep(store, documented("https://c.example/", 60), 2).await, kept);
    assert!(store.find_client(&documented("https://b.example/", 0).id).await.unwrap().is_none());
    assert_eq!(keep(store, documented("https://d.example/", 60), 2).await, KeepingDocument::Full);
    assert_eq!(keep(store, documented("https://a.example/", 90), 2).await, kept);
}

/// Whoever was shut out stays so, whatever its document says, and for how long.
pub async fn a_disabled_document_stays_disabled<S: OAuthStore + AuditTrail>(store: &S) {
    let shut_out = documented("https://a.example/", 0);
    keep(store, shut_out.clone(), ROOM).await;
    store.disable_client(shut_out.id.clone(), origin(NOW)).await.unwrap();
    keep(store, documented("https://b.example/", 60), ROOM).await;
    let again = keep(store, documented("https://a.example/", 60), ROOM).await;
    assert_eq!(again, KeepingDocument::Kept(ClientState::Disabled));
    assert_eq!(store.find_client(&shut_out.id).await.unwrap().unwrap().state, ClientState::Disabled);
}
