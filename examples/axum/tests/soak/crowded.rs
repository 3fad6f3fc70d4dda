//! Strangers in the database: all connections are theirs, or the locks that a step needs.

use std::{sync::Arc, time::Duration};

use http::{StatusCode, header};
use tokio::task::{block_in_place, spawn_blocking};
use towergate::core::system::Stopwatch;

use crate::{
    assertion::Machine,
    book::Book,
    client::{Browser, EMAIL, PASSWORD, is_invalid_grant, json, tokens_in},
    fault::{take_connections, throw_out},
    place::Place,
    stranger::Stranger,
    wait::until,
};

/// More than a host waits for a connection, on a busy machine.
const TOLD_WITHIN: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_strangers_have_all_connections_each_request_is_told_to_come_again_and_then_all_goes_on() {
    let place = Place::start(&Arc::<Book>::default(), &[], &Machine::new()).await;
    let (client, mut person) = (&place.client, Browser::default());
    let code = client.obtain_code(&mut person).await;
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());
    let login = Browser::default().try_open(client.leave().0).await.unwrap();
    let right = [("email", EMAIL), ("password", PASSWORD)];

    let mut strangers = block_in_place(|| take_connections(&place)).unwrap();
    // The balancer leads to both hosts in turn.
    for _ in 0..4 {
        let took = Stopwatch::started();
        let (redeemed, refreshed, revoked, known, entered) = tokio::join!(
            client.redeem(&code),
            client.refresh(&tokens.refresh),
            client.revoke(&tokens.refresh),
            client.userinfo(&tokens.access),
            async { Browser::default().try_submit(&login, &right).await }
        );
        for answer in [redeemed, refreshed, revoked, known, entered] {
            let answer = answer.unwrap();
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}: {}", answer.url, answer.text);
            assert!(answer.headers.contains_key(header::RETRY_AFTER), "{}", answer.url);
        }
        assert!(took.elapsed() < TOLD_WITHIN, "told after {:?}", took.elapsed());
        block_in_place(|| throw_out(&place, &mut strangers)).unwrap();
    }

    drop(strangers);
    until(PATIENCE, async || client.userinfo(&tokens.access).await.unwrap().status == StatusCode::OK).await;
    for client in &place.clients {
        until(PATIENCE, async || json(&client.userinfo(&tokens.access).await.unwrap())["email"] == EMAIL)
            .await;
    }
    tokens_in(&client.redeem(&code).await.unwrap());
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()), "spent once it was spent");
    tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_the_database_ends_for_a_deadlock_is_done_again_and_nobody_hears_of_it() {
    let place = Place::start(&Arc::<Book>::default(), &[], &Machine::new()).await;
    let client = &place.client;
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());

    let mut stranger = block_in_place(|| Stranger::at(&place.postgres.socket())).unwrap();
    // They are patient: it is the host's step that the database ends.
    let first = "SET search_path TO towergate; SET deadlock_timeout TO '60s'; BEGIN;
                 SELECT 1 FROM towergate_refresh_tokens FOR UPDATE";
    block_in_place(|| stranger.says(first)).unwrap();
    let asked = tokio::spawn({
        let (client, token) = (client.clone(), tokens.refresh.clone());
        async move { client.refresh(&token).await.unwrap() }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'towergate' AND wait_event_type = 'Lock'";
    until(PATIENCE, async || place.ask(waiting) != "0").await;
    // Now each waits for the other.
    let crossed = spawn_blocking(move || {
        stranger.says("SELECT 1 FROM towergate_grants FOR UPDATE").and_then(|()| stranger.says("COMMIT"))
    });
    crossed.await.unwrap().unwrap();
    let renewed = tokens_in(&asked.await.unwrap());

    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'";
    until(PATIENCE, async || place.ask(deadlocks) != "0").await;
    assert_eq!(json(&client.userinfo(&renewed.access).await.unwrap())["email"], EMAIL);
    let told = "SELECT count(*) FROM towergate.towergate_audit_events WHERE action = 'token.refreshed'";
    assert_eq!(place.ask(told), "1");
}
