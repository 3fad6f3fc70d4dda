//! The cleaner takes what can no longer matter, and nothing else.
#![cfg(feature = "outbound")]

mod grants;

use grants::{DAY, MINUTE, NOW, Place, client, code, grant, id, origin, redemption, rotation};
use towergate_core::{Digest, StoreError, Timestamp, clock::KEPT_PAST_END};
use towergate_oauth::{
    ports::{
        ClientStore, LogoutStore,
        grant::{GrantStore, Redeemed, Rotated},
        interaction::InteractionStore,
        pushed_request::{PushedRequestStore, Pushing},
        replay::{Remembering, ReplayStore},
    },
    rules::{
        interaction::AuthorizationRequest,
        logout::Delivery,
        pushed_request::{PushedRequest, PushedRequestId, Room},
        single_use::{SingleUse, SingleUseKind},
    },
};
use towergate_postgres::{Cleaned, PostgresStore};
use towergate_rate_limit::{Bucket, RateKey, RatePolicy, RateStore, Taking};

const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);

/// By whichever clock, it is `now` or later.
async fn clean(store: &PostgresStore, now: Timestamp) -> Result<Cleaned, StoreError> {
    store.cleanup(now.plus(KEPT_PAST_END)).await
}

#[tokio::test]
async fn an_unspent_code_goes_with_its_grant_when_it_has_expired() {
    let place = Place::new().await;
    let store = &place.store;
    store.put_client(client(), origin(NOW)).await.unwrap();
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    assert_eq!(clean(store, NOW).await.unwrap().codes, 0);
    let cleaned = clean(store, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!((cleaned.codes, cleaned.grants), (1, 1));
    assert!(store.find_code(id(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_spent_code_is_remembered_until_its_tokens_are_gone() {
    let place = Place::new().await;
    let store = &place.store;
    store.put_client(client(), origin(NOW)).await.unwrap();
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    store.redeem_code(redemption(1, NOW), origin(NOW)).await.unwrap();
    let later = NOW.plus(10 * MINUTE);
    let cleaned = clean(store, later).await.unwrap();
    assert_eq!((cleaned.access_tokens, cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (1, 0, 0, 0));
    let replay = store.redeem_code(redemption(1, later), origin(later)).await.unwrap();
    assert!(matches!(replay, Redeemed::Replayed { .. }));

    let cleaned = clean(store, NOW.plus(DAY)).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (1, 1, 1));
}

#[tokio::test]
async fn a_rotated_refresh_token_is_remembered_until_its_family_has_expired() {
    let place = Place::new().await;
    let store = &place.store;
    store.put_client(client(), origin(NOW)).await.unwrap();
    let end = NOW.plus(DAY);
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    store.redeem_code(redemption(1, NOW), origin(NOW)).await.unwrap();
    let rotated = store.rotate_refresh_token(rotation(1, 1, 2, NOW, end), origin(NOW)).await.unwrap();
    assert_eq!(rotated, Rotated::Rotated);
    let late = end.minus(MINUTE);
    let cleaned = clean(store, late).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.old_answers), (0, 1));
    assert_eq!(clean(store, late).await.unwrap().old_answers, 0);
    let reused = store.rotate_refresh_token(rotation(1, 1, 3, late, end), origin(late)).await.unwrap();
    assert!(matches!(reused, Rotated::Reused { .. }));
    let cleaned = clean(store, end).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (2, 1, 1));
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_call() {
    let place = Place::new().await;
    let store = &place.store;
    store.put_client(client(), origin(NOW)).await.unwrap();
    for number in 1..=1001 {
        store.issue_code(grant(number, NOW), code(number, NOW), None, origin(NOW)).await.unwrap();
    }
    let cleaned = clean(store, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!((cleaned.codes, cleaned.grants), (1001, 1001));
    assert_eq!(clean(store, NOW.plus(DAY)).await.unwrap(), Cleaned::default());
}

fn pushed(n: u128) -> PushedRequest {
    PushedRequest {
        id: PushedRequestId::from_uuid(id(n)),
        digest: Digest::of(b"reference"),
        request: AuthorizationRequest::new(client().id, String::from("https://app.example/cb")),
        expires_at: NOW.plus(MINUTE),
    }
}

/// As if the clock had stood a year ahead, and did so no more.
#[tokio::test]
async fn a_share_that_was_taken_under_a_clock_far_ahead_is_given_back() {
    let place = Place::new().await;
    let (store, far) = (&place.store, NOW.plus(365 * DAY));
    let push = |pushed, now| store.push_request(pushed, Room { all: 10, own: 1 }, origin(now));
    let ahead = PushedRequest { expires_at: far.plus(MINUTE), ..pushed(1) };
    assert_eq!(push(ahead, far).await.unwrap(), Pushing::Pushed);
    assert_eq!(push(pushed(2), NOW).await.unwrap(), Pushing::ShareTaken);
    store.cleanup(NOW).await.unwrap();
    assert_eq!(push(pushed(2), NOW).await.unwrap(), Pushing::Pushed);
}

#[tokio::test]
async fn what_was_pushed_goes_when_nobody_answered_it() {
    let place = Place::new().await;
    let store = &place.store;
    for n in 1..=501 {
        store.push_request(pushed(n), Room { all: 1000, own: 1000 }, origin(NOW)).await.unwrap();
    }
    assert_eq!(clean(store, NOW.plus(MINUTE).minus(MILLISECOND)).await.unwrap().pushed_requests, 0);
    assert_eq!(clean(store, NOW.plus(MINUTE)).await.unwrap().pushed_requests, 501);
    assert!(store.find_pushed_request(pushed(1).id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_end_of_a_sign_in_is_remembered_for_a_day() {
    let place = Place::new().await;
    let store = &place.store;
    store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    let day = NOW.plus(DAY);
    assert_eq!(clean(store, day.minus(MILLISECOND)).await.unwrap().ended_sign_ins, 0);
    assert_eq!(clean(store, day).await.unwrap().ended_sign_ins, 1);
}

#[tokio::test]
async fn what_counted_once_goes_when_it_could_not_come_again() {
    let place = Place::new().await;
    let store = &place.store;
    let once = |n: u32, until| SingleUse::new(SingleUseKind::ClientAssertion, "app", &n.to_string(), until);
    for n in 0..600 {
        let end = NOW.plus(if n == 0 { DAY } else { MINUTE });
        let _ = store.remember_once(once(n, end), origin(NOW)).await.unwrap();
    }
    let end = NOW.plus(MINUTE);
    assert_eq!(clean(store, end.minus(MILLISECOND)).await.unwrap().single_use, 0);
    // Each new one takes two along, so that they do not heap up where nobody cleans.
    let _ = store.remember_once(once(600, NOW.plus(DAY)), origin(end.plus(KEPT_PAST_END))).await.unwrap();
    assert_eq!(clean(store, end).await.unwrap().single_use, 597);
    assert_eq!(store.remember_once(once(0, end), origin(end)).await.unwrap(), Remembering::Seen);
}

#[tokio::test]
async fn who_was_told_of_a_logout_is_remembered_for_a_week_and_the_clients_of_a_sign_in_for_a_season() {
    let place = Place::new().await;
    let store = &place.store;
    let mut told = client();
    told.metadata.backchannel_logout_uri = Some(String::from("https://app.example/out"));
    store.put_client(told, origin(NOW)).await.unwrap();
    let sid = String::from("sid-1");
    let mut given = grant(1, NOW);
    given.sign_in.sid = Some(sid.clone());
    store.issue_code(given, code(1, NOW), None, origin(NOW)).await.unwrap();
    store.end_session_grants(sid.clone(), origin(NOW)).await.unwrap();
    assert_eq!(clean(store, NOW.plus(30 * DAY)).await.unwrap().logout_notices, 0, "it was not delivered yet");
    let taken = store.take_due_logouts(NOW, MINUTE, 1, Vec::new()).await.unwrap().remove(0);
    store.finish_logout(taken, Delivery::Delivered, origin(NOW)).await.unwrap();
    assert_eq!(clean(store, NOW.plus(7 * DAY).minus(MILLISECOND)).await.unwrap().logout_notices, 0);
    assert_eq!(clean(store, NOW.plus(7 * DAY)).await.unwrap().logout_notices, 1);
    assert_eq!(clean(store, NOW.plus(90 * DAY).minus(MILLISECOND)).await.unwrap().sign_in_clients, 0);
    assert_eq!(store.clients_of_session(&sid).await.unwrap().len(), 1);
    assert_eq!(clean(store, NOW.plus(90 * DAY)).await.unwrap().sign_in_clients, 1);
}

#[tokio::test]
async fn a_rate_limit_is_forgotten_when_it_is_empty() {
    let place = Place::new().await;
    let store = &place.store;
    let policy = RatePolicy::new(2, 2 * MINUTE);
    let take = |account: &str| {
        let bucket = Bucket { key: RateKey::account("x", account), policy };
        store.take(vec![bucket], NOW)
    };
    for account in ["a", "a", "b"] {
        assert_eq!(take(account).await.unwrap(), Taking::Granted);
    }
    assert_eq!(clean(store, NOW.plus(MINUTE).minus(MILLISECOND)).await.unwrap().rate_limits, 0);
    assert_eq!(clean(store, NOW.plus(MINUTE)).await.unwrap().rate_limits, 1);
    assert_eq!(clean(store, NOW.plus(2 * MINUTE)).await.unwrap().rate_limits, 1);
}

/// A grant that somebody is just exchanging waits for another round, and the cleaner for nobody.
#[tokio::test]
async fn several_clean_at_once_while_others_write() {
    let place = Place::new().await;
    let store = &place.store;
    store.put_client(client(), origin(NOW)).await.unwrap();
    for number in 1..=300 {
        store.issue_code(grant(number, NOW), code(number, NOW), None, origin(NOW)).await.unwrap();
        store.redeem_code(redemption(number, NOW), origin(NOW)).await.unwrap();
    }
    let later = NOW.plus(10 * MINUTE);
    let cleaners = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { clean(&store, later).await.unwrap() })
    });
    let cleaners: Vec<_> = cleaners.collect();
    let writers = (1..=300).map(|number| {
        let store = store.clone();
        let rotation = rotation(number, number, 1000 + number, later, NOW.plus(DAY));
        tokio::spawn(async move { store.rotate_refresh_token(rotation, origin(later)).await.unwrap() })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert_eq!(writer.await.unwrap(), Rotated::Rotated);
    }
    let mut gone = 0;
    for cleaner in cleaners {
        let cleaned = cleaner.await.unwrap();
        assert_eq!((cleaned.codes, cleaned.grants, cleaned.refresh_tokens), (0, 0, 0));
        gone += cleaned.access_tokens;
    }
    assert_eq!(gone + clean(store, later).await.unwrap().access_tokens, 300);
    let end = clean(store, NOW.plus(2 * DAY)).await.unwrap();
    assert_eq!((end.access_tokens, end.refresh_tokens, end.codes, end.grants), (300, 600, 300, 300));
}

/// As if the clock had stood a year ahead, and did so no more.
#[tokio::test]
async fn what_a_clock_far_ahead_put_off_is_due_again() {
    let place = Place::new().await;
    let store = &place.store;
    let mut told = client();
    told.metadata.backchannel_logout_uri = Some(String::from("https://app.example/out"));
    store.put_client(told, origin(NOW)).await.unwrap();
    let mut given = grant(1, NOW);
    given.sign_in.sid = Some(String::from("sid-1"));
    store.issue_code(given, code(1, NOW), None, origin(NOW)).await.unwrap();
    store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    let mut now = NOW;
    for (off, is_stray) in [(6 * 60 * MINUTE, false), (365 * DAY, true)] {
        let taken = store.take_due_logouts(now, MINUTE, 1, Vec::new()).await.unwrap().remove(0);
        let later = Delivery::RetryAt { at: now.plus(off), reason: "unreachable" };
        store.finish_logout(taken, later, origin(now)).await.unwrap();
        store.cleanup(now).await.unwrap();
        let due = store.take_due_logouts(now, MINUTE, 1, Vec::new()).await.unwrap();
        assert_eq!(due.len(), usize::from(is_stray));
        now = now.plus(off);
    }
}
