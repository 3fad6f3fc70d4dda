//! The cleaner takes what can no longer matter, and nothing else.
#![cfg(all(feature = "inbound", feature = "outbound"))]

mod house;

use house::{DAY, MINUTE, NOW, client, code, grant, id, login, origin, redemption, rotation, user};
use towergate_core::{
    Digest, StoreError, Timestamp, audit::chain::SealStore, clock::KEPT_PAST_END, id::Uuid,
};
use towergate_identity::{
    ports::{
        EmailTokenStore, TryStore,
        email_token::InVain,
        session::{Establishment, SessionStore},
        user::UserStore,
    },
    rules::{
        email::EmailAddress,
        email_token::{EmailToken, EmailTokenId, EmailTokenState, Purpose},
        lockout::{CredentialClass, LockoutPolicy, TryKey},
        mail::{MailId, MailKind, MailLimit, OutboxMail},
        user::UserId,
    },
};
use towergate_oauth::{
    ports::{
        ClientStore, LogoutStore,
        grant::{GrantStore, Redeemed, Rotated},
        interaction::InteractionStore,
        pushed_request::PushedRequestStore,
        replay::{Remembering, ReplayStore},
    },
    rules::{
        interaction::AuthorizationRequest,
        logout::Delivery,
        pushed_request::{PushedRequest, PushedRequestId, Room},
        single_use::{SingleUse, SingleUseKind},
    },
};
use towergate_rate_limit::{Bucket, RateKey, RatePolicy, RateStore, Taking};
use towergate_sqlite::{Cleaned, SqliteStore};

const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);

/// By whichever clock, it is `now` or later.
async fn clean(store: &SqliteStore, now: Timestamp) -> Result<Cleaned, StoreError> {
    store.cleanup(now.plus(KEPT_PAST_END)).await
}

#[tokio::test]
async fn sessions_go_when_they_have_ended() {
    let store = SqliteStore::in_memory().unwrap();
    store.add_user(user(1), origin(NOW)).await.unwrap();
    store.establish_session(login(2, NOW), origin(NOW)).await.unwrap();
    store.establish_session(login(3, NOW.plus(MINUTE)), origin(NOW.plus(MINUTE))).await.unwrap();
    let end = NOW.plus(MINUTE);
    assert_eq!(clean(&store, NOW).await.unwrap().sessions, 0);
    assert_eq!(clean(&store, end).await.unwrap().sessions, 1);
    assert!(store.load_session(login(3, end).session.id, end).await.unwrap().is_some());
}

#[tokio::test]
async fn a_replaced_identifier_goes_at_the_end_that_its_session_had() {
    let store = SqliteStore::in_memory().unwrap();
    store.add_user(user(1), origin(NOW)).await.unwrap();
    let first = login(2, NOW).session;
    store.establish_session(login(2, NOW), origin(NOW)).await.unwrap();
    let again = Establishment { replaces: Some(first.id), ..login(3, NOW) };
    store.establish_session(again, origin(NOW)).await.unwrap();
    let before = NOW.plus(DAY).minus(std::time::Duration::from_millis(1));
    assert_eq!(clean(&store, before).await.unwrap().replaced_sessions, 0);
    assert_eq!(clean(&store, NOW.plus(DAY)).await.unwrap().replaced_sessions, 1);
}

