//! What the client, the operator and the database see when something outside the house fails.

use std::time::Duration;

use http::{StatusCode, header};
use towergate_core::{StoreError, audit::Outcome};
use towergate_oauth::rules::interaction::LIFETIME;

use super::house::{Failure, GOOD, House};

#[tokio::test]
async fn when_current_account_errs_or_panics_the_request_stops_before_anything_is_written() {
    for failure in [Failure::CurrentAccountErrs, Failure::CurrentAccountPanics] {
        let house = House::new().await;
        let mut browser = house.browser();
        let path = browser.get(GOOD).await.return_to();
        house.sign_in("alice");
        browser.get(&path).await;
        let before = house.facts();
        house.host_fails(failure);
        for answer in
            [browser.get(GOOD).await, browser.get(&path).await, browser.post(&path, "decision=allow").await]
        {
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(
                answer.body.starts_with("server_error") && !answer.body.contains("fire"),
                "{}",
                answer.body
            );
        }
        assert_eq!(house.facts(), before);
    }
}

#[tokio::test]
async fn people_are_addressed_as_the_host_says_and_by_what_the_account_says_where_it_cannot() {
    for (failure, said) in [
        (None, "Alice Adams"),
        (Some(Failure::DisplayNameErrs), "alice@example.com"),
        (Some(Failure::DisplayNamePanics), "alice@example.com"),
    ] {
        let house = House::new().await;
        let mut browser = house.browser();
        let path = browser.get(GOOD).await.return_to();
        house.sign_in("alice");
        house.host_knows_them_as("Alice Adams");
        if let Some(failure) = failure {
            house.host_fails(failure);
        }
        for page in [browser.get(&path).await, browser.get("/oauth/end_session").await] {
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            assert!(page.body.contains(said) && !page.body.contains("fire"), "{}", page.body);
        }
    }
}

#[tokio::test]
async fn when_login_redirect_panics_the_client_hears_server_error_and_the_log_hears_why() {
    let house = House::new().await;
    house.host_fails(Failure::LoginRedirectPanics);
    let answer = house.browser().get(GOOD).await;
    assert_eq!(answer.param("error").as_deref(), Some("server_error"));
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    assert!(!answer.location().contains("today"), "{}", answer.location());
    assert_eq!(house.facts(), ["account_resolver.failed"], "no interaction was begun");
    let event = house.store.events().pop().unwrap();
    assert_eq!(event.outcome, Outcome::Failed);
    let problem = event.details.iter().find(|detail| detail.0 == "problem").unwrap();
    assert!(problem.1.contains("no login page today"), "{problem:?}");
}

#[tokio::test]
async fn a_store_that_is_gone_is_503_and_nothing_is_written() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.return_to();
    house.sign_in("alice");
    browser.get(&path).await;
    let before = house.facts();
    house.store.set_unavailable(true);
    for answer in
        [browser.get(GOOD).await, browser.get(&path).await, browser.post(&path, "decision=allow").await]
    {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers[header::RETRY_AFTER], "1");
        assert!(answer.body.starts_with("503 temporarily_unavailable"), "{}", answer.body);
    }
    house.store.set_unavailable(false);
    assert_eq!(house.facts(), before);
    assert!(browser.post(&path, "decision=allow").await.param("code").is_some(), "the question still stands");
}

#[tokio::test]
async fn a_torn_row_is_500_and_says_nothing_of_it() {
    let house = House::new().await;
    let torn =
        StoreError::Corrupt { table: "clients", row: String::from("shop"), problem: String::from("torn") };
    house.store.fail_next(torn);
    let answer = house.browser().get(GOOD).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.starts_with("500 server_error") && !answer.body.contains("torn"), "{}", answer.body);
}

#[tokio::test]
async fn when_as_many_wait_as_may_nothing_more_is_kept_until_there_is_room() {
    let house = House::with(|config| config.max_open_interactions = 2).await;
    let paths = [house.browser().get(GOOD).await.return_to(), house.browser().get(GOOD).await.return_to()];
    assert_ne!(paths[0], paths[1]);
    let before = house.facts();
    let answer = house.browser().get(GOOD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    assert!(answer.body.starts_with("503 temporarily_unavailable"), "{}", answer.body);
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    assert_eq!(house.facts(), before);
    // A store may count one for a minute more.
    house.clock.advance(LIFETIME + Duration::from_secs(60));
    house.browser().get(GOOD).await.return_to();
}
