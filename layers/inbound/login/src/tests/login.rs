use towergate_core::StoreError;

use super::*;
use crate::{hasher::tests::poll_once, password::REFUSED};

#[tokio::test]
async fn the_right_password_signs_in_and_goes_where_it_was_asked() {
    let host = Host::with_alice().await;
    let form =
        form(&[("email", " Alice@Example.com"), ("password", RIGHT), ("return_to", "/interaction/7?a=b")]);
    let answer = host.post("/login", None, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header(header::LOCATION), "/interaction/7?a=b");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");

    let who = host.get("/", Some(&answer.cookie())).await.body;
    let [succeeded] = &host.events("login.succeeded")[..] else { panic!("one success") };
    assert_eq!(succeeded.actor.id, who);
    assert_eq!(host.events("session.created").len(), 1);
    assert_eq!(host.events("session.created")[0].origin.request, succeeded.origin.request);
}

#[tokio::test]
async fn every_failure_looks_the_same_and_costs_the_same() {
    let host = Host::with_alice().await;
    host.add("bob@example.com", None, UserState::Active).await;
    let carol = host.add("carol@example.com", Some(host.hashed(RIGHT, 16)), UserState::Active).await;
    let origin = Origin::detached(host.clock.now(), &host.random).unwrap();
    host.store.disable_user(carol, origin).await.unwrap();
    host.add("dave@example.com", Some(Secret::from("torn")), UserState::Active).await;

    for (email, password, reason) in [
        (ALICE, "wrong", "wrong_password"),
        ("bob@example.com", RIGHT, "no_password"),
        ("carol@example.com", RIGHT, "disabled"),
        ("dave@example.com", RIGHT, "unreadable_hash"),
        ("nobody@example.com", RIGHT, "unknown_user"),
        ("not an address", RIGHT, "unknown_user"),
    ] {
        let (decided, failed) = (host.hasher.decided(), host.events("login.failed").len());
        let answer = host.sign_in(email, password, None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            answer.body,
            format!("action /login\nemail {email}\nreturn_to /\nmessage {REFUSED}"),
            "{email}"
        );
        assert_eq!(answer.header(header::SET_COOKIE), "");
        assert_eq!(host.hasher.decided(), decided + 1, "{email}");
        let failures = host.events("login.failed");
        assert_eq!(failures.len(), failed + 1);
        assert_eq!(failures[failed].reason, Some(reason));
    }
}

#[tokio::test]
async fn a_password_has_up_to_128_characters_of_any_script() {
    let host = Host::new();
    let long = "語".repeat(128);
    host.add(ALICE, Some(host.hashed(&long, 16)), UserState::Active).await;
    assert_eq!(host.sign_in(ALICE, &long, None).await.status, StatusCode::SEE_OTHER);
    for unusable in [String::new(), "語".repeat(129)] {
        let answer = host.sign_in(ALICE, &unusable, None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(REFUSED));
    }
    assert_eq!(host.events("login.failed")[0].reason, Some("unusable_password"));
}

