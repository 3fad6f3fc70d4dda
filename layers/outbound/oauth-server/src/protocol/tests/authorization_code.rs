use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_code_is_exchanged_for_tokens_that_say_what_they_must() {
    let bench = Bench::new().await;
    let answer = granted(&bench.redeem("basic", &bench.code("basic").await).await);
    assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_u64()), (Some("Bearer"), Some(600)));
    assert_eq!(answer["scope"], "api email openid");

    let access = claims(&answer["access_token"], Algorithm::ES256, "at+jwt");
    for (name, value) in [
        ("iss", Value::from(ISSUER)),
        ("sub", Value::from("alice-1")),
        ("aud", Value::from(ISSUER)),
        ("client_id", Value::from("basic")),
        ("scope", Value::from("api email openid")),
        ("iat", Value::from(1_700_000_000)),
        ("exp", Value::from(1_700_000_600)),
        ("auth_time", Value::from(1_699_999_000)),
        ("sid", Value::from("sid-1")),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert_eq!(access["jti"].as_str().unwrap().len(), 36);

    let id = claims(&answer["id_token"], Algorithm::RS256, "JWT");
    let at_hash = towergate_jose::at_hash(Algorithm::RS256, answer["access_token"].as_str().unwrap());
    for (name, value) in [
        ("iss", Value::from(ISSUER)),
        ("sub", Value::from("alice-1")),
        ("aud", Value::from("basic")),
        ("exp", Value::from(1_700_003_600)),
        ("auth_time", Value::from(1_699_999_000)),
        ("nonce", Value::from("n-1")),
        ("at_hash", Value::from(at_hash)),
        ("acr", Value::from("1")),
        ("amr", serde_json::json!(["pwd"])),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    assert!(id.get("email").is_none(), "the host's claims stay at userinfo");
}

#[tokio::test]
async fn without_openid_there_is_no_id_token_and_without_the_grant_no_refresh_token() {
    let bench = Bench::new().await;
    bench
        .register("short", ClientAuthMethod::ClientSecretBasic, |metadata| {
            metadata.grant_types = [GrantType::AuthorizationCode].into();
        })
        .await;
    let answer = granted(&bench.redeem("short", &bench.code_for("short", "api").await).await);
    assert!(answer.get("id_token").is_none() && answer.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_public_client_needs_its_verifier_only() {
    let bench = Bench::new().await;
    let code = bench.code("public").await;
    let form = [&code_form(&code)[..], &[("client_id", "public")]].concat();
    granted(&bench.token(None, &form).await);
}

#[tokio::test]
async fn whatever_is_wrong_the_code_stays_unspent() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    let other = bench.code("basic").await;
    let torn = with_another_secret(&code);
    let stitched = format!("{}.{}", code.split_once('.').unwrap().0, other.split_once('.').unwrap().1);
    let with = |name: &str, value: &'static str| {
        let mut form = code_form(&code).map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name.to_owned(), value.to_owned()));
        }
        form
    };
    for (client, form) in [
        ("opaque", with("", "")),
        ("basic", with("redirect_uri", "https://app.example/other")),
        ("basic", with("redirect_uri", "")),
        ("basic", with("code_verifier", "wrong")),
        ("basic", with("code_verifier", "")),
        ("basic", with("code_verifier", "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
    ] {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        refused(&bench.token(Some(client), &form).await, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    for wrong in [torn.as_str(), stitched.as_str(), "tgcode_x"] {
        refused(&bench.redeem("basic", wrong).await, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    granted(&bench.redeem("basic", &code).await);
}

#[tokio::test]
async fn a_code_used_twice_kills_what_came_of_it() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    let answer = granted(&bench.redeem("basic", &code).await);
    let foreign = bench.redeem("opaque", &code).await;
    refused(&foreign, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(bench.count("grant.revoked"), 0, "another client cannot revoke it");
    refused(&bench.redeem("basic", &code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!((bench.count("code.replayed"), bench.count("grant.revoked")), (1, 1));
    let dead = bench.userinfo(answer["access_token"].as_str().unwrap()).await;
    refused(&dead, StatusCode::UNAUTHORIZED, "invalid_token");
    let dead = bench.refresh("basic", answer["refresh_token"].as_str().unwrap()).await;
    refused(&dead, StatusCode::BAD_REQUEST, "invalid_grant");
}

#[tokio::test]
async fn a_code_dies_after_a_minute() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    bench.clock.advance(Duration::from_secs(60));
    refused(&bench.redeem("basic", &code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(bench.count("token.issued"), 0);
}

#[tokio::test]
async fn a_host_that_cannot_tell_leaves_the_code_unspent() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    for (place, mood) in [Mood::Erring, Mood::Panicking, Mood::Another].into_iter().enumerate() {
        bench.feel(mood, Mood::Well);
        let response = bench.redeem("basic", &code).await;
        refused(&response, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
        assert!(!String::from_utf8_lossy(response.body()).contains("fire"));
        assert_eq!(bench.count("account_resolver.failed"), place + 1);
    }
    bench.feel(Mood::Well, Mood::Well);
    granted(&bench.redeem("basic", &code).await);
}

#[tokio::test]
async fn an_account_that_is_gone_takes_its_grant_along() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    bench.feel(Mood::Gone, Mood::Well);
    refused(&bench.redeem("basic", &code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(bench.count("grant.revoked"), 1);
    bench.feel(Mood::Well, Mood::Well);
    refused(&bench.redeem("basic", &code).await, StatusCode::BAD_REQUEST, "invalid_grant");
}
