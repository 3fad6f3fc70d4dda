//! Laws of interactions: one person, one answer, in time.

use std::time::Duration;

use towergate_core::{StoreError, Timestamp};
use towergate_oauth_types::ErrorCode;

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, ROOM, alice, assert_same, bob, client_id, code, grant, grant_id, interaction,
        origin, with_clients,
    },
};
use crate::{
    ports::{
        OAuthStore,
        interaction::{Approval, Asked, Beginning, Binding, Closing},
    },
    rules::{
        fact::OAuthFact,
        grant::{Grant, Subject},
        interaction::{Interaction, InteractionState, LIFETIME},
    },
};

/// An interaction reads back as it was written, and its beginning is on record.
pub async fn an_interaction_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    let kept = interaction(1);
    store.begin_interaction(kept.clone(), ROOM, origin(NOW)).await.unwrap();
    ear.heard(&[OAuthFact::InteractionBegun { interaction: kept.id, client: client_id() }], NOW).await;
    let found = store.find_interaction(kept.id).await.unwrap().unwrap();
    assert_same(&found, &kept);
    assert!(found.browser.matches(&kept.browser));
    assert!(store.find_interaction(interaction(2).id).await.unwrap().is_none());
}

/// A second interaction under one identifier is refused, and the first stays.
pub async fn an_interaction_begins_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let again = Interaction { subject: Some(bob()), ..interaction(1) };
    let refused = store.begin_interaction(again, ROOM, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    ear.silence().await;
    assert!(store.find_interaction(interaction(1).id).await.unwrap().unwrap().subject.is_none());
}

/// When as many as may take up room, no more begin, and nothing is written.
pub async fn interactions_are_bounded<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    for n in [1, 2] {
        assert_eq!(begin(store, n, NOW).await, Beginning::Begun);
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(begin(store, 3, NOW).await, Beginning::Full);
    assert_eq!(begin(store, 3, interaction(1).expires_at.minus(MILLISECOND)).await, Beginning::Full);
    ear.silence().await;
    assert!(store.find_interaction(interaction(3).id).await.unwrap().is_none());
}

/// An interaction that has expired takes up no room, a minute later at the latest.
pub async fn an_expired_interaction_makes_room<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    for n in [1, 2] {
        assert_eq!(begin(store, n, NOW).await, Beginning::Begun);
    }
    let later = interaction(1).expires_at.plus(Duration::from_secs(60));
    assert_eq!(begin(store, 3, later).await, Beginning::Begun);
    assert_eq!(begin(store, 4, later).await, Beginning::Begun);
    assert_eq!(begin(store, 5, later).await, Beginning::Full);
}

/// A yes makes room. A no does not: whoever floods could say it.
pub async fn a_yes_makes_room_and_a_no_does_not<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    assert_eq!(begin(store, 2, NOW).await, Beginning::Begun);
    store.deny_interaction(interaction(2).id, None, origin(NOW)).await.unwrap();
    assert_eq!(begin(store, 3, NOW).await, Beginning::Full);
    assert_eq!(store.approve_interaction(approval(1), origin(NOW)).await.unwrap(), Closing::Closed);
    assert_eq!(begin(store, 3, NOW).await, Beginning::Begun);
    assert_eq!(begin(store, 4, NOW).await, Beginning::Full);
}

/// The first person who takes an interaction has it.
pub async fn an_interaction_belongs_to_the_first_who_takes_it<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let id = interaction(1).id;
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    let binding = [
        store.bind_interaction(id, alice(), origin(NOW)).await.unwrap(),
        store.bind_interaction(id, alice(), origin(NOW)).await.unwrap(),
        store.bind_interaction(id, bob(), origin(NOW)).await.unwrap(),
    ];
    assert_eq!(binding, [Binding::Bound, Binding::Bound, Binding::SomebodyElses]);
    assert_eq!(store.find_interaction(id).await.unwrap().unwrap().subject, Some(alice()));
}

