//! The `claims` parameter. [OpenID Connect Core section 5.5](https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter)

use towergate_oauth::rules::claims_request::{ClaimRequest, ClaimsRequest};

use super::*;

fn asked(members: &[(&str, &[&str])]) -> std::collections::BTreeMap<String, ClaimRequest> {
    let request = |values: &[&str]| ClaimRequest {
        essential: true,
        values: values.iter().map(|value| Value::from(*value)).collect(),
    };
    members.iter().map(|(name, values)| ((*name).to_owned(), request(values))).collect()
}

#[tokio::test]
async fn oidc_core_5_5_each_claim_goes_where_it_is_asked_for_and_none_beyond_the_registration() {
    let bench = Bench::new().await;
    let wanted = ClaimsRequest {
        id_token: asked(&[("email", &[]), ("phone_number", &[]), ("shoe_size", &[]), ("iss", &["mallory"])]),
        userinfo: asked(&[("name", &[]), ("email_verified", &[]), ("shoe_size", &[])]),
    };
    let code = bench
        .code_of("basic", |grant| {
            grant.scope = scope("openid");
            grant.claims = wanted;
        })
        .await;
    let answer = granted(&bench.redeem("basic", &code).await);
    for token in
        [answer.clone(), granted(&bench.refresh("basic", answer["refresh_token"].as_str().unwrap()).await)]
    {
        let id = claims(&token["id_token"], Algorithm::RS256, "JWT");
        assert_eq!(
            (&id["email"], &id["iss"], &id["sub"]),
            (&"alice@app.example".into(), &ISSUER.into(), &"alice-1".into())
        );
        assert!(["phone_number", "shoe_size", "name"].iter().all(|name| id.get(name).is_none()), "{id}");
        let info = granted(&bench.userinfo(token["access_token"].as_str().unwrap()).await);
        assert_eq!(info, serde_json::json!({ "sub": "alice-1", "name": "Alice", "email_verified": true }));
    }
}

#[tokio::test]
async fn oidc_core_5_5_1_a_claim_with_another_value_is_left_out() {
    let bench = Bench::new().await;
    let code = bench
        .code_of("basic", |grant| {
            grant.claims.id_token = asked(&[("name", &["Bob", "Alice"]), ("email", &["bob@app.example"])]);
        })
        .await;
    let id = claims(&granted(&bench.redeem("basic", &code).await)["id_token"], Algorithm::RS256, "JWT");
    assert_eq!((id["name"].as_str(), id.get("email")), (Some("Alice"), None));
}

#[tokio::test]
async fn oidc_core_5_5_1_a_client_that_asked_for_one_person_does_not_hear_of_another() {
    let bench = Bench::new().await;
    let code = bench.code_of("basic", |grant| grant.claims.id_token = asked(&[("sub", &["bob-2"])])).await;
    refused(&bench.redeem("basic", &code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let code = bench.code_of("basic", |grant| grant.claims.id_token = asked(&[("sub", &["alice-1"])])).await;
    granted(&bench.redeem("basic", &code).await);
}

#[tokio::test]
async fn a_host_that_cannot_tell_leaves_code_and_refresh_token_unspent() {
    let bench = Bench::new().await;
    let code = bench.code_of("basic", |grant| grant.claims.id_token = asked(&[("email", &[])])).await;
    let broken = [Mood::Erring, Mood::Panicking];
    for mood in broken {
        bench.feel(Mood::Well, mood);
        refused(&bench.redeem("basic", &code).await, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    }
    bench.feel(Mood::Well, Mood::Well);
    let answer = granted(&bench.redeem("basic", &code).await);
    let token = answer["refresh_token"].as_str().unwrap();
    for mood in broken {
        bench.feel(Mood::Well, mood);
        refused(&bench.refresh("basic", token).await, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    }
    bench.feel(Mood::Well, Mood::Well);
    granted(&bench.refresh("basic", token).await);
    assert_eq!(bench.count("account_resolver.failed"), 4);
}

#[tokio::test]
async fn the_host_is_not_asked_for_claims_that_nobody_wants() {
    let bench = Bench::new().await;
    bench.feel(Mood::Well, Mood::Panicking);
    granted(&bench.redeem("basic", &bench.code("basic").await).await);
}
