//! Two programs on one PostgreSQL and one Redis, behind a balancer: to people and clients they are one host, and stay one
//! while a program, the database or Redis goes and comes back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[cfg(test)]
#[path = "instances/assertion.rs"]
mod assertion;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "instances/balancer.rs"]
mod balancer;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[path = "instances/clock.rs"]
mod clock;
#[cfg(test)]
#[path = "instances/kept.rs"]
mod kept;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/ledger.rs"]
mod ledger;
#[cfg(test)]
#[path = "instances/load.rs"]
mod load;
#[cfg(test)]
#[path = "instances/passkey.rs"]
mod passkey;
#[cfg(test)]
#[path = "instances/place.rs"]
mod place;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/program.rs"]
mod program;
#[cfg(test)]
#[path = "instances/wait.rs"]
mod wait;

use std::{sync::Arc, time::Duration};

use client::{Browser, Client, EMAIL, PASSWORD, is_invalid_grant, json, tokens_in};
use http::{Method, StatusCode, header};
use kept::Kept;
use load::Load;
use place::Place;
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    oauth::{ports::ClientStore, rules::client::ClientId},
    postgres::PostgresStore,
};
use towergate_test_servers::redis::RedisServer;
use wait::until;

/// How soon every instance knows of another's change of the keys, with `cache_for = "1s"`; twice that, for a busy machine.
const KEYS_KNOWN: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_are_one_host() {
    let place = Place::start().await;
    let client = &place.client;
    what_one_begins_the_other_goes_on_with(&place).await;
    a_machine_proves_itself_once_for_both(&place).await;
    passkey::a_key_is_made_and_shown_across_both(&place).await;
    whoever_signs_out_of_one_is_signed_out_of_the_other(&place).await;
    a_new_key_reaches_both(&place).await;
    a_change_of_a_client_counts_at_both_at_once(&place).await;
    // The last, because nobody gets in after it.
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());
    let store = PostgresStore::connect(&place.database()).await.unwrap();
    let origin = Origin::detached(SystemClock.now(), &OsRandom::new()).unwrap();
    store.disable_client(ClientId::parse("app").unwrap(), origin).await.unwrap();
    for instance in [0, 1] {
        place.balancer.only(instance);
        let refused = client.refresh(&tokens.refresh).await.unwrap();
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "at once: {}", refused.text);
        assert_eq!(client.userinfo(&tokens.access).await.unwrap().status, StatusCode::UNAUTHORIZED);
    }
}

/// Each step at the other instance than the one before.
async fn what_one_begins_the_other_goes_on_with(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let mut codes = Vec::new();
    for (first, second) in [(0, 1), (1, 0)] {
        let mut browser = Browser::default();
        balancer.only(first);
        let (url, verifier) = client.leave();
        let login = browser.try_open(url).await.unwrap();
        balancer.only(second);
        let signed_in =
            browser.try_submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await.unwrap();
        balancer.only(first);
        let consent = browser.try_open(signed_in.redirect().unwrap()).await.unwrap();
        balancer.only(second);
        let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
        codes.push(client::Code { code: client::code_in(&answer), verifier });
    }
    balancer.only(0);
    let tokens = tokens_in(&client.redeem(&codes[0]).await.unwrap());
    balancer.only(1);
    assert!(is_invalid_grant(&client.redeem(&codes[0]).await.unwrap()), "a code that the other redeemed");
    assert!(is_invalid_grant(&client.refresh(&tokens.refresh).await.unwrap()), "what came of it goes too");
    let mut tokens = tokens_in(&client.redeem(&codes[1]).await.unwrap());
    for turn in 0..6 {
        balancer.only(turn % 2);
        tokens = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
        assert_eq!(json(&client.userinfo(&tokens.access).await.unwrap())["email"], EMAIL);
    }
    balancer.any();
}

