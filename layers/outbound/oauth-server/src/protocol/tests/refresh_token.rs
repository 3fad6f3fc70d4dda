use std::time::Duration;

use super::*;

async fn first(bench: &Bench, client: &str) -> String {
    let answer = granted(&bench.redeem(client, &bench.code(client).await).await);
    refresh_token(&answer)
}

fn refresh_token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_rotates_and_keeps_who_signed_in_when() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    bench.clock.advance(Duration::from_secs(3600));
    let answer = granted(&bench.refresh("basic", &token).await);
    assert_ne!(refresh_token(&answer), token);
    let id = claims(&answer["id_token"], Algorithm::RS256, "JWT");
    assert_eq!((&id["auth_time"], &id["iat"]), (&Value::from(1_699_999_000), &Value::from(1_700_003_600)));
    assert!(id.get("nonce").is_none());
    assert_eq!(bench.count("token.refreshed"), 1);
}

#[tokio::test]
async fn a_client_that_lost_the_answer_gets_the_same_answer() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    let answer = bench.refresh("basic", &token).await;
    granted(&answer);
    bench.clock.advance(Duration::from_secs(9));
    assert_eq!(bench.refresh("basic", &token).await.body(), answer.body());
    assert_eq!(bench.count("token.refreshed"), 1);
    bench.feel(Mood::Gone, Mood::Well);
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn the_same_answer_is_for_the_same_question() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    let ask = async |more: &[(&str, &str)]| {
        let form = [&[("grant_type", "refresh_token"), ("refresh_token", &token)][..], more].concat();
        bench.token(Some("basic"), &form).await
    };
    let narrow = [("scope", "openid api"), ("resource", ISSUER)];
    let answer = ask(&narrow).await;
    granted(&answer);
    for other in
        [&[][..], &[("scope", "openid api")], &[("resource", ISSUER)], &[("scope", "openid"), narrow[1]]]
    {
        refused(&ask(other).await, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let same = [("resource", ISSUER), ("scope", "api openid"), ("resource", ISSUER)];
    assert_eq!(ask(&same).await.body(), answer.body());
    assert_eq!(bench.count("grant.revoked"), 0, "nobody stole anything");
    granted(&bench.refresh("basic", &refresh_token(&json(&answer))).await);
}

#[tokio::test]
async fn a_refresh_token_used_twice_kills_its_family() {
    for wait in [0, 10] {
        let bench = Bench::new().await;
        let token = first(&bench, "basic").await;
        let answer = granted(&bench.refresh("basic", &token).await);
        let next = refresh_token(&answer);
        bench.clock.advance(Duration::from_secs(wait));
        // Within the window it is theft only once the answer's own token was used.
        let next =
            if wait == 0 { refresh_token(&granted(&bench.refresh("basic", &next).await)) } else { next };
        refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
        assert_eq!((bench.count("token.reused"), bench.count("grant.revoked")), (1, 1));
        refused(&bench.refresh("basic", &next).await, StatusCode::BAD_REQUEST, "invalid_grant");
    }
}

#[tokio::test]
async fn theft_is_noticed_however_late() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    granted(&bench.refresh("basic", &token).await);
    bench.clock.advance(Duration::from_secs(31 * 24 * 3600));
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!((bench.count("token.reused"), bench.count("grant.revoked")), (1, 1));
}

#[tokio::test]
async fn the_scope_may_be_narrowed_but_not_widened() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    let ask = async |token: &str, scope: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        bench.token(Some("basic"), &form).await
    };
    refused(&ask(&token, "openid profile").await, StatusCode::BAD_REQUEST, "invalid_scope");
    let answer = granted(&ask(&token, "api").await);
    assert_eq!(answer["scope"], "api");
    assert!(answer.get("id_token").is_none());
    let answer = granted(&ask(&refresh_token(&answer), "").await);
    assert_eq!(answer["scope"], "api email openid", "the grant itself was not narrowed");
}

#[tokio::test]
async fn another_client_cannot_use_it_and_does_not_harm_it() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    refused(&bench.refresh("opaque", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let torn = with_another_secret(&token);
    refused(&bench.refresh("basic", &torn).await, StatusCode::BAD_REQUEST, "invalid_grant");
    granted(&bench.refresh("basic", &token).await);
}

#[tokio::test]
async fn it_dies_after_30_idle_days_and_its_family_after_90() {
    const DAY: u64 = 24 * 3600;
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    bench.clock.advance(Duration::from_secs(30 * DAY));
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");

    let mut token = first(&bench, "basic").await;
    for _ in 0..3 {
        bench.clock.advance(Duration::from_secs(30 * DAY - 1));
        token = refresh_token(&granted(&bench.refresh("basic", &token).await));
    }
    bench.clock.advance(Duration::from_secs(3));
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn the_host_is_asked_again_at_each_refresh() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    for mood in [Mood::Erring, Mood::Panicking] {
        bench.feel(mood, Mood::Well);
        refused(&bench.refresh("basic", &token).await, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    }
    bench.feel(Mood::Well, Mood::Well);
    let token = refresh_token(&granted(&bench.refresh("basic", &token).await));
    bench.feel(Mood::Gone, Mood::Well);
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(bench.count("grant.revoked"), 1);
}

#[tokio::test]
async fn a_client_that_is_registered_for_less_gets_less() {
    let bench = Bench::new().await;
    let token = first(&bench, "basic").await;
    let narrowed = async |scope_left: &str| {
        let method = ClientAuthMethod::ClientSecretBasic;
        bench.register("basic", method, |metadata| metadata.scope = scope(scope_left)).await;
    };
    narrowed("openid profile").await;
    let answer = granted(&bench.refresh("basic", &token).await);
    assert_eq!(answer["scope"], "openid");
    narrowed("profile").await;
    let token = refresh_token(&answer);
    refused(&bench.refresh("basic", &token).await, StatusCode::BAD_REQUEST, "invalid_scope");
    narrowed("openid email api").await;
    let answer = granted(&bench.refresh("basic", &token).await);
    assert_eq!(answer["scope"], "api email openid", "the grant itself was not narrowed");
}
