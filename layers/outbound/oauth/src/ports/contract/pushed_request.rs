//! Laws of pushed requests: kept whole, for a short time, and answered once.

use std::time::Duration;

use towergate_core::{Digest, StoreError, Timestamp, id::Uuid};
use towergate_oauth_types::ErrorCode;

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, ROOM, alice, assert_same, client_id, code, grant, interaction, origin,
        other_client_id, with_clients,
    },
    interaction::approval,
};
use crate::{
    ports::{
        OAuthStore,
        interaction::{Beginning, Binding, Closing, Issuing},
        pushed_request::{Pushing, Spending},
    },
    rules::{
        client::ClientId,
        fact::OAuthFact,
        interaction::{Interaction, InteractionState},
        pushed_request::{LIFETIME, PushedRequest, PushedRequestId, Room},
    },
};

/// For everybody, and for each client.
const ROOMY: Room = Room { all: ROOM, own: ROOM };

/// The `n`th pushed request; its reference is good for a minute.
pub(super) fn pushed(n: u128) -> PushedRequest {
    PushedRequest {
        id: PushedRequestId::from_uuid(Uuid::from_u128(0x6000 + n)),
        digest: Digest::of(b"reference"),
        request: interaction(n).request,
        expires_at: NOW.plus(LIFETIME),
    }
}

/// The `n`th interaction, which began from the first pushed request.
pub(super) fn begun_from(n: u128) -> Interaction {
    Interaction { pushed: Some(pushed(1).id), ..interaction(n) }
}

/// Registers the clients, and one of them pushes the first request.
pub(super) async fn with_pushed<S: OAuthStore>(store: &S) {
    with_clients(store).await;
    assert_eq!(store.push_request(pushed(1), ROOMY, origin(NOW)).await.unwrap(), Pushing::Pushed);
}

/// The same, from which the first three interactions have begun, all of them Alice's.
pub(super) async fn with_three_begun<S: OAuthStore>(store: &S) {
    with_pushed(store).await;
    for n in 1..4 {
        assert_eq!(begin(store, n, NOW).await, Beginning::Begun);
        let binding = store.bind_interaction(interaction(n).id, alice(), origin(NOW)).await.unwrap();
        assert_eq!(binding, Binding::Bound);
    }
}

async fn begin<S: OAuthStore>(store: &S, n: u128, now: Timestamp) -> Beginning {
    store.begin_interaction(begun_from(n), ROOM, origin(now)).await.unwrap()
}

async fn push<S: OAuthStore>(store: &S, n: u128, all: u32, now: Timestamp) -> Pushing {
    let new = PushedRequest { expires_at: now.plus(LIFETIME), ..pushed(n) };
    store.push_request(new, Room { all, own: ROOM }, origin(now)).await.unwrap()
}

/// A client pushes where there may be so many of its own.
async fn push_for<S: OAuthStore>(store: &S, client: ClientId, n: u128, own: u32, now: Timestamp) -> Pushing {
    let mut new = PushedRequest { expires_at: now.plus(LIFETIME), ..pushed(n) };
    new.request.client_id = client;
    store.push_request(new, Room { all: ROOM, own }, origin(now)).await.unwrap()
}

async fn state<S: OAuthStore>(store: &S, n: u128) -> InteractionState {
    store.find_interaction(interaction(n).id).await.unwrap().unwrap().state
}

/// A pushed request reads back as it was written, and that it came is on record.
pub async fn a_pushed_request_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    let kept = pushed(1);
    assert_eq!(store.push_request(kept.clone(), ROOMY, origin(NOW)).await.unwrap(), Pushing::Pushed);
    ear.heard(&[OAuthFact::RequestPushed { pushed: kept.id, client: client_id() }], NOW).await;
    let found = store.find_pushed_request(kept.id).await.unwrap().unwrap();
    assert_same(&found, &kept);
    assert!(found.digest.matches(&kept.digest));
    assert!(store.find_pushed_request(pushed(2).id).await.unwrap().is_none());
}

/// A second one under one identifier is refused, and the first stays.
pub async fn a_request_is_pushed_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_pushed(store).await;
    let mut ear = Ear::on(store).await;
    let again = PushedRequest { expires_at: NOW, ..pushed(1) };
    let refused = store.push_request(again, ROOMY, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    ear.silence().await;
    assert_same(&store.find_pushed_request(pushed(1).id).await.unwrap().unwrap(), &pushed(1));
}