#[tokio::test]
async fn an_unspent_code_goes_with_its_grant_when_it_has_expired() {
    let store = SqliteStore::in_memory().unwrap();
    store.put_client(client(), origin(NOW)).await.unwrap();
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    assert_eq!(clean(&store, NOW).await.unwrap().codes, 0);
    let cleaned = clean(&store, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!((cleaned.codes, cleaned.grants), (1, 1));
    assert!(store.find_code(id(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_spent_code_is_remembered_until_its_tokens_are_gone() {
    let store = SqliteStore::in_memory().unwrap();
    store.put_client(client(), origin(NOW)).await.unwrap();
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    store.redeem_code(redemption(1, NOW), origin(NOW)).await.unwrap();
    let later = NOW.plus(10 * MINUTE);
    let cleaned = clean(&store, later).await.unwrap();
    assert_eq!((cleaned.access_tokens, cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (1, 0, 0, 0));
    let replay = store.redeem_code(redemption(1, later), origin(later)).await.unwrap();
    assert!(matches!(replay, Redeemed::Replayed { .. }));

    let cleaned = clean(&store, NOW.plus(DAY)).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (1, 1, 1));
}

#[tokio::test]
async fn a_rotated_refresh_token_is_remembered_until_its_family_has_expired() {
    let store = SqliteStore::in_memory().unwrap();
    store.put_client(client(), origin(NOW)).await.unwrap();
    let end = NOW.plus(DAY);
    store.issue_code(grant(1, NOW), code(1, NOW), None, origin(NOW)).await.unwrap();
    store.redeem_code(redemption(1, NOW), origin(NOW)).await.unwrap();
    let rotated = store.rotate_refresh_token(rotation(1, 1, 2, NOW, end), origin(NOW)).await.unwrap();
    assert_eq!(rotated, Rotated::Rotated);
    let late = end.minus(MINUTE);
    let cleaned = clean(&store, late).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.old_answers), (0, 1));
    assert_eq!(clean(&store, late).await.unwrap().old_answers, 0);
    let reused = store.rotate_refresh_token(rotation(1, 1, 3, late, end), origin(late)).await.unwrap();
    assert!(matches!(reused, Rotated::Reused { .. }));
    let cleaned = clean(&store, end).await.unwrap();
    assert_eq!((cleaned.refresh_tokens, cleaned.codes, cleaned.grants), (2, 1, 1));
}

#[tokio::test]
async fn more_than_one_batch_goes_in_one_call() {
    let store = SqliteStore::in_memory().unwrap();
    store.put_client(client(), origin(NOW)).await.unwrap();
    for number in 1..=1001 {
        store.issue_code(grant(number, NOW), code(number, NOW), None, origin(NOW)).await.unwrap();
    }
    let cleaned = clean(&store, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!((cleaned.codes, cleaned.grants), (1001, 1001));
    assert_eq!(clean(&store, NOW.plus(DAY)).await.unwrap(), Cleaned::default());
}

#[tokio::test]
async fn what_was_pushed_goes_when_nobody_answered_it() {
    let store = SqliteStore::in_memory().unwrap();
    let pushed = |n: u128| PushedRequest {
        id: PushedRequestId::from_uuid(id(n)),
        digest: Digest::of(b"reference"),
        request: AuthorizationRequest::new(client().id, String::from("https://app.example/cb")),
        expires_at: NOW.plus(MINUTE),
    };
    for n in 1..=501 {
        store.push_request(pushed(n), Room { all: 1000, own: 1000 }, origin(NOW)).await.unwrap();
    }
    assert_eq!(clean(&store, NOW.plus(MINUTE).minus(MILLISECOND)).await.unwrap().pushed_requests, 0);
    assert_eq!(clean(&store, NOW.plus(MINUTE)).await.unwrap().pushed_requests, 501);
    assert!(store.find_pushed_request(pushed(1).id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_end_of_a_sign_in_is_remembered_for_a_day() {
    let store = SqliteStore::in_memory().unwrap();
    store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    let day = NOW.plus(DAY);
    assert_eq!(
        clean(&store, day.minus(std::time::Duration::from_millis(1))).await.unwrap().ended_sign_ins,
        0
    );
    assert_eq!(clean(&store, day).await.unwrap().ended_sign_ins, 1);
}

#[tokio::test]
async fn what_counted_once_goes_when_it_could_not_come_again() {
    let store = SqliteStore::in_memory().unwrap();
    let once = |n: u32, until| SingleUse::new(SingleUseKind::ClientAssertion, "app", &n.to_string(), until);
    for n in 0..600 {
        let end = NOW.plus(if n == 0 { DAY } else { MINUTE });
        let _ = store.remember_once(once(n, end), origin(NOW)).await.unwrap();
    }
    let end = NOW.plus(MINUTE);
    assert_eq!(clean(&store, end.minus(std::time::Duration::from_millis(1))).await.unwrap().single_use, 0);
    // Each new one takes two along, so that they do not heap up where nobody cleans.
    let _ = store.remember_once(once(600, NOW.plus(DAY)), origin(end.plus(KEPT_PAST_END))).await.unwrap();
    assert_eq!(clean(&store, end).await.unwrap().single_use, 597);
    assert_eq!(store.remember_once(once(0, end), origin(end)).await.unwrap(), Remembering::Seen);
}

#[tokio::test]
async fn old_events_are_forgotten_and_their_numbers_are_not_used_again() {
    let store = SqliteStore::in_memory().unwrap();
    store.put_client(client(), origin(NOW.plus(MINUTE))).await.unwrap();
    // The client was the first.
    for number in 2..=1201 {
        let at = NOW.plus(if number == 700 { DAY } else { MINUTE });
        store.issue_code(grant(number, NOW), code(number, NOW), None, origin(at)).await.unwrap();
    }
    assert_eq!(store.forget_events(NOW.plus(MINUTE), origin(NOW)).await.unwrap(), 0);
    let old = NOW.plus(MINUTE).plus(std::time::Duration::from_millis(1));
    assert_eq!(store.forget_events(old, origin(NOW)).await.unwrap(), 1200);
    let kept: Vec<_> = store.events(0, 10).unwrap().iter().map(|event| event.id).collect();
    assert_eq!(kept, [700], "one of a clock that was ahead");
    assert_eq!(store.forget_events(NOW.plus(2 * DAY), origin(NOW)).await.unwrap(), 1);
    store.issue_code(grant(5000, NOW), code(5000, NOW), None, origin(NOW)).await.unwrap();
    assert_eq!(store.events(0, 10).unwrap().first().unwrap().id, 1202);
}

#[tokio::test]
async fn who_was_told_of_a_logout_is_remembered_for_a_week_and_the_clients_of_a_sign_in_for_a_season() {
    let store = SqliteStore::in_memory().unwrap();
    let mut told = client();
    told.metadata.backchannel_logout_uri = Some(String::from("https://app.example/out"));
    store.put_client(told, origin(NOW)).await.unwrap();
    let sid = String::from("sid-1");
    let mut given = grant(1, NOW);
    given.sign_in.sid = Some(sid.clone());
    store.issue_code(given, code(1, NOW), None, origin(NOW)).await.unwrap();
    store.end_session_grants(sid.clone(), origin(NOW)).await.unwrap();
    assert_eq!(
        clean(&store, NOW.plus(30 * DAY)).await.unwrap().logout_notices,
        0,
        "it was not delivered yet"
    );
    let taken = store.take_due_logouts(NOW, MINUTE, 1, Vec::new()).await.unwrap().remove(0);
    store.finish_logout(taken, Delivery::Delivered, origin(NOW)).await.unwrap();
    let just = std::time::Duration::from_millis(1);
    assert_eq!(clean(&store, NOW.plus(7 * DAY).minus(just)).await.unwrap().logout_notices, 0);
    assert_eq!(clean(&store, NOW.plus(7 * DAY)).await.unwrap().logout_notices, 1);
    assert_eq!(clean(&store, NOW.plus(90 * DAY).minus(just)).await.unwrap().sign_in_clients, 0);
    assert_eq!(store.clients_of_session(&sid).await.unwrap().len(), 1);
    assert_eq!(clean(&store, NOW.plus(90 * DAY)).await.unwrap().sign_in_clients, 1);
}

#[tokio::test]
async fn tries_at_an_address_that_nobody_has_are_forgotten_after_a_quiet_day() {
    let store = SqliteStore::in_memory().unwrap();
    let nobody = |n: u32| TryKey::of_nobody(CredentialClass::Password, &format!("nobody-{n}@example.com"));
    let somebody = TryKey::of_user(CredentialClass::Password, user(1).id);
    let policy = LockoutPolicy::default();
    for n in 0..600 {
        store.reserve_try(nobody(n), policy, None, origin(NOW)).await.unwrap();
    }
    store.reserve_try(somebody, policy, None, origin(NOW)).await.unwrap();
    let day = NOW.plus(DAY);
    assert_eq!(clean(&store, day.minus(std::time::Duration::from_millis(1))).await.unwrap().tries, 0);
    assert_eq!(clean(&store, day).await.unwrap().tries, 600);
    assert_eq!(clean(&store, NOW.plus(1000 * DAY)).await.unwrap().tries, 0, "those of a person stay");
}

#[tokio::test]
async fn a_rate_limit_is_forgotten_when_it_is_empty() {
    let store = SqliteStore::in_memory().unwrap();
    let policy = RatePolicy::new(2, 2 * MINUTE);
    let take = |account: &str| {
        let bucket = Bucket { key: RateKey::account("x", account), policy };
        store.take(vec![bucket], NOW)
    };
    for account in ["a", "a", "b"] {
        assert_eq!(take(account).await.unwrap(), Taking::Granted);
    }
    assert_eq!(clean(&store, NOW.plus(MINUTE).minus(MILLISECOND)).await.unwrap().rate_limits, 0);
    assert_eq!(clean(&store, NOW.plus(MINUTE)).await.unwrap().rate_limits, 1);
    assert_eq!(clean(&store, NOW.plus(2 * MINUTE)).await.unwrap().rate_limits, 1);
}

/// As if the clock had stood a year ahead, and did so no more.
#[tokio::test]
async fn what_a_clock_far_ahead_put_off_is_due_again() {
    let store = SqliteStore::in_memory().unwrap();
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

#[tokio::test]
async fn what_was_written_in_vain_goes_when_it_counts_no_more() {
    let (store, limit) = (SqliteStore::in_memory().unwrap(), MailLimit::default());
    let user = UserId::from_uuid(Uuid::from_u128(99));
    let token = EmailToken {
        id: EmailTokenId::from_uuid(Uuid::from_u128(1)),
        digest: Digest::of(b"link"),
        code: Digest::of(b"code"),
        browser: None,
        user,
        email: EmailAddress::parse("nobody@example.com").unwrap(),
        purpose: Purpose::SignIn,
        password: None,
        created_at: NOW,
        expires_at: NOW.plus(10 * MINUTE),
        tries: 0,
        state: EmailTokenState::Open,
    };
    let mail = OutboxMail {
        id: MailId::from_uuid(Uuid::from_u128(2)),
        user,
        kind: MailKind::SignIn,
        domain: String::from("example.com"),
        sealed: vec![7; 2_000],
        created_at: NOW,
        expires_at: NOW.plus(10 * MINUTE),
        attempt: 0,
        forgiven: 0,
    };
    let vain = InVain { token, mail, person: None, asked: "sign_in" };
    store.issue_in_vain(vain, limit, origin(NOW)).await.unwrap();
    for (after, gone) in
        [(10 * MINUTE - MILLISECOND, 0), (10 * MINUTE, 1), (limit.within - MILLISECOND, 0), (limit.within, 1)]
    {
        assert_eq!(clean(&store, NOW.plus(after)).await.unwrap().in_vain, gone, "{after:?}");
    }
}
