//! Guessing at passwords.

use super::*;
use crate::password::{REFUSED, TOO_MANY_TRIES};

#[tokio::test]
async fn guessing_is_slowed_and_looks_the_same_at_an_address_that_nobody_has() {
    let host = Host::with_alice().await;
    for email in [ALICE, "nobody@example.com", "not an address"] {
        for _ in 0..5 {
            let answer = host.sign_in(email, "wrong", None).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains(REFUSED));
        }
        let decided = host.hasher.decided();
        let answer = host.sign_in(email, RIGHT, None).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert_eq!(answer.header(header::RETRY_AFTER), "29");
        assert_eq!(
            answer.body,
            format!("action /login\nemail {email}\nreturn_to /\nmessage {TOO_MANY_TRIES}")
        );
        assert_eq!(host.hasher.decided(), decided, "nobody's password is compared");
    }
    let failures = host.events("login.failed");
    assert_eq!(failures.iter().filter(|event| event.reason == Some("too_many_tries")).count(), 3);
}

#[tokio::test]
async fn a_wait_ends_and_a_success_forgets_the_failures() {
    let host = Host::with_alice().await;
    for _ in 0..5 {
        host.sign_in(ALICE, "wrong", None).await;
    }
    host.clock.advance(Duration::from_secs(30));
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        assert_eq!(host.sign_in(ALICE, "wrong", None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(host.sign_in(ALICE, "wrong", None).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn after_a_hundred_failures_the_right_password_looks_wrong_until_the_count_is_forgotten() {
    let host = Host::with_alice().await;
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    for _ in 0..100 {
        host.clock.advance(Duration::from_secs(3600));
        assert_eq!(host.sign_in(ALICE, "wrong", None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    host.clock.advance(Duration::from_secs(3600));
    let answer = host.sign_in(ALICE, RIGHT, None).await;
    assert_eq!((answer.status, answer.body.contains(REFUSED)), (StatusCode::UNPROCESSABLE_ENTITY, true));
    let [blocked] = &host.events("credential.blocked")[..] else { panic!("blocked once") };
    assert_eq!(host.events("login.failed")[100].reason, Some("blocked"));
    assert_eq!(blocked.target.kind, "user");
    drop(cookie);

    let alice = host.store.find_user_by_email(&EmailAddress::parse(ALICE).unwrap()).await.unwrap().unwrap();
    host.store.forget_tries(TryKey::of_user(CredentialClass::Password, alice.id)).await.unwrap();
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_clock_that_was_set_back_lets_nobody_wait_for_ever() {
    let host = Host::with_alice().await;
    for _ in 0..5 {
        host.sign_in(ALICE, "wrong", None).await;
    }
    host.clock.set(host.clock.now().minus(Duration::from_secs(400 * 24 * 3600)));
    let answer = host.sign_in(ALICE, RIGHT, None).await;
    assert_eq!(answer.header(header::RETRY_AFTER), "30");
    host.clock.advance(Duration::from_secs(30));
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_guesses_at_once_are_five() {
    let mut host = Host::with_alice().await;
    host.hasher = host.hasher.with_bounds(4, 64);
    let host = Arc::new(host);
    let guesses: Vec<_> = (0..64)
        .map(|n| {
            let host = Arc::clone(&host);
            tokio::spawn(async move { host.sign_in(ALICE, &format!("guess {n}"), None).await.status })
        })
        .collect();
    let mut tried = 0;
    for guess in guesses {
        tried += usize::from(guess.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The clock moves on by a second with each request: by those, two waits may have passed.
    assert!((5..=7).contains(&tried), "{tried}");
    assert_eq!(host.hasher.decided(), tried as u64);
}
