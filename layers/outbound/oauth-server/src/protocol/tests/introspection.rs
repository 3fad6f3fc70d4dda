use std::time::Duration;

use towergate_oauth::rules::resource::ResourceServer;

use super::*;

const PATH: &str = "/oauth/introspect";

async fn tokens(bench: &Bench, client: &str) -> Value {
    let answer = bench.redeem(client, &bench.code(client).await).await;
    granted(&answer)
}

async fn ask(bench: &Bench, client: &str, token: &Value) -> Value {
    granted(&bench.ask(PATH, Some(client), &[("token", token.as_str().unwrap())]).await)
}

fn inactive() -> Value {
    serde_json::json!({ "active": false })
}

#[tokio::test]
async fn rfc7662_2_2_a_client_hears_all_of_its_own_tokens() {
    let bench = Bench::new().await;
    for client in ["basic", "opaque"] {
        let answer = tokens(&bench, client).await;
        let mut told = ask(&bench, client, &answer["access_token"]).await;
        let jti = told.as_object_mut().unwrap().remove("jti").unwrap();
        if client == "basic" {
            let algorithm = Algorithm::ES256;
            assert_eq!(claims(&answer["access_token"], algorithm, "at+jwt")["jti"], jti);
        }
        let expected = serde_json::json!({
            "active": true, "scope": "api email openid", "client_id": client, "token_type": "Bearer",
            "sub": "alice-1", "aud": ISSUER, "iss": ISSUER, "exp": 1_700_000_600, "iat": 1_700_000_000,
            "nbf": 1_700_000_000, "auth_time": 1_699_999_000, "acr": "1",
        });
        assert_eq!(told, expected);

        let mut told = ask(&bench, client, &answer["refresh_token"]).await;
        assert!(told.as_object_mut().unwrap().remove("jti").is_some());
        let expected = serde_json::json!({
            "active": true, "scope": "api email openid", "client_id": client, "sub": "alice-1", "iss": ISSUER,
            "exp": 1_700_000_000 + 30 * 24 * 3600, "iat": 1_700_000_000, "nbf": 1_700_000_000, "auth_time": 1_699_999_000, "acr": "1",
        });
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_client_that_acts_for_itself_is_its_own_subject() {
    let bench = Bench::new().await;
    let form = [("grant_type", "client_credentials"), ("scope", "api")];
    let answer = granted(&bench.token(Some("basic"), &form).await);
    let told = ask(&bench, "basic", &answer["access_token"]).await;
    assert_eq!((&told["sub"], &told["scope"]), (&Value::from("basic"), &Value::from("api")));
    assert!(told.get("auth_time").is_none() && told.get("acr").is_none());
}

const API: &str = "https://api.example";

/// A server with an API that the client `basic` guards, which knows the scope value `api`.
async fn with_api() -> Bench {
    let guarded = ResourceServer::new(API).unwrap().guarded_by(ClientId::parse("basic").unwrap());
    Bench::with(keys(), |config| config.resource_servers = vec![guarded.with_scope(scope("api"))]).await
}

async fn for_audience(bench: &Bench, client: &str, audience: &[&str]) -> Value {
    let audience: Vec<_> = audience.iter().map(ToString::to_string).collect();
    let code = bench.code_of(client, |grant| grant.audience = audience).await;
    granted(&bench.redeem(client, &code).await)
}

#[tokio::test]
async fn rfc7662_4_another_client_hears_nothing_whatever_it_is_called() {
    let bench = with_api().await;
    let answer = for_audience(&bench, "basic", &[ISSUER, API]).await;
    bench.register(ISSUER, ClientAuthMethod::ClientSecretPost, |_| ()).await;
    bench.register(API, ClientAuthMethod::ClientSecretPost, |_| ()).await;
    for name in ["access_token", "refresh_token"] {
        assert_eq!(ask(&bench, "opaque", &answer[name]).await, inactive());
        for id in [ISSUER, API] {
            let form =
                [("token", answer[name].as_str().unwrap()), ("client_id", id), ("client_secret", SECRET)];
            assert_eq!(granted(&bench.ask(PATH, None, &form).await), inactive(), "{id}");
        }
    }
}

#[tokio::test]
async fn rfc7662_2_2_the_guard_of_an_api_hears_what_means_something_there() {
    let bench = with_api().await;
    for audience in [&[ISSUER, API][..], &[API]] {
        let answer = for_audience(&bench, "opaque", audience).await;
        let told = ask(&bench, "basic", &answer["access_token"]).await;
        for (name, value) in
            [("active", true.into()), ("scope", "api".into()), ("aud", API.into()), ("sub", "alice-1".into())]
        {
            assert_eq!(told[name], Value::clone(&value), "{name}");
        }
        assert_eq!(told["client_id"], "opaque");
        assert_eq!(ask(&bench, "basic", &answer["refresh_token"]).await, inactive());
    }
    let elsewhere = for_audience(&bench, "opaque", &[ISSUER]).await;
    assert_eq!(ask(&bench, "basic", &elsewhere["access_token"]).await, inactive());
}

#[tokio::test]
async fn who_asks_knows_the_person_as_it_registered() {
    let bench = with_api().await;
    bench
        .register("sector", ClientAuthMethod::ClientSecretBasic, |metadata| {
            metadata.subject_type = SubjectType::Pairwise;
            metadata.access_token_format = AccessTokenFormat::Opaque;
        })
        .await;
    let answer = for_audience(&bench, "sector", &[API]).await;
    let own = ask(&bench, "sector", &answer["access_token"]).await;
    assert_eq!(own["sub"], claims(&answer["id_token"], Algorithm::RS256, "JWT")["sub"]);
    assert_ne!(own["sub"], "alice-1");
    assert_eq!(ask(&bench, "basic", &answer["access_token"]).await["sub"], "alice-1");
}

#[tokio::test]
async fn a_token_of_somebody_who_may_no_longer_act_is_inactive() {
    let bench = Bench::new().await;
    for (mood, status) in [
        (Mood::Erring, StatusCode::INTERNAL_SERVER_ERROR),
        (Mood::Panicking, StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let answer = tokens(&bench, "basic").await;
        bench.feel(mood, Mood::Well);
        let form = [("token", answer["access_token"].as_str().unwrap())];
        refused(&bench.ask(PATH, Some("basic"), &form).await, status, "server_error");
        assert_eq!(ask(&bench, "opaque", &answer["access_token"]).await, inactive(), "nobody is asked");
        bench.feel(Mood::Well, Mood::Well);
    }
    for name in ["access_token", "refresh_token"] {
        let answer = tokens(&bench, "basic").await;
        bench.feel(Mood::Gone, Mood::Well);
        assert_eq!(ask(&bench, "basic", &answer[name]).await, inactive());
        bench.feel(Mood::Well, Mood::Well);
        assert_eq!(ask(&bench, "basic", &answer["access_token"]).await, inactive(), "the grant is gone");
    }
    assert_eq!(bench.count("grant.revoked"), 2);
}

#[tokio::test]
async fn rfc7662_2_2_what_does_not_work_is_inactive_and_no_more() {
    let bench = Bench::new().await;
    for client in ["basic", "opaque"] {
        // Revoked alone, exchanged, revoked with its grant, never there, expired: in this order.
        let answer = tokens(&bench, client).await;
        let access = answer["access_token"].as_str().unwrap();
        let revoked = bench.ask("/oauth/revoke", Some(client), &[("token", access)]).await;
        assert_eq!(revoked.status(), StatusCode::OK);
        assert_eq!(ask(&bench, client, &answer["access_token"]).await, inactive());
        assert_eq!(ask(&bench, client, &answer["refresh_token"]).await["active"], true);

        let first = answer["refresh_token"].as_str().unwrap();
        let next = granted(&bench.refresh(client, first).await);
        assert_eq!(ask(&bench, client, &answer["refresh_token"]).await, inactive());
        assert_eq!(ask(&bench, client, &next["refresh_token"]).await["active"], true);
        assert_eq!(bench.count("token.reused"), 0, "to ask is not to use");

        bench.ask("/oauth/revoke", Some(client), &[("token", first)]).await;
        for name in ["access_token", "refresh_token"] {
            assert_eq!(ask(&bench, client, &next[name]).await, inactive());
        }
        let torn = Value::from(with_another_secret(first));
        for wrong in [&torn, &answer["id_token"], &Value::from("x")] {
            assert_eq!(ask(&bench, client, wrong).await, inactive());
        }
    }
    let answer = tokens(&bench, "opaque").await;
    let jwt = tokens(&bench, "basic").await;
    bench.clock.advance(Duration::from_secs(600));
    assert_eq!(ask(&bench, "opaque", &answer["access_token"]).await, inactive());
    assert_eq!(ask(&bench, "basic", &jwt["access_token"]).await, inactive());
    bench.clock.advance(Duration::from_secs(30 * 24 * 3600 - 600));
    assert_eq!(ask(&bench, "opaque", &answer["refresh_token"]).await, inactive());
}

#[tokio::test]
async fn rfc7662_2_3_who_cannot_prove_itself_hears_nothing() {
    let bench = Bench::new().await;
    let answer = tokens(&bench, "basic").await;
    let token = ("token", answer["access_token"].as_str().unwrap());
    let public = [token, ("client_id", "public")];
    refused(&bench.ask(PATH, None, &public).await, StatusCode::UNAUTHORIZED, "invalid_client");
    refused(&bench.ask(PATH, None, &[token]).await, StatusCode::UNAUTHORIZED, "invalid_client");
    let response = bench.ask(PATH, Some("nobody"), &[token]).await;
    refused(&response, StatusCode::UNAUTHORIZED, "invalid_client");
    assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    let events = bench.store.events();
    let reasons: Vec<_> = events.iter().filter_map(|event| event.reason).collect();
    assert_eq!(reasons, ["public_client", "no_credentials", "unknown_client"]);
}

#[tokio::test]
async fn rfc7662_2_1_a_bad_request_is_told_so() {
    let bench = Bench::new().await;
    for form in [&[][..], &[("token", "")], &[("token", "x"), ("token", "x")]] {
        refused(&bench.ask(PATH, Some("basic"), form).await, StatusCode::BAD_REQUEST, "invalid_request");
    }
    let response = bench.ask("/oauth/introspect?token=x", Some("basic"), &[("token", "x")]).await;
    refused(&response, StatusCode::BAD_REQUEST, "invalid_request");
    bench.store.set_unavailable(true);
    let response = bench.ask(PATH, Some("basic"), &[("token", "x")]).await;
    refused(&response, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
}