/// Nobody takes an interaction that is closed, expired, or never was; a millisecond before its end they can.
pub async fn an_interaction_is_taken_while_it_waits<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let Interaction { id, expires_at, .. } = interaction(1);
    assert_eq!(store.bind_interaction(id, alice(), origin(NOW)).await.unwrap(), Binding::Gone);
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    assert_eq!(store.bind_interaction(id, alice(), origin(expires_at)).await.unwrap(), Binding::Gone);
    let in_time = origin(expires_at.minus(MILLISECOND));
    assert_eq!(store.bind_interaction(id, alice(), in_time).await.unwrap(), Binding::Bound);
    store.deny_interaction(id, Some(alice()), origin(NOW)).await.unwrap();
    assert_eq!(store.bind_interaction(id, alice(), origin(NOW)).await.unwrap(), Binding::Gone);
}

/// A yes closes the interaction and keeps grant and code in the same step; a second yes gets nothing.
pub async fn a_yes_counts_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let mut ear = Ear::on(store).await;
    let in_time = interaction(1).expires_at.minus(MILLISECOND);
    assert_eq!(store.approve_interaction(approval(1), origin(in_time)).await.unwrap(), Closing::Closed);
    ear.heard(&[given(), issued()], in_time).await;
    assert_eq!(state(store).await, InteractionState::Approved);
    let stored = store.find_code(code(1).id).await.unwrap().unwrap();
    assert_eq!(*stored.grant, grant(1));
    assert!(!stored.spent && !stored.revoked);

    assert_eq!(store.approve_interaction(approval(2), origin(NOW)).await.unwrap(), Closing::Gone);
    assert_eq!(
        store.deny_interaction(interaction(1).id, Some(alice()), origin(NOW)).await.unwrap(),
        Closing::Gone
    );
    ear.silence().await;
    assert!(store.find_code(code(2).id).await.unwrap().is_none());
    assert_eq!(state(store).await, InteractionState::Approved);
}

/// A yes after the end gets nothing.
pub async fn a_late_yes_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let late = origin(interaction(1).expires_at);
    nothing_comes_of(store, approval(1), late).await;
}

/// A yes of a sign-in that has ended meanwhile gets nothing.
pub async fn a_yes_after_signing_out_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    nothing_comes_of(store, approval(1), origin(NOW)).await;
}

/// A yes to a client that was shut out meanwhile gets nothing.
pub async fn a_yes_to_a_disabled_client_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    store.disable_client(client_id(), origin(NOW)).await.unwrap();
    nothing_comes_of(store, approval(1), origin(NOW)).await;
}

/// Another person's yes gets nothing.
pub async fn another_persons_yes_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let bobs = Approval { grant: Grant { subject: bob(), ..grant(1) }, ..approval(1) };
    nothing_comes_of(store, bobs, origin(NOW)).await;
}

/// A yes to an interaction that nobody took gets nothing.
pub async fn a_yes_to_nobodys_interaction_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    nothing_comes_of(store, approval(1), origin(NOW)).await;
}

/// A yes to an interaction that never was gets nothing.
pub async fn a_yes_to_nothing_gets_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(store.approve_interaction(approval(1), origin(NOW)).await.unwrap(), Closing::Gone);
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
    ear.silence().await;
}

/// A yes that the store refuses, because its code is there already, leaves everything as it was.
pub async fn a_refused_yes_leaves_everything_as_it_was<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    store.issue_code(grant(1), code(1), None, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let clash = Approval { grant: Grant { id: grant_id(2), ..grant(1) }, ..approval(1) };
    let refused = store.approve_interaction(clash, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(state(store).await, InteractionState::Open);
    ear.silence().await;
}

/// A no closes the interaction, once.
pub async fn a_no_counts_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let mut ear = Ear::on(store).await;
    let id = interaction(1).id;
    let in_time = interaction(1).expires_at.minus(MILLISECOND);
    assert_eq!(store.deny_interaction(id, Some(alice()), origin(in_time)).await.unwrap(), Closing::Closed);
    ear.heard(&[denied(Some(alice()))], in_time).await;
    assert_eq!(state(store).await, InteractionState::Denied);
    assert_eq!(store.deny_interaction(id, Some(alice()), origin(NOW)).await.unwrap(), Closing::Gone);
    assert_eq!(store.approve_interaction(approval(1), origin(NOW)).await.unwrap(), Closing::Gone);
    ear.silence().await;
    assert!(store.find_code(code(1).id).await.unwrap().is_none());
}

