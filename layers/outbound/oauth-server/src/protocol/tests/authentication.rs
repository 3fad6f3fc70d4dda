use super::*;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn every_registered_way_of_proof_is_taken_and_no_other() {
    let bench = Bench::new().await;
    let posted = |id| [GRANT, ("client_id", id), ("client_secret", SECRET)];
    granted(&bench.token(Some("basic"), &[GRANT]).await);
    granted(&bench.token(None, &posted("post")).await);
    let wrong = bench.token(None, &posted("basic")).await;
    refused(&wrong, StatusCode::UNAUTHORIZED, "invalid_client");
    assert!(!wrong.headers().contains_key(header::WWW_AUTHENTICATE));
    let wrong = bench.token(Some("post"), &[GRANT]).await;
    refused(&wrong, StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(wrong.headers()[header::WWW_AUTHENTICATE], "Basic realm=\"https://id.example\"");
}

#[tokio::test]
async fn unknown_wrong_and_disabled_clients_are_answered_alike_and_told_apart_in_the_audit_log() {
    let bench = Bench::new().await;
    bench.store.disable_client(ClientId::parse("opaque").unwrap(), bench.origin()).await.unwrap();
    let mut answers = Vec::new();
    for authorization in [basic("nobody", SECRET), basic("basic", "wrong"), basic("opaque", SECRET)] {
        let body = String::from("grant_type=client_credentials");
        let response = bench.call(token_request(Some(&authorization), body)).await;
        refused(&response, StatusCode::UNAUTHORIZED, "invalid_client");
        answers.push((response.headers().clone(), response.body().clone()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let events = bench.store.events();
    let reasons: Vec<_> = events
        .iter()
        .filter(|event| event.action == "client.authentication_failed")
        .map(|event| event.reason.unwrap())
        .collect();
    assert_eq!(reasons, ["unknown_client", "wrong_secret", "client_disabled"]);
}

#[tokio::test]
async fn two_proofs_at_once_are_a_bad_request() {
    let bench = Bench::new().await;
    let form = [GRANT, ("client_id", "basic"), ("client_secret", SECRET)];
    refused(&bench.token(Some("basic"), &form).await, StatusCode::BAD_REQUEST, "invalid_request");
    let mut request =
        token_request(Some(&basic("basic", SECRET)), String::from("grant_type=client_credentials"));
    request.headers_mut().append(header::AUTHORIZATION, basic("basic", SECRET).try_into().unwrap());
    refused(&bench.call(request).await, StatusCode::BAD_REQUEST, "invalid_request");
}

#[tokio::test]
async fn credentials_never_stand_in_the_query() {
    let bench = Bench::new().await;
    let body = String::from("grant_type=client_credentials");
    for query in [format!("client_id=post&client_secret={SECRET}"), String::from("code=x")] {
        let mut request = token_request(Some(&basic("basic", SECRET)), body.clone());
        *request.uri_mut() = format!("/oauth/token?{query}").parse().unwrap();
        refused(&bench.call(request).await, StatusCode::BAD_REQUEST, "invalid_request");
    }
}

#[tokio::test]
async fn a_request_must_be_a_small_form_that_says_each_thing_once() {
    let bench = Bench::new().await;
    let basic = basic("basic", SECRET);
    let big = format!("grant_type=client_credentials&x={}", "a".repeat(64 * 1024));
    for body in [
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&scope=%ff",
        "client_id=basic&client_id=basic&grant_type=client_credentials",
        "",
        &big,
    ] {
        let response = bench.call(token_request(Some(&basic), body.to_owned())).await;
        refused(&response, StatusCode::BAD_REQUEST, "invalid_request");
    }
    let mut request = token_request(Some(&basic), String::from("{}"));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    refused(&bench.call(request).await, StatusCode::BAD_REQUEST, "invalid_request");
    let unknown = bench.token(Some("basic"), &[("grant_type", "password")]).await;
    refused(&unknown, StatusCode::BAD_REQUEST, "unsupported_grant_type");
}

#[tokio::test]
async fn a_client_uses_only_the_grants_it_registered() {
    let bench = Bench::new().await;
    let form = [GRANT, ("client_id", "public")];
    refused(&bench.token(None, &form).await, StatusCode::BAD_REQUEST, "unauthorized_client");
}

#[tokio::test]
async fn an_unavailable_store_asks_to_come_back() {
    let bench = Bench::new().await;
    bench.store.set_unavailable(true);
    let response = bench.token(Some("basic"), &[GRANT]).await;
    refused(&response, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn another_method_is_told_which_ones_are_answered() {
    let bench = Bench::new().await;
    for (method, path, allow) in [
        ("GET", "/oauth/token", "POST"),
        ("GET", "/oauth/revoke", "POST"),
        ("GET", "/oauth/introspect", "POST"),
        ("PUT", "/oauth/userinfo", "GET, POST"),
        ("POST", "/oauth/jwks", "GET, HEAD"),
        ("DELETE", "/.well-known/openid-configuration", "GET, HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Full::default()).unwrap();
        let response = bench.call(request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()[header::ALLOW], allow);
    }
}