async fn a_machine_proves_itself_once_for_both(place: &Place) {
    for (first, second) in [(0, 1), (1, 0)] {
        let assertion = place.machine.assertion(&place.client.issuer);
        place.balancer.only(first);
        let answer = place.machine.token(&place.client, &assertion).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        place.balancer.only(second);
        let answer = place.machine.token(&place.client, &assertion).await;
        assert_eq!(json(&answer)["error"], "invalid_client", "{}", answer.text);
    }
    place.balancer.any();
}

async fn whoever_signs_out_of_one_is_signed_out_of_the_other(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let mut browser = Browser::default();
    client.obtain_code(&mut browser).await;
    // The same cookie at both, twice, so that each has read the session and Redis holds it.
    for instance in [0, 1, 0, 1] {
        balancer.only(instance);
        let front = browser.try_open(client.at("/")).await.unwrap();
        assert!(front.says("You are Alice"), "{}", front.text);
    }
    let mut elsewhere = browser.clone();
    balancer.only(0);
    let front = browser.try_open(client.at("/")).await.unwrap();
    browser.try_submit(&front, &[]).await.unwrap();
    for instance in [1, 0] {
        balancer.only(instance);
        let front = elsewhere.clone().try_open(client.at("/")).await.unwrap();
        assert!(front.says("You are not signed in"), "{}", front.text);
    }
    let account = elsewhere.try_send(Method::GET, client.at("/account/security"), &[], "").await.unwrap();
    assert_eq!(account.status, StatusCode::SEE_OTHER, "{}", account.text);
    balancer.any();
}

async fn a_new_key_reaches_both(place: &Place) {
    let before = keys_of(place, 0).await;
    assert_eq!(before, keys_of(place, 1).await, "both sign with the same keys");
    place.keys(&["rotate"]);
    for instance in [0, 1] {
        until(KEYS_KNOWN, async || keys_of(place, instance).await.len() > before.len()).await;
    }
    assert_eq!(keys_of(place, 0).await, keys_of(place, 1).await);
    // One that is in wrong hands leaves both as soon.
    place.keys(&["revoke", &before[0]]);
    for instance in [0, 1] {
        until(KEYS_KNOWN, async || !keys_of(place, instance).await.contains(&before[0])).await;
    }
}

/// Each request reads its client anew.
async fn a_change_of_a_client_counts_at_both_at_once(place: &Place) {
    let store = PostgresStore::connect(&place.database()).await.unwrap();
    let origin = || Origin::detached(SystemClock.now(), &OsRandom::new()).unwrap();
    let found = store.find_client(&ClientId::parse("app").unwrap()).await.unwrap();
    let before = Arc::unwrap_or_clone(found.unwrap());
    let mut changed = before.clone();
    changed.metadata.redirect_uris = vec![String::from("https://elsewhere.example/callback")];
    for (client, path) in [(changed, "/oauth/authorize"), (before, "/login")] {
        store.put_client(client, origin()).await.unwrap();
        for instance in [0, 1] {
            place.balancer.only(instance);
            let led = Browser::default().try_open(place.client.leave().0).await.unwrap();
            assert_eq!(led.url.path(), path, "{}", led.text);
        }
    }
    place.balancer.any();
}