/// Whoever is not signed in may refuse what nobody took.
pub async fn nobody_may_refuse_what_nobody_took<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(store.deny_interaction(interaction(1).id, None, origin(NOW)).await.unwrap(), Closing::Closed);
    ear.heard(&[denied(None)], NOW).await;
}

/// The server's own no closes the interaction, once, for whoever has signed in for it and nobody else.
pub async fn a_refusal_of_the_server_counts_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    store.begin_interaction(interaction(2), ROOM, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let error = ErrorCode::LoginRequired;
    let late = origin(interaction(1).expires_at);
    for (n, who, when) in [(1, bob(), origin(NOW)), (1, alice(), late), (3, alice(), origin(NOW))] {
        let closing = store.refuse_interaction(interaction(n).id, who, error, when).await.unwrap();
        assert_eq!(closing, Closing::Gone);
    }
    ear.silence().await;
    for (n, who) in [(1, alice()), (2, bob())] {
        let (interaction, client) = (interaction(n).id, client_id());
        for closing in [Closing::Closed, Closing::Gone] {
            let closed =
                store.refuse_interaction(interaction, who.clone(), error, origin(NOW)).await.unwrap();
            assert_eq!(closed, closing);
        }
        ear.heard(&[OAuthFact::InteractionRefused { interaction, client, subject: who, error }], NOW).await;
    }
    assert_eq!(state(store).await, InteractionState::Denied);
    assert_eq!(store.approve_interaction(approval(1), origin(NOW)).await.unwrap(), Closing::Gone);
}

/// A no that is late, another person's, nobody's to what somebody took, or to nothing, is not heard.
pub async fn a_no_out_of_place_is_not_heard<S: OAuthStore + AuditTrail>(store: &S) {
    with_taken(store).await;
    let mut ear = Ear::on(store).await;
    let late = origin(interaction(1).expires_at);
    for (n, who, when) in [
        (1, Some(alice()), late),
        (1, Some(bob()), origin(NOW)),
        (1, None, origin(NOW)),
        (2, Some(alice()), origin(NOW)),
    ] {
        let closing = store.deny_interaction(interaction(n).id, who, when).await.unwrap();
        assert_eq!(closing, Closing::Gone);
    }
    assert_eq!(state(store).await, InteractionState::Open);
    ear.silence().await;
}

async fn nothing_comes_of<S: OAuthStore + AuditTrail>(
    store: &S,
    approval: Approval,
    when: towergate_core::audit::Origin,
) {
    let mut ear = Ear::on(store).await;
    let code = approval.code.id;
    assert_eq!(store.approve_interaction(approval, when).await.unwrap(), Closing::Gone);
    assert_eq!(state(store).await, InteractionState::Open);
    assert!(store.find_code(code).await.unwrap().is_none());
    ear.silence().await;
}

/// Begins the first interaction and gives it to Alice.
pub(super) async fn with_taken<S: OAuthStore>(store: &S) {
    with_clients(store).await;
    store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    let binding = store.bind_interaction(interaction(1).id, alice(), origin(NOW)).await.unwrap();
    assert_eq!(binding, Binding::Bound);
}

/// Alice's yes to the first interaction, with the `n`th grant.
pub(super) fn approval(n: u128) -> Approval {
    let asked = Asked::Now { remember: None };
    Approval { interaction: interaction(1).id, grant: grant(n), code: code(n), asked }
}

/// Begins the `n`th interaction at `now` where there is room for two.
async fn begin<S: OAuthStore>(store: &S, n: u128, now: Timestamp) -> Beginning {
    let expires_at = now.plus(LIFETIME);
    let new = Interaction { created_at: now, expires_at, ..interaction(n) };
    store.begin_interaction(new, 2, origin(now)).await.unwrap()
}

async fn state<S: OAuthStore>(store: &S) -> InteractionState {
    store.find_interaction(interaction(1).id).await.unwrap().unwrap().state
}

fn given() -> OAuthFact {
    OAuthFact::ConsentGiven { subject: alice(), client: client_id(), remembered: false }
}

fn issued() -> OAuthFact {
    OAuthFact::CodeIssued { code: code(1).id, grant: grant_id(1), client: client_id(), subject: alice() }
}

fn denied(subject: Option<Subject>) -> OAuthFact {
    OAuthFact::ConsentDenied { interaction: interaction(1).id, client: client_id(), subject }
}
