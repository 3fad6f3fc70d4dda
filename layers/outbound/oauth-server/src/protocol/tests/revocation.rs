use std::time::Duration;

use super::*;

async fn tokens(bench: &Bench, client: &str) -> Value {
    let answer = bench.redeem(client, &bench.code(client).await).await;
    granted(&answer)
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

async fn revoke(bench: &Bench, client: &str, token: &str) {
    let response = bench.ask("/oauth/revoke", Some(client), &[("token", token)]).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn rfc7009_2_1_a_refresh_token_takes_its_whole_grant_along() {
    for client in ["basic", "opaque"] {
        let bench = Bench::new().await;
        let answer = tokens(&bench, client).await;
        let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
        revoke(&bench, client, refresh).await;
        refused(&bench.refresh(client, refresh).await, StatusCode::BAD_REQUEST, "invalid_grant");
        refused(&bench.userinfo(access).await, StatusCode::UNAUTHORIZED, "invalid_token");
        revoke(&bench, client, refresh).await;
        revoke(&bench, client, access).await;
        assert_eq!((bench.count("grant.revoked"), bench.count("token.revoked")), (1, 0));
        let events = bench.store.events();
        let event = events.iter().find(|event| event.action == "grant.revoked").unwrap();
        assert_eq!(event.reason, Some("client_revoked"));
    }
}

#[tokio::test]
async fn rfc7009_2_1_an_access_token_dies_alone_and_once() {
    for client in ["basic", "opaque"] {
        let bench = Bench::new().await;
        let answer = tokens(&bench, client).await;
        let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
        revoke(&bench, client, access).await;
        refused(&bench.userinfo(access).await, StatusCode::UNAUTHORIZED, "invalid_token");
        revoke(&bench, client, access).await;
        assert_eq!((bench.count("grant.revoked"), bench.count("token.revoked")), (0, 1));
        let next = granted(&bench.refresh(client, refresh).await);
        granted(&bench.userinfo(text(&next, "access_token")).await);
    }
}

#[tokio::test]
async fn an_exchanged_or_idle_refresh_token_still_ends_its_family() {
    let bench = Bench::new().await;
    let answer = tokens(&bench, "basic").await;
    let first = text(&answer, "refresh_token");
    let next = granted(&bench.refresh("basic", first).await);
    bench.clock.advance(Duration::from_secs(29 * 24 * 3600));
    let last = granted(&bench.refresh("basic", text(&next, "refresh_token")).await);
    bench.clock.advance(Duration::from_secs(2 * 24 * 3600));
    revoke(&bench, "basic", first).await;
    let left = text(&last, "refresh_token");
    refused(&bench.refresh("basic", left).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!((bench.count("token.reused"), bench.count("grant.revoked")), (0, 1));
}

#[tokio::test]
async fn rfc7009_2_1_the_hint_may_be_wrong() {
    for hint in ["access_token", "refresh_token", "pat"] {
        let bench = Bench::new().await;
        let answer = tokens(&bench, "basic").await;
        for name in ["access_token", "refresh_token"] {
            let form = [("token", text(&answer, name)), ("token_type_hint", hint)];
            let response = bench.ask("/oauth/revoke", Some("basic"), &form).await;
            assert_eq!(response.status(), StatusCode::OK);
        }
        assert_eq!((bench.count("grant.revoked"), bench.count("token.revoked")), (1, 1), "{hint}");
    }
}

#[tokio::test]
async fn a_public_client_gives_its_tokens_back() {
    let bench = Bench::new().await;
    let mut form = code_form("").to_vec();
    let code = bench.code("public").await;
    form[1].1 = &code;
    form.push(("client_id", "public"));
    let answer = granted(&bench.token(None, &form).await);
    for name in ["access_token", "refresh_token"] {
        let form = [("token", text(&answer, name)), ("client_id", "public")];
        let response = bench.ask("/oauth/revoke", None, &form).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!((bench.count("token.revoked"), bench.count("grant.revoked")), (1, 1));
}

#[tokio::test]
async fn rfc7009_2_2_what_is_foreign_unknown_or_malformed_is_left_alone() {
    let bench = Bench::new().await;
    let (jwt, opaque) = (tokens(&bench, "basic").await, tokens(&bench, "opaque").await);
    let unsigned = format!("{}.", text(&jwt, "access_token").rsplit_once('.').unwrap().0);
    let torn = [&jwt["refresh_token"], &opaque["refresh_token"], &opaque["access_token"]]
        .map(|token| with_another_secret(token.as_str().unwrap()));
    let unknown = OpaqueToken::mint(code::PREFIX, bench.origin().at, &OsRandom::new()).unwrap().reveal();
    let before = bench.store.events().len();
    for (client, token) in [
        ("opaque", text(&jwt, "access_token")),
        ("opaque", text(&jwt, "refresh_token")),
        ("basic", text(&opaque, "access_token")),
        ("basic", text(&opaque, "refresh_token")),
        ("basic", text(&jwt, "id_token")),
        ("basic", &unsigned),
        ("basic", &torn[0]),
        ("opaque", &torn[1]),
        ("opaque", &torn[2]),
        ("basic", unknown.expose()),
        ("basic", "x"),
    ] {
        revoke(&bench, client, token).await;
    }
    assert_eq!(bench.store.events().len(), before);
    for (client, answer) in [("basic", jwt), ("opaque", opaque)] {
        granted(&bench.userinfo(text(&answer, "access_token")).await);
        granted(&bench.refresh(client, text(&answer, "refresh_token")).await);
    }
}

#[tokio::test]
async fn rfc7009_2_2_1_a_bad_request_changes_nothing() {
    let bench = Bench::new().await;
    let answer = tokens(&bench, "basic").await;
    let token = ("token", text(&answer, "refresh_token"));
    let path = "/oauth/revoke";
    for form in [&[][..], &[("token", "")], &[token, token], &[("token_type_hint", "refresh_token")]] {
        refused(&bench.ask(path, Some("basic"), form).await, StatusCode::BAD_REQUEST, "invalid_request");
    }
    let query = format!("{path}?token={}", token.1);
    let response = bench.ask(&query, Some("basic"), &[token]).await;
    refused(&response, StatusCode::BAD_REQUEST, "invalid_request");
    let response = bench.ask(path, Some("nobody"), &[token]).await;
    refused(&response, StatusCode::UNAUTHORIZED, "invalid_client");
    assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    refused(&bench.ask(path, None, &[token]).await, StatusCode::UNAUTHORIZED, "invalid_client");
    bench.store.set_unavailable(true);
    let response = bench.ask(path, Some("basic"), &[token]).await;
    refused(&response, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    bench.store.set_unavailable(false);
    assert_eq!((bench.count("grant.revoked"), bench.count("token.revoked")), (0, 0));
    assert_eq!(bench.count("client.authentication_failed"), 2);
    granted(&bench.refresh("basic", token.1).await);
}