#[tokio::test]
async fn a_password_typed_on_another_keyboard_is_the_same() {
    let host = Host::new();
    host.add(ALICE, Some(host.hashed("caf\u{e9} cr\u{e8}me", 16)), UserState::Active).await;
    let answer = host.sign_in(ALICE, "cafe\u{301} cre\u{300}me", None).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_is_sent_to_another_host() {
    let host = Host::with_alice().await;
    for away in
        ["https://evil.example", "//evil.example", "/\\evil.example", "/.//evil.example", "javascript:x", ""]
    {
        let query = form(&[("return_to", away)]);
        let page = host.get(&format!("/login?{query}"), None).await;
        assert!(page.body.contains("\nreturn_to /\n"), "{away}: {}", page.body);
        let fields = form(&[("email", ALICE), ("password", RIGHT), ("return_to", away)]);
        let answer = host.post("/login", None, &fields).await;
        assert_eq!(answer.header(header::LOCATION), "/", "{away}");
    }
}

#[tokio::test]
async fn the_page_keeps_where_to_go_and_who_was_hinted_at() {
    let host = Host::new();
    let query = form(&[("return_to", "/interaction/7?x=1"), ("login_hint", ALICE), ("interaction_id", "7")]);
    let page = host.get(&format!("/login?{query}"), None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.body, format!("action /login\nemail {ALICE}\nreturn_to /interaction/7?x=1\nmessage -"));
    assert_eq!(page.header(header::SET_COOKIE), "");
    let torn = host.get("/login?return_to=/a&return_to=/b", None).await;
    assert_eq!(torn.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_is_sent_under_a_strict_policy_without_form_action() {
    let host = Host::with_alice().await;
    for answer in [
        host.get("/login", None).await,
        host.sign_in(ALICE, "wrong", None).await,
        host.post("/login", None, "email=%ff").await,
        host.get("/logout", None).await,
    ] {
        assert_eq!(
            answer.header(header::CONTENT_SECURITY_POLICY),
            "default-src 'none'; style-src 'sha256-x'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn signing_in_again_changes_the_session_id_and_ends_the_old_one() {
    let host = Host::with_alice().await;
    let first = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let second = host.sign_in(ALICE, RIGHT, Some(&first)).await.cookie();
    assert_ne!(first, second);
    assert_eq!(host.get("/", Some(&first)).await.body, "nobody");
    assert_ne!(host.get("/", Some(&second)).await.body, "nobody");
}

#[tokio::test]
async fn what_is_no_form_is_refused_and_nothing_is_written() {
    let host = Host::with_alice().await;
    let before = host.store.events().len();
    let good = form(&[("email", ALICE), ("password", RIGHT)]);
    for (body, status) in [
        (format!("{good}&pad={}", "a".repeat(65_536)), StatusCode::PAYLOAD_TOO_LARGE),
        (format!("{good}&email=bob%40example.com"), StatusCode::BAD_REQUEST),
        (format!("{good}&%70assword=x"), StatusCode::BAD_REQUEST),
        (format!("{good}&x=%zz"), StatusCode::BAD_REQUEST),
        (String::from("email=alice%40example.com"), StatusCode::BAD_REQUEST),
        (String::new(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(host.post("/login", None, &body).await.status, status);
    }
    let mut json = request("POST", "/login", None, &good);
    json.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(host.send(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let other = host.send(request("DELETE", "/login", None, "")).await;
    assert_eq!(
        (other.status, other.header(header::ALLOW)),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, POST")
    );
    assert_eq!((host.store.events().len(), host.hasher.decided()), (before, 0));
}

#[tokio::test]
async fn a_password_in_the_query_is_not_read() {
    let host = Host::with_alice().await;
    let query = form(&[("email", ALICE), ("password", RIGHT)]);
    let answer = host.post(&format!("/login?{query}"), None, "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn too_many_at_once_are_asked_to_come_back() {
    let mut host = Host::with_alice().await;
    host.hasher = host.hasher.with_bounds(1, 0);
    let busy = host.hasher.occupy();
    let answer = host.sign_in(ALICE, RIGHT, None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    drop(busy);
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_store_that_is_away_answers_503_and_one_that_is_broken_500() {
    let host = Host::with_alice().await;
    host.store.set_unavailable(true);
    let answer = host.sign_in(ALICE, RIGHT, None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    host.store.set_unavailable(false);
    host.store.fail_next(StoreError::Refused(String::from("no")));
    let answer = host.sign_in(ALICE, RIGHT, None).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "problem 500"));
    assert!(host.events("session.created").is_empty());
}

#[tokio::test]
async fn a_failure_that_cannot_be_written_down_is_not_answered_as_one() {
    let host = Host::with_alice().await;
    host.store.fail_next(StoreError::unavailable("full"));
    let answer = host.sign_in("not an address", RIGHT, None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_hash_made_in_another_way_is_replaced_at_sign_in() {
    let host = Host::new();
    let alice = host.add(ALICE, Some(host.hashed(RIGHT, 32)), UserState::Active).await;
    assert_eq!(host.sign_in(ALICE, "wrong", None).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(host.events("password.rehashed").is_empty());
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
    assert_eq!(host.events("password.rehashed").len(), 1);
    let stored = host.store.find_user(alice).await.unwrap().unwrap().password.unwrap();
    assert!(stored.expose().contains("$m=16,t=1,p=1$"), "{}", stored.expose());
    assert_eq!(host.sign_in(ALICE, RIGHT, None).await.status, StatusCode::SEE_OTHER);
    assert_eq!(host.events("password.rehashed").len(), 1);
}

#[tokio::test]
async fn whoever_is_shut_out_meanwhile_is_refused() {
    let host = Host::new();
    let alice = host.add(ALICE, Some(host.hashed(RIGHT, 16)), UserState::Active).await;
    let held = host.hasher.hold();
    let mut signing_in = Box::pin(host.sign_in(ALICE, RIGHT, None));
    begin(&mut signing_in).await;
    let origin = Origin::detached(host.clock.now(), &host.random).unwrap();
    host.store.disable_user(alice, origin).await.unwrap();
    drop(held);
    let answer = signing_in.await;
    assert_eq!((answer.status, answer.header(header::SET_COOKIE)), (StatusCode::UNPROCESSABLE_ENTITY, ""));
    assert_eq!(host.events("login.failed")[0].reason, Some("disabled"));
    assert!(host.events("session.created").is_empty());
}

#[tokio::test]
async fn hanging_up_does_not_keep_a_failure_out_of_the_audit_log() {
    let host = Host::with_alice().await;
    let held = host.hasher.hold();
    let mut signing_in = Box::pin(host.sign_in(ALICE, "wrong", None));
    begin(&mut signing_in).await;
    drop(signing_in);
    drop(held);
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.events("login.failed").len(), 1);
}

#[tokio::test]
async fn an_attempt_is_no_older_than_its_form() {
    let host = Host::with_alice().await;
    let clock = host.clock.clone();
    let late =
        Full::<Bytes>::from(form(&[("email", ALICE), ("password", "wrong")])).map_frame(move |frame| {
            clock.advance(Duration::from_secs(3600));
            frame
        });
    let page = service_fn(async |_| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let session = SessionLayer::new(host.store.clone()).clock(host.clock.clone()).random(host.random.clone());
    let request = request("POST", "/login", None, "").map(|_| late);
    let answer = receive(session.layer(host.routes().layer(page)).oneshot(request).await).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(host.events("login.failed")[0].origin.at, host.clock.now());
}

/// Lets a sign-in go as far as it can while the hasher is held.
async fn begin<F: Future + Unpin>(signing_in: &mut F) {
    for _ in 0..10 {
        assert!(poll_once(signing_in).await.is_none());
        tokio::task::yield_now().await;
    }
}
