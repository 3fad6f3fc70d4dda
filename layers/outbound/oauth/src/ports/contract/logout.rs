//! Laws of telling clients that a sign-in ended.

use std::time::Duration;

use towergate_core::{
    Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, bob, client, client_id, code, grant, grant_id, origin, other_client_id, scope,
        with_clients,
    },
};
use crate::{
    ports::{OAuthStore, logout::Finishing},
    rules::{
        client::ClientId,
        fact::OAuthFact,
        grant::{Grant, RevocationReason, SignIn},
        logout::{Delivery, LogoutNotice, NoticeKey},
    },
};

const LEASE: Duration = Duration::from_secs(60);

fn third_client_id() -> ClientId {
    ClientId::parse("third").unwrap()
}

/// Registers a client that is told directly.
async fn with_listener<S: OAuthStore>(store: &S, id: ClientId) {
    with_listener_at(store, id, "https://app.example/out").await;
}

async fn with_listener_at<S: OAuthStore>(store: &S, id: ClientId, uri: &str) {
    let mut listener = client(id);
    listener.metadata.backchannel_logout_uri = Some(uri.to_owned());
    store.put_client(listener, origin(NOW)).await.unwrap();
}

fn in_session(n: u128, client: ClientId, sid: &str) -> Grant {
    Grant { client, sign_in: SignIn { sid: Some(sid.to_owned()), ..grant(n).sign_in }, ..grant(n) }
}

async fn give<S: OAuthStore>(store: &S, n: u128, grant: Grant) {
    store.issue_code(grant, code(n), None, origin(NOW)).await.unwrap();
}

pub(super) fn notice(client: ClientId, attempt: u32) -> LogoutNotice {
    LogoutNotice {
        sid: String::from("sid-1"),
        client,
        host: String::from("app.example"),
        subject: grant(1).subject,
        ended_at: NOW,
        attempt,
        forgiven: 0,
    }
}

/// Two clients that are told, each with a grant in Alice's session.
pub(super) async fn with_session<S: OAuthStore>(store: &S) {
    for (n, id) in [(1, client_id()), (2, other_client_id())] {
        with_listener(store, id.clone()).await;
        give(store, n, in_session(n, id, "sid-1")).await;
    }
}

/// The same, when the session has ended.
pub(super) async fn with_ended_session<S: OAuthStore>(store: &S) {
    with_session(store).await;
    end(store, origin(NOW)).await;
}

async fn end<S: OAuthStore>(store: &S, origin: Origin) {
    store.end_session_grants(String::from("sid-1"), origin).await.unwrap();
}

async fn take<S: OAuthStore>(store: &S, at: Timestamp) -> Vec<LogoutNotice> {
    store.take_due_logouts(at, LEASE, 100, Vec::new()).await.unwrap()
}

/// Every client that had a grant in the session is of it: an offline one, a dead one, one whose session ended.
pub async fn a_client_is_known_by_any_grant_in_the_session<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    store.put_client(client(third_client_id()), origin(NOW)).await.unwrap();
    give(store, 1, in_session(1, other_client_id(), "sid-1")).await;
    give(store, 2, Grant { scope: scope("openid offline_access"), ..in_session(2, client_id(), "sid-1") })
        .await;
    give(store, 3, in_session(3, client_id(), "sid-1")).await;
    give(store, 4, in_session(4, third_client_id(), "sid-2")).await;
    give(store, 5, Grant { sign_in: SignIn { sid: None, ..grant(5).sign_in }, ..grant(5) }).await;
    let both = [client_id(), other_client_id()];
    assert_eq!(store.clients_of_session("sid-1").await.unwrap(), both);
    store.revoke_grant(grant_id(1), RevocationReason::ConsentWithdrawn, origin(NOW)).await.unwrap();
    end(store, origin(NOW)).await;
    assert_eq!(store.clients_of_session("sid-1").await.unwrap(), both);
    assert_eq!(store.clients_of_session("sid-2").await.unwrap(), [third_client_id()]);
    assert!(store.clients_of_session("sid-3").await.unwrap().is_empty());
}