/// The identifiers of the keys that an instance publishes.
async fn keys_of(place: &Place, instance: usize) -> Vec<String> {
    place.balancer.only(instance);
    let keys = json(&Browser::default().try_open(place.client.at("/oauth/jwks")).await.unwrap());
    let mut names: Vec<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_programs_start_again_in_turn_and_nobody_notices() {
    let mut place = Place::start().await;
    let load = Load::start(&place.client);
    load.goes_on().await;
    for instance in [0, 1] {
        // As whoever rolls out does: nothing new, the answers to what was sent, then the word to end.
        place.balancer.drain(instance).await;
        place.stop(instance);
        load.goes_on().await;
        place.start_again(instance);
        place.balancer.with(instance);
        load.goes_on().await;
    }
    let walked = load.end().await;
    assert_eq!((walked.lost, walked.refused), (0, 0), "each request was answered");
    walked.check(&place.client).await;
    place.check_rows();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_ten_minutes_ahead_at_one_of_them_makes_nothing_count_twice() {
    let ahead = "[development]\ninsecure_clock_offset = \"10m\"\n";
    let place = Place::start_with(RedisServer::private, "", ["", ahead]).await;
    with_a_clock_ahead(&place).await;
}

/// Marks in the database, where the one ahead cleans too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_marks_are_in_the_database() {
    let ahead = "[development]\ninsecure_clock_offset = \"10m\"\n";
    let marks = "replay_marks = \"database\"";
    let mut place = Place::start_with(RedisServer::private, marks, ["", ahead]).await;
    clock::an_assertion_counts_once(&place).await;
    let assertion = place.machine.assertion_of(&place.client.issuer, 0, 300);
    place.balancer.only(0);
    assert_eq!(place.machine.token(&place.client, &assertion).await.status, StatusCode::OK);
    // It cleans when it starts, and the assertion is long over to it.
    place.stop(1);
    place.start_again(1);
    let again = place.machine.token(&place.client, &assertion).await;
    assert_eq!(json(&again)["error"], "invalid_client", "{}", again.text);
}

async fn with_a_clock_ahead(place: &Place) {
    clock::the_one_ahead_says_that_it_is_not_ready(place).await;
    clock::whoever_signs_in_or_out_at_one_does_so_at_both(place).await;
    clock::a_code_counts_once_and_is_good_at_one_of_them_at_least(place).await;
    clock::a_refresh_token_is_rotated_at_either_and_counts_once(place).await;
    clock::an_access_token_is_over_where_its_time_is(place).await;
    clock::an_assertion_counts_once(place).await;
    clock::a_mailed_proof_is_good_at_the_other_and_once(place).await;
    clock::guesses_are_counted_at_both_together_and_nobody_is_shut_out(place).await;
    clock::the_audit_log_is_one_and_proven(place).await;
    // A limit is no lever either way: whoever signs in at one after the other passes.
    for instance in [0, 1, 0] {
        place.balancer.only(instance);
        assert!(signs_in(&place.client).await);
    }
    place.balancer.any();
}

/// Nobody tells the balancer: what tells clients to go elsewhere are the programs that end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_ends_loses_no_request_though_nobody_sent_them_elsewhere_before() {
    let mut place = Place::start().await;
    let (load, kept) = (Load::start(&place.client), Kept::start(&place.client));
    for restart in 0..10 {
        load.steps(restart % 5).await;
        place.stop(restart % 2);
        place.start_again(restart % 2);
        kept.goes_on().await;
    }
    load.goes_on().await;
    let (connected, answered, lost) = kept.end().await;
    assert_eq!(lost, 0, "{answered} answered on {connected} connections");
    assert!(connected > 10, "they were told to go: {connected} connections for {answered} answers");
    let walked = load.end().await;
    assert_eq!((walked.lost, walked.refused), (0, 0), "each request was answered");
    walked.check(&place.client).await;
    place.check_rows();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_program_is_killed_again_and_again_and_the_other_goes_on() {
    let mut place = Place::start().await;
    for kill in 0..8 {
        let load = Load::start(&place.client);
        load.steps(1 + 3 * kill).await;
        place.kill(kill % 2);
        load.goes_on().await;
        place.start_again(kill % 2);
        let walked = load.end().await;
        assert_eq!(walked.refused, 0, "the other goes on");
        walked.check(&place.client).await;
    }
    place.check_rows();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_killed_and_comes_back_and_nothing_is_given_out_twice() {
    let place = Place::start().await;
    for _ in 0..2 {
        let load = Load::start(&place.client);
        load.goes_on().await;
        place.kill_database();
        load.is_refused().await;
        place.start_database();
        load.goes_on().await;
        let walked = load.end().await;
        assert_eq!(walked.lost, 0, "each request was answered");
        walked.check(&place.client).await;
        place.check_rows();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_goes_and_comes_back_and_no_end_of_a_session_is_hidden() {
    let place = Place::start().await;
    let client = &place.client;
    let mut browser = Browser::default();
    let code = client.obtain_code(&mut browser).await;
    let mut tokens = tokens_in(&client.redeem(&code).await.unwrap());
    let assertion = place.machine.assertion(&client.issuer);
    assert_eq!(place.machine.token(client, &assertion).await.status, StatusCode::OK);

    tokio::task::block_in_place(|| place.redis.kill());
    for instance in [0, 1] {
        place.balancer.only(instance);
        let front = browser.try_open(client.at("/")).await.unwrap();
        assert!(front.says("You are Alice"), "sessions are read in the database: {}", front.text);
        tokens = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
        // What would have to be marked, counted or closed there waits.
        is_away(&place.machine.token(client, &place.machine.assertion(&client.issuer)).await);
        is_away(&browser.clone().try_submit(&front, &[]).await.unwrap());
        let login = Browser::default().try_open(client.leave().0).await.unwrap();
        is_away(
            &Browser::default().try_submit(&login, &[("email", EMAIL), ("password", "x")]).await.unwrap(),
        );
        let front = browser.try_open(client.at("/")).await.unwrap();
        assert!(front.says("You are Alice"), "nobody was told that it ended: {}", front.text);
    }

    tokio::task::block_in_place(|| place.redis.start());
    for instance in [0, 1] {
        place.balancer.only(instance);
        until(Duration::from_secs(10), async || signs_in(client).await).await;
        // It may have forgotten what was shown, so it takes nothing yet: what was shown before least of all.
        is_away(&place.machine.token(client, &assertion).await);
        tokens = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    }
    place.balancer.only(0);
    let mut elsewhere = browser.clone();
    let front = browser.try_open(client.at("/")).await.unwrap();
    let ended = browser.try_submit(&front, &[]).await.unwrap();
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text);
    place.balancer.only(1);
    let front = elsewhere.try_open(client.at("/")).await.unwrap();
    assert!(front.says("You are not signed in"), "{}", front.text);
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()));
}

/// What was shown before is still known, and whoever signs anew is served at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_marks_are_kept_through_a_restart_of_redis_clients_go_on_at_once() {
    for (redis, marks) in [
        (RedisServer::private_keeping_all as fn() -> RedisServer, "redis-keeps-all"),
        (RedisServer::private, "database"),
    ] {
        let place = Place::start_with(redis, &format!("replay_marks = \"{marks}\""), ["", ""]).await;
        let client = &place.client;
        let assertion = place.machine.assertion(&client.issuer);
        assert_eq!(place.machine.token(client, &assertion).await.status, StatusCode::OK);
        tokio::task::block_in_place(|| place.redis.kill());
        tokio::task::block_in_place(|| place.redis.start());
        for instance in [0, 1] {
            place.balancer.only(instance);
            until(Duration::from_secs(10), async || signs_in(client).await).await;
            let again = place.machine.token(client, &assertion).await;
            assert_eq!(json(&again)["error"], "invalid_client", "{marks}: {}", again.text);
            let anew = place.machine.token(client, &place.machine.assertion(&client.issuer)).await;
            assert_eq!(anew.status, StatusCode::OK, "{marks}: {}", anew.text);
        }
    }
}

/// Whether somebody gets in.
async fn signs_in(client: &Client) -> bool {
    let mut browser = Browser::default();
    let login = browser.try_open(client.leave().0).await.unwrap();
    let answer = browser.try_submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await.unwrap();
    answer.status == StatusCode::SEE_OTHER
}

fn is_away(answer: &client::Page) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{:?}", answer.headers);
}