/// Pushed requests and interactions take up room together; one that is answered makes room.
pub async fn pushed_requests_are_bounded<S: OAuthStore + AuditTrail>(store: &S) {
    with_pushed(store).await;
    assert_eq!(begin(store, 1, NOW).await, Beginning::Begun);
    let mut ear = Ear::on(store).await;
    assert_eq!(push(store, 2, 2, NOW).await, Pushing::Full);
    let full = store.begin_interaction(interaction(2), 2, origin(NOW)).await.unwrap();
    assert_eq!(full, Beginning::Full);
    ear.silence().await;
    assert!(store.find_pushed_request(pushed(2).id).await.unwrap().is_none());
    assert_eq!(store.spend_pushed_request(pushed(1).id, origin(NOW)).await.unwrap(), Spending::Spent);
    assert_eq!(push(store, 2, 2, NOW).await, Pushing::Pushed);
    assert_eq!(push(store, 3, 2, NOW).await, Pushing::Full);
}

/// A client takes up its own share and no more, whatever room there is; others do so no less for it. One that is answered makes
/// room again.
pub async fn a_client_pushes_its_share_and_no_more<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let push = |client, n| push_for(store, client, n, 2, NOW);
    assert_eq!(push(client_id(), 1).await, Pushing::Pushed);
    assert_eq!(push(client_id(), 2).await, Pushing::Pushed);
    let mut ear = Ear::on(store).await;
    assert_eq!(push(client_id(), 3).await, Pushing::ShareTaken);
    ear.silence().await;
    assert!(store.find_pushed_request(pushed(3).id).await.unwrap().is_none());
    assert_eq!(push(other_client_id(), 4).await, Pushing::Pushed);
    assert_eq!(begin(store, 1, NOW).await, Beginning::Begun, "what people ask is no part of it");
    assert_eq!(store.spend_pushed_request(pushed(2).id, origin(NOW)).await.unwrap(), Spending::Spent);
    assert_eq!(push(client_id(), 3).await, Pushing::Pushed);
    assert_eq!(push(client_id(), 5).await, Pushing::ShareTaken);
    let end = pushed(1).takes_room_until();
    assert_eq!(push_for(store, client_id(), 5, 2, end.minus(MILLISECOND)).await, Pushing::ShareTaken);
    let later = end.plus(Duration::from_secs(60));
    assert_eq!(push_for(store, client_id(), 5, 2, later).await, Pushing::Pushed);
}

/// One that nobody answered takes up room for as long as it may be kept, and a minute later at the latest no more.
pub async fn an_old_pushed_request_makes_room<S: OAuthStore + AuditTrail>(store: &S) {
    with_pushed(store).await;
    let end = pushed(1).takes_room_until();
    assert_eq!(push(store, 2, 1, end.minus(MILLISECOND)).await, Pushing::Full);
    assert_eq!(push(store, 2, 1, end.plus(Duration::from_secs(60))).await, Pushing::Pushed);
}

/// It is spent once, in its time.
pub async fn a_pushed_request_is_spent_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_pushed(store).await;
    let id = pushed(1).id;
    let spend = |id, now| async move { store.spend_pushed_request(id, origin(now)).await.unwrap() };
    let end = pushed(1).expires_at;
    assert_eq!(spend(id, end).await, Spending::Gone);
    assert_eq!(spend(pushed(2).id, NOW).await, Spending::Gone);
    let mut ear = Ear::on(store).await;
    assert_eq!(spend(id, end.minus(MILLISECOND)).await, Spending::Spent);
    assert_eq!(spend(id, NOW).await, Spending::Gone);
    ear.silence().await;
    assert!(store.find_pushed_request(id).await.unwrap().is_none());
}

/// Interactions begin from what waits, and from nothing else: several, since a page may be loaded again.
pub async fn an_interaction_begins_from_what_waits<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(begin(store, 1, NOW).await, Beginning::RequestSpent);
    ear.silence().await;
    assert_eq!(push(store, 1, ROOM, NOW).await, Pushing::Pushed);
    let end = pushed(1).expires_at;
    assert_eq!(begin(store, 1, end).await, Beginning::RequestSpent);
    assert_eq!(begin(store, 1, NOW).await, Beginning::Begun);
    assert_eq!(begin(store, 2, end.minus(MILLISECOND)).await, Beginning::Begun);
    let found = store.find_interaction(interaction(2).id).await.unwrap().unwrap();
    assert_same(&found, &begun_from(2));
    assert_eq!(store.spend_pushed_request(pushed(1).id, origin(NOW)).await.unwrap(), Spending::Spent);
    assert_eq!(begin(store, 3, NOW).await, Beginning::RequestSpent);
    assert!(store.find_interaction(interaction(3).id).await.unwrap().is_none());
}