/// A client with a `backchannel_logout_uri` is told once, however many grants it had, whatever became of them, and however
/// often the session ends; no other client is told.
pub async fn a_client_that_asked_for_it_is_told_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_clients(store).await;
    with_listener(store, client_id()).await;
    with_listener(store, third_client_id()).await;
    give(store, 1, Grant { subject: bob(), ..in_session(1, client_id(), "sid-1") }).await;
    give(store, 2, Grant { scope: scope("openid offline_access"), ..in_session(2, client_id(), "sid-1") })
        .await;
    give(store, 3, in_session(3, other_client_id(), "sid-1")).await;
    give(store, 4, in_session(4, client_id(), "sid-2")).await;
    give(store, 5, in_session(5, third_client_id(), "sid-1")).await;
    store.revoke_grant(grant_id(1), RevocationReason::ConsentWithdrawn, origin(NOW)).await.unwrap();
    store.disable_client(third_client_id(), origin(NOW)).await.unwrap();
    assert!(take(store, NOW).await.is_empty(), "before the end");

    let mut ear = Ear::on(store).await;
    end(store, origin(NOW)).await;
    let revoked = OAuthFact::GrantRevoked {
        grant: grant_id(3),
        client: other_client_id(),
        reason: RevocationReason::SessionEnded,
    };
    let queued = OAuthFact::LogoutQueued { sid: String::from("sid-1"), client: client_id() };
    ear.heard(&[revoked, queued], NOW).await;
    end(store, origin(NOW)).await;
    ear.silence().await;
    // Whose session it was says the last grant.
    assert_eq!(take(store, NOW).await, [notice(client_id(), 1)]);
    ear.silence().await;
}

/// What somebody took is nobody else's until the lease is over; then it is due again: who took it may have died.
pub async fn a_notice_belongs_to_one_while_the_lease_holds<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    assert_eq!(store.take_due_logouts(NOW, LEASE, 1, Vec::new()).await.unwrap(), [notice(client_id(), 1)]);
    assert_eq!(
        store.take_due_logouts(NOW, LEASE, 1, Vec::new()).await.unwrap(),
        [notice(other_client_id(), 1)]
    );
    assert!(take(store, NOW.plus(LEASE).minus(MILLISECOND)).await.is_empty());
    let again = take(store, NOW.plus(LEASE)).await;
    assert_eq!(again, [notice(client_id(), 2), notice(other_client_id(), 2)]);
}

/// A failed attempt is made again when it was said to be, and not before; why it failed is on record.
pub async fn a_notice_waits_as_long_as_it_was_told_to<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    let taken = store.take_due_logouts(NOW, LEASE, 1, Vec::new()).await.unwrap().remove(0);
    let at = NOW.plus(2 * LEASE);
    let mut ear = Ear::on(store).await;
    let delivery = Delivery::RetryAt { at, reason: "timeout" };
    let finished = store.finish_logout(taken.clone(), delivery, origin(NOW)).await.unwrap();
    assert_eq!(finished, Finishing::Finished);
    ear.heard(&[OAuthFact::of_delivery(taken.sid, taken.client, 1, delivery)], NOW).await;
    assert_eq!(take(store, at.minus(MILLISECOND)).await, [notice(other_client_id(), 1)]);
    assert_eq!(take(store, at).await, [notice(client_id(), 2)]);
}

/// A notice that was delivered or given up is never due again, not even when the session ends once more.
pub async fn a_finished_notice_is_over<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    let mut ear = Ear::on(store).await;
    for (taken, delivery) in
        take(store, NOW).await.into_iter().zip([Delivery::Delivered, Delivery::GivenUp { reason: "gone" }])
    {
        let finished = store.finish_logout(taken.clone(), delivery, origin(NOW)).await.unwrap();
        assert_eq!(finished, Finishing::Finished);
        ear.heard(&[OAuthFact::of_delivery(taken.sid.clone(), taken.client.clone(), 1, delivery)], NOW).await;
        let again = store.finish_logout(taken, Delivery::Delivered, origin(NOW)).await.unwrap();
        assert_eq!(again, Finishing::Overtaken);
    }
    end(store, origin(NOW)).await;
    ear.silence().await;
    assert!(take(store, NOW.plus(1000 * LEASE)).await.is_empty());
}

/// Whoever comes back after the lease, when somebody else has taken the notice, changes nothing.
pub async fn an_attempt_that_was_overtaken_finishes_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    let slow = take(store, NOW).await.remove(0);
    let later = NOW.plus(LEASE);
    let quick = take(store, later).await.remove(0);
    assert_eq!(slow.client, quick.client);
    let mut ear = Ear::on(store).await;
    let late = store.finish_logout(slow, Delivery::Delivered, origin(later)).await.unwrap();
    assert_eq!(late, Finishing::Overtaken);
    ear.silence().await;
    assert_eq!(
        store.finish_logout(quick, Delivery::Delivered, origin(later)).await.unwrap(),
        Finishing::Finished
    );
}

/// Who has waited longest is told first, so that one client that fails holds up no other.
pub async fn notices_come_in_the_order_in_which_they_wait<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    let taken = take(store, NOW).await;
    for (taken, wait) in taken.into_iter().zip([3 * LEASE, 2 * LEASE]) {
        let delivery = Delivery::RetryAt { at: NOW.plus(wait), reason: "timeout" };
        store.finish_logout(taken, delivery, origin(NOW)).await.unwrap();
    }
    let later = NOW.plus(4 * LEASE);
    assert_eq!(
        store.take_due_logouts(later, LEASE, 1, Vec::new()).await.unwrap(),
        [notice(other_client_id(), 2)]
    );
    assert_eq!(store.take_due_logouts(later, LEASE, 1, Vec::new()).await.unwrap(), [notice(client_id(), 2)]);
}

