use http::Method;
use serde_json::json as value;
use towergate_jose::{JwkSet, SigningKey, generate};
use towergate_oauth::{
    ports::PushedRequestStore,
    rules::pushed_request::{LIFETIME, PREFIX, PushedRequestId, URN},
};

use super::*;

const ASKED: [(&str, &str); 8] = [
    ("response_type", "code"),
    ("client_id", "basic"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid email"),
    ("state", "a b"),
    ("max_age", "60"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// The good request with one parameter exchanged, added, or left out when `value` is empty.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = ASKED.into_iter().filter(|(other, _)| *other != name);
    others.chain((!value.is_empty()).then_some((name, value))).collect()
}

/// The good request of a client that proves itself in it.
fn posted() -> Vec<(&'static str, &'static str)> {
    [with("client_id", "post"), vec![("client_secret", SECRET)]].concat()
}

impl Bench {
    async fn push(&self, client: Option<&str>, form: &[(&str, &str)]) -> Response<Bytes> {
        self.ask("/oauth/par", client, form).await
    }
}

/// The token in the reference of a good answer.
fn pushed(response: &Response<Bytes>) -> OpaqueToken {
    assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body = json(response);
    assert_eq!(body["expires_in"], 60);
    assert_eq!(body.as_object().unwrap().len(), 2);
    OpaqueToken::parse(PREFIX, body["request_uri"].as_str().unwrap().strip_prefix(URN).unwrap()).unwrap()
}

#[tokio::test]
async fn rfc9126_2_2_a_request_is_kept_under_a_reference_that_nobody_guesses() {
    let bench = Bench::new().await;
    let token = pushed(&bench.push(Some("basic"), &ASKED).await);
    let id = PushedRequestId::from_uuid(token.id());
    let kept = bench.store.find_pushed_request(id).await.unwrap().unwrap();
    assert!(kept.digest.matches(&token.digest()));
    assert_eq!(kept.expires_at, bench.origin().at.plus(LIFETIME));
    let request = &kept.request;
    assert_eq!((request.client_id.as_str(), request.redirect_uri.as_str()), ("basic", CALLBACK));
    assert_eq!((request.state.as_deref(), request.max_age), (Some("a b"), Some(60)));
    let other = pushed(&bench.push(Some("basic"), &ASKED).await);
    assert_ne!(other.digest().as_bytes(), token.digest().as_bytes());
    assert_eq!(bench.count("request.pushed"), 2);
}

#[tokio::test]
async fn rfc9126_2_1_clients_prove_themselves_as_at_the_token_endpoint() {
    let bench = Bench::new().await;
    pushed(&bench.push(None, &with("client_id", "public")).await);
    pushed(&bench.push(None, &posted()).await);
    refused(&bench.push(None, &ASKED).await, StatusCode::UNAUTHORIZED, "invalid_client");
    refused(&bench.push(Some("post"), &posted()).await, StatusCode::BAD_REQUEST, "invalid_request");
    let nobody = bench.push(None, &with("client_id", "")).await;
    refused(&nobody, StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(bench.count("client.authentication_failed"), 3);
    assert_eq!(bench.count("request.pushed"), 2);
}

#[tokio::test]
async fn rfc9126_2_1_a_client_pushes_its_own_requests_and_no_reference() {
    let bench = Bench::new().await;
    for form in [
        with("client_id", "public"),
        with("client_id", ""),
        with("request_uri", "https://app.example/request"),
        with("request_uri", &format!("{URN}x")),
    ] {
        refused(&bench.push(Some("basic"), &form).await, StatusCode::BAD_REQUEST, "invalid_request");
    }
    assert_eq!(bench.count("request.pushed"), 0);
}

#[tokio::test]
async fn rfc9126_2_1_what_is_pushed_is_checked_as_at_the_authorization_endpoint() {
    let bench = Bench::new().await;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "openid telepathy", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("resource", "https://evil.example/", "invalid_target"),
        ("claims", "{", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("id_token_hint", "a.b.c", "invalid_request"),
        ("request", "a.b.c", "invalid_request_object"),
    ] {
        let answer = bench.push(Some("basic"), &with(name, value)).await;
        refused(&answer, StatusCode::BAD_REQUEST, error);
    }
    for twice in ["state", "client_id", "code_challenge", "unknown"] {
        let mut form = ASKED.to_vec();
        form.extend([(twice, "basic"), (twice, "basic")]);
        let answer = bench.push(Some("basic"), &form).await;
        match twice {
            "unknown" => drop(pushed(&answer)),
            _ => refused(&answer, StatusCode::BAD_REQUEST, "invalid_request"),
        }
    }
    bench
        .register("robot", ClientAuthMethod::ClientSecretBasic, |metadata| {
            metadata.grant_types = [GrantType::ClientCredentials].into();
        })
        .await;
    let answer = bench.push(Some("robot"), &with("client_id", "robot")).await;
    refused(&answer, StatusCode::BAD_REQUEST, "unauthorized_client");
}

#[tokio::test]
async fn rfc9126_2_3_another_method_and_a_huge_body_have_answers_of_their_own() {
    let bench = Bench::new().await;
    let get = Request::get("/oauth/par").body(Full::default()).unwrap();
    let answer = bench.call(get).await;
    refused(&answer, StatusCode::METHOD_NOT_ALLOWED, "invalid_request");
    assert_eq!(answer.headers()[header::ALLOW], "POST");
    let huge = bench.push(Some("basic"), &with("state", &"x".repeat(64 * 1024))).await;
    refused(&huge, StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
    let preflight = Request::builder().method(Method::OPTIONS).uri("/oauth/par");
    let answer = bench.call(preflight.body(Full::default()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

#[tokio::test]
async fn what_is_malformed_is_refused_whole() {
    let bench = Bench::new().await;
    for body in ["client_id=basic&state=%ff", "client_id=basic&%zz=1", "=&&;", ""] {
        let mut request = token_request(Some(&basic("basic", SECRET)), body.to_owned());
        *request.uri_mut() = "/oauth/par".parse().unwrap();
        refused(&bench.call(request).await, StatusCode::BAD_REQUEST, "invalid_request");
    }
    for query in ["client_id=basic", "resource=urn:a", "state=x", "client_secret=x"] {
        let answer = bench.ask(&format!("/oauth/par?{query}"), Some("basic"), &ASKED).await;
        refused(&answer, StatusCode::BAD_REQUEST, "invalid_request");
    }
    let json = Request::post("/oauth/par").header(header::CONTENT_TYPE, "application/json");
    let answer = bench.call(json.body(Full::from("{}")).unwrap()).await;
    refused(&answer, StatusCode::BAD_REQUEST, "invalid_request");
}

#[tokio::test]
async fn rfc9126_3_a_request_object_is_pushed_by_the_client_that_signed_it() {
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap();
    let bench = Bench::new().await;
    for id in ["signer", "strict"] {
        bench
            .register(id, ClientAuthMethod::ClientSecretBasic, |metadata| {
                metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
                metadata.require_signed_request_object = id == "strict";
            })
            .await;
    }
    let sign = |client: &str, change: Value| {
        let mut said = value!({ "iss": client, "aud": ISSUER, "claims": { "userinfo": { "email": null } } });
        for (name, text) in with("client_id", client) {
            said[name] = text.into();
        }
        said.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        key.sign_jwt("oauth-authz-req+jwt", &said).unwrap()
    };
    // RFC 9126 3: beside it stand only the parameters by which the client proves itself, here none.
    for id in ["signer", "strict"] {
        let token = pushed(&bench.push(Some(id), &[("request", &sign(id, value!({})))]).await);
        let kept = bench.store.find_pushed_request(PushedRequestId::from_uuid(token.id())).await.unwrap();
        assert!(kept.unwrap().request.claims.userinfo.contains_key("email"));
    }
    for (change, error) in [
        (value!({ "client_id": "basic" }), "invalid_request_object"),
        (value!({ "iss": "basic" }), "invalid_request_object"),
        (value!({ "request_uri": format!("{URN}x") }), "invalid_request_object"),
        (value!({ "request": "a.b.c" }), "invalid_request_object"),
        (value!({ "client_secret": SECRET }), "invalid_request"),
        (value!({ "redirect_uri": "https://evil.example/" }), "invalid_request"),
    ] {
        let answer = bench.push(Some("signer"), &[("request", &sign("signer", change))]).await;
        refused(&answer, StatusCode::BAD_REQUEST, error);
    }
    let foreign = sign("signer", value!({}));
    let answer = bench.push(Some("strict"), &[("request", &foreign), ("client_id", "strict")]).await;
    refused(&answer, StatusCode::BAD_REQUEST, "invalid_request_object");
    let unsigned = bench.push(Some("strict"), &with("client_id", "strict")).await;
    refused(&unsigned, StatusCode::BAD_REQUEST, "invalid_request");
}

#[tokio::test]
async fn nobody_fills_the_disk_with_what_is_pushed() {
    let bench = Bench::with(keys(), |config| config.max_open_interactions = 2).await;
    pushed(&bench.push(Some("basic"), &ASKED).await);
    pushed(&bench.push(None, &posted()).await);
    let full = bench.push(None, &with("client_id", "public")).await;
    refused(&full, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    assert_eq!(full.headers()[header::RETRY_AFTER], "1");
    assert_eq!(bench.count("request.pushed"), 2);
}

#[tokio::test]
async fn rfc9126_2_3_a_client_that_pushes_without_end_shuts_out_itself_and_nobody_else() {
    let bench = Bench::with(keys(), |config| config.max_open_interactions = 8).await;
    for _ in 0..2 {
        pushed(&bench.push(Some("basic"), &ASKED).await);
    }
    let more = bench.push(Some("basic"), &ASKED).await;
    refused(&more, StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable");
    assert_eq!(more.headers()[header::RETRY_AFTER], "60");
    assert_eq!(bench.count("request.pushed"), 2);
    pushed(&bench.push(None, &posted()).await);
}

#[tokio::test]
async fn pushing_without_a_proof_shuts_nobody_out_who_has_one() {
    let bench = Bench::with(keys(), |config| config.max_open_interactions = 6).await;
    for _ in 0..2 {
        pushed(&bench.push(Some("basic"), &ASKED).await);
    }
    pushed(&bench.push(None, &with("client_id", "public")).await);
    let full = bench.push(None, &with("client_id", "public")).await;
    refused(&full, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    pushed(&bench.push(None, &posted()).await);
}

#[tokio::test]
async fn rfc9126_5_the_metadata_say_where_and_whether_it_must_be() {
    for required in [false, true] {
        let bench =
            Bench::with(keys(), |config| config.require_pushed_authorization_requests = required).await;
        let get = Request::get("/.well-known/oauth-authorization-server").body(Full::default()).unwrap();
        let metadata = json(&bench.call(get).await);
        assert_eq!(metadata["pushed_authorization_request_endpoint"], "https://id.example/oauth/par");
        assert_eq!(metadata["require_pushed_authorization_requests"], required);
    }
}