/// A yes ends what it began from and all others that did, and gives one code.
pub async fn a_yes_to_a_pushed_request_closes_the_others<S: OAuthStore + AuditTrail>(store: &S) {
    with_three_begun(store).await;
    store.begin_interaction(interaction(4), ROOM, origin(NOW)).await.unwrap();
    assert_eq!(store.approve_interaction(approval(1), origin(NOW)).await.unwrap(), Closing::Closed);
    only_the_first_was_answered(store, InteractionState::Approved).await;
    let mut second = approval(2);
    second.interaction = interaction(2).id;
    assert_eq!(store.approve_interaction(second, origin(NOW)).await.unwrap(), Closing::Gone);
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
}

/// So does a no.
pub async fn a_no_to_a_pushed_request_closes_the_others<S: OAuthStore + AuditTrail>(store: &S) {
    with_three_begun(store).await;
    store.begin_interaction(interaction(4), ROOM, origin(NOW)).await.unwrap();
    let denied = store.deny_interaction(interaction(1).id, Some(alice()), origin(NOW)).await.unwrap();
    assert_eq!(denied, Closing::Closed);
    only_the_first_was_answered(store, InteractionState::Denied).await;
}

/// So does the server's own no, however long the reference has been good no more.
pub async fn a_refusal_of_a_pushed_request_closes_the_others<S: OAuthStore + AuditTrail>(store: &S) {
    with_three_begun(store).await;
    store.begin_interaction(interaction(4), ROOM, origin(NOW)).await.unwrap();
    let late = interaction(1).expires_at.minus(MILLISECOND);
    let id = interaction(1).id;
    let refused =
        store.refuse_interaction(id, alice(), ErrorCode::LoginRequired, origin(late)).await.unwrap();
    assert_eq!(refused, Closing::Closed);
    only_the_first_was_answered(store, InteractionState::Denied).await;
}

/// The first of three is in this state, the others are closed; the fourth, which began from nothing, is not.
async fn only_the_first_was_answered<S: OAuthStore>(store: &S, first: InteractionState) {
    assert_eq!(state(store, 1).await, first);
    assert_eq!(state(store, 2).await, InteractionState::Denied);
    assert_eq!(state(store, 3).await, InteractionState::Denied);
    assert_eq!(state(store, 4).await, InteractionState::Open);
    assert!(store.find_pushed_request(pushed(1).id).await.unwrap().is_none());
    assert_eq!(store.spend_pushed_request(pushed(1).id, origin(NOW)).await.unwrap(), Spending::Gone);
}

/// A code is issued once for what was pushed, in its time, and closes what began from it.
pub async fn a_pushed_request_gives_one_code<S: OAuthStore + AuditTrail>(store: &S) {
    with_three_begun(store).await;
    store.begin_interaction(interaction(4), ROOM, origin(NOW)).await.unwrap();
    let id = pushed(1).id;
    let issue = |n, now| async move {
        store.issue_pushed_code(id, grant(n), code(n), None, origin(now)).await.unwrap()
    };
    let end = pushed(1).expires_at;
    assert_eq!(issue(1, end).await, Issuing::RequestSpent);
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
    let mut ear = Ear::on(store).await;
    let issued =
        OAuthFact::CodeIssued { code: code(1).id, grant: grant(1).id, client: client_id(), subject: alice() };
    let in_time = end.minus(MILLISECOND);
    assert_eq!(issue(1, in_time).await, Issuing::Issued);
    ear.heard(&[issued], in_time).await;
    assert_eq!(issue(2, NOW).await, Issuing::RequestSpent);
    ear.silence().await;
    assert!(store.find_code(code(1).id).await.unwrap().is_some());
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
    only_the_first_was_answered(store, InteractionState::Denied).await;
}

/// What gives no code leaves what was pushed as it was.
pub async fn a_code_that_is_not_issued_spends_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_three_begun(store).await;
    store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    let issued = store.issue_pushed_code(pushed(1).id, grant(1), code(1), None, origin(NOW)).await.unwrap();
    assert_eq!(issued, Issuing::SignInEnded);
    assert_eq!(state(store, 1).await, InteractionState::Open);
    assert!(store.find_pushed_request(pushed(1).id).await.unwrap().is_some());
}