/// What is due at a host that is busy waits, however long it has waited already, and holds up no other.
pub async fn a_busy_host_holds_up_no_other<S: OAuthStore + AuditTrail>(store: &S) {
    with_session(store).await;
    with_listener_at(store, third_client_id(), "https://Quick.example:8443/out").await;
    give(store, 3, in_session(3, third_client_id(), "sid-1")).await;
    end(store, origin(NOW)).await;
    let slow = || vec![String::from("elsewhere.example"), String::from("app.example")];
    let quick = LogoutNotice { host: String::from("quick.example"), ..notice(third_client_id(), 1) };
    assert_eq!(store.take_due_logouts(NOW, LEASE, 100, slow()).await.unwrap(), [quick]);
    assert!(store.take_due_logouts(NOW, LEASE, 100, slow()).await.unwrap().is_empty());
    assert_eq!(take(store, NOW).await, [notice(client_id(), 1), notice(other_client_id(), 1)]);
}

async fn give_up<S: OAuthStore>(store: &S, at: Timestamp) {
    let taken = store.take_due_logouts(at, LEASE, 1, Vec::new()).await.unwrap().remove(0);
    store.finish_logout(taken, Delivery::GivenUp { reason: "status" }, origin(at)).await.unwrap();
}

fn key(client: ClientId) -> NoticeKey {
    NoticeKey { sid: String::from("sid-1"), client }
}

/// A notice that was given up can be seen, the newest first, with why and after how many attempts.
pub async fn a_notice_that_was_given_up_is_a_dead_letter<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    assert!(store.dead_logouts(10).await.unwrap().is_empty());
    let later = NOW.plus(MILLISECOND);
    give_up(store, NOW).await;
    give_up(store, later).await;
    let letter = |client, died_at| DeadLetter {
        id: key(client),
        kind: "logout",
        destination: String::from("app.example"),
        reason: String::from("status"),
        attempts: 1,
        queued_at: NOW,
        died_at,
        ends_at: None,
    };
    let newest = letter(other_client_id(), later);
    assert_eq!(store.dead_logouts(1).await.unwrap().first(), Some(&newest));
    assert_eq!(store.dead_logouts(10).await.unwrap(), [newest, letter(client_id(), NOW)]);
}

/// A notice waits until it is delivered or given up, also while somebody has it.
pub async fn notices_that_wait_and_that_were_given_up_are_counted<S: OAuthStore + AuditTrail>(store: &S) {
    let counted = async |waiting, dead| {
        assert_eq!(store.logout_backlog().await.unwrap(), Backlog { waiting, dead });
    };
    counted(0, 0).await;
    with_ended_session(store).await;
    counted(2, 0).await;
    give_up(store, NOW).await;
    counted(1, 1).await;
    let taken = take(store, NOW).await.remove(0);
    counted(1, 1).await;
    store.finish_logout(taken, Delivery::Delivered, origin(NOW)).await.unwrap();
    counted(0, 1).await;
}

/// A dead letter that is replayed is due now, with all its attempts before it; once, and on record.
pub async fn a_dead_notice_is_replayed_once<S: OAuthStore + AuditTrail>(store: &S) {
    with_ended_session(store).await;
    let waits = store.replay_logout(key(client_id()), origin(NOW)).await.unwrap();
    assert_eq!(waits, Replaying::Missing, "it waits");
    let slow = notice(client_id(), 1);
    give_up(store, NOW).await;
    give_up(store, NOW).await;
    let later = NOW.plus(LEASE);
    let mut ear = Ear::on(store).await;
    let replay = || store.replay_logout(key(client_id()), origin(later));
    assert_eq!(replay().await.unwrap(), Replaying::Replayed);
    let fact = OAuthFact::LogoutReplayed { sid: String::from("sid-1"), client: client_id() };
    ear.heard(&[fact], later).await;
    assert_eq!(replay().await.unwrap(), Replaying::Missing);
    assert_eq!(store.dead_logouts(10).await.unwrap().len(), 1);
    assert!(take(store, later.minus(MILLISECOND)).await.is_empty());
    assert_eq!(take(store, later).await, [LogoutNotice { forgiven: 1, ..notice(client_id(), 2) }]);
    // Whoever had it before it died comes too late.
    let late = store.finish_logout(slow, Delivery::Delivered, origin(later)).await.unwrap();
    assert_eq!(late, Finishing::Overtaken);
    let nobody = NoticeKey { sid: String::from("sid-2"), client: client_id() };
    assert_eq!(store.replay_logout(nobody, origin(later)).await.unwrap(), Replaying::Missing);
}
