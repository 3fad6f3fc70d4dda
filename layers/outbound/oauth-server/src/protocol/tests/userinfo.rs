use std::time::Duration;

use super::*;

async fn access_token(bench: &Bench, client: &str, scope: &str) -> String {
    let code = bench.code_for(client, scope).await;
    granted(&bench.redeem(client, &code).await)["access_token"].as_str().unwrap().to_owned()
}

fn challenge(response: &Response<Bytes>) -> &str {
    response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap()
}

#[tokio::test]
async fn both_shapes_of_token_let_out_what_the_scope_covers() {
    let bench = Bench::new().await;
    for client in ["basic", "opaque"] {
        let token = access_token(&bench, client, "openid email phone").await;
        assert_eq!(token.starts_with("tgat_"), client == "opaque");
        let expected = serde_json::json!({
            "sub": "alice-1", "email": "alice@app.example", "email_verified": true,
        });
        assert_eq!(granted(&bench.userinfo(&token).await), expected);
        let post = Request::post("/oauth/userinfo")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(format!("access_token={token}")))
            .unwrap();
        assert_eq!(granted(&bench.call(post).await), expected);
    }
}

#[tokio::test]
async fn rfc6750_3_no_token_gets_a_challenge_without_an_error() {
    let bench = Bench::new().await;
    let none = bench.call(Request::get("/oauth/userinfo").body(Full::default()).unwrap()).await;
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenge(&none), "Bearer realm=\"https://id.example\"");
    assert!(none.body().is_empty() && !none.headers().contains_key(header::CONTENT_TYPE));
}

#[tokio::test]
async fn rfc6750_2_a_token_comes_in_one_way_and_never_in_the_query() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "openid").await;
    let both = Request::post("/oauth/userinfo")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::from(format!("access_token={token}")))
        .unwrap();
    refused(&bench.call(both).await, StatusCode::BAD_REQUEST, "invalid_request");
    let uri = format!("/oauth/userinfo?access_token={token}");
    let query = Request::get(uri).body(Full::default()).unwrap();
    refused(&bench.call(query).await, StatusCode::BAD_REQUEST, "invalid_request");
    for torn in ["Bearer", "Bearer ", "bearer  "] {
        let torn = Request::get("/oauth/userinfo").header(header::AUTHORIZATION, torn);
        let response = bench.call(torn.body(Full::default()).unwrap()).await;
        refused(&response, StatusCode::BAD_REQUEST, "invalid_request");
        assert!(challenge(&response).contains("error=\"invalid_request\""));
    }
    for form in [format!("access_token={token}&access_token={token}"), String::from("access_token=%ff")] {
        let torn = Request::post("/oauth/userinfo")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))
            .unwrap();
        let response = bench.call(torn).await;
        refused(&response, StatusCode::BAD_REQUEST, "invalid_request");
        assert!(challenge(&response).contains("error=\"invalid_request\""));
    }
}

#[tokio::test]
async fn a_token_without_openid_is_not_enough() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "email").await;
    let response = bench.userinfo(&token).await;
    refused(&response, StatusCode::FORBIDDEN, "insufficient_scope");
    assert!(challenge(&response).ends_with("scope=\"openid\""), "{}", challenge(&response));
}

#[tokio::test]
async fn wrong_expired_and_foreign_tokens_are_invalid() {
    let bench = Bench::new().await;
    let opaque = access_token(&bench, "opaque", "openid").await;
    let jwt = access_token(&bench, "basic", "openid").await;
    let code = bench.code("basic").await;
    let id_token = granted(&bench.redeem("basic", &code).await)["id_token"].as_str().unwrap().to_owned();
    let unsigned = format!("{}.", jwt.rsplit_once('.').unwrap().0);
    let torn = with_another_secret(&opaque);
    for wrong in ["x", &id_token, &unsigned, &torn] {
        let response = bench.userinfo(wrong).await;
        refused(&response, StatusCode::UNAUTHORIZED, "invalid_token");
        assert!(challenge(&response).contains("error=\"invalid_token\""));
    }
    bench.clock.advance(Duration::from_secs(600));
    for old in [&opaque, &jwt] {
        refused(&bench.userinfo(old).await, StatusCode::UNAUTHORIZED, "invalid_token");
    }
}

#[tokio::test]
async fn a_client_that_is_registered_for_less_reads_less() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "openid email").await;
    let narrowed = async |left: &str| {
        bench
            .register("basic", ClientAuthMethod::ClientSecretBasic, |metadata| metadata.scope = scope(left))
            .await;
    };
    narrowed("openid profile").await;
    assert_eq!(granted(&bench.userinfo(&token).await), serde_json::json!({ "sub": "alice-1" }));
    narrowed("email").await;
    refused(&bench.userinfo(&token).await, StatusCode::FORBIDDEN, "insufficient_scope");
}

#[tokio::test]
async fn a_disabled_clients_tokens_are_dead() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "openid").await;
    let id = ClientId::parse("basic").unwrap();
    bench.store.disable_client(id, bench.origin()).await.unwrap();
    refused(&bench.userinfo(&token).await, StatusCode::UNAUTHORIZED, "invalid_token");
}

#[tokio::test]
async fn a_host_whose_store_is_away_says_so_and_everything_is_as_before() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "openid").await;
    for (account, claims) in [(Mood::Away, Mood::Well), (Mood::Well, Mood::Away)] {
        bench.feel(account, claims);
        let answer = bench.userinfo(&token).await;
        refused(&answer, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    }
    assert_eq!((bench.count("account_resolver.failed"), bench.count("grant.revoked")), (0, 0));
    bench.feel(Mood::Well, Mood::Well);
    assert_eq!(bench.userinfo(&token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_host_that_cannot_tell_is_a_server_error_and_an_event() {
    let bench = Bench::new().await;
    let token = access_token(&bench, "basic", "openid").await;
    for (account, claims, events) in [
        (Mood::Erring, Mood::Well, 1),
        (Mood::Panicking, Mood::Well, 2),
        (Mood::Well, Mood::Erring, 3),
        (Mood::Well, Mood::Panicking, 4),
    ] {
        bench.feel(account, claims);
        refused(&bench.userinfo(&token).await, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
        assert_eq!(bench.count("account_resolver.failed"), events);
    }
    bench.feel(Mood::Gone, Mood::Well);
    refused(&bench.userinfo(&token).await, StatusCode::UNAUTHORIZED, "invalid_token");
    assert_eq!(bench.count("grant.revoked"), 1);
}
