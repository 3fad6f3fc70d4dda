use super::*;

#[tokio::test]
async fn a_client_acts_for_itself_within_what_it_registered() {
    let bench = Bench::new().await;
    let ask = async |scope: &str| {
        bench.token(Some("basic"), &[("grant_type", "client_credentials"), ("scope", scope)]).await
    };
    let answer = granted(&ask("api").await);
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let access = claims(&answer["access_token"], Algorithm::ES256, "at+jwt");
    assert_eq!((&access["sub"], &access["client_id"]), (&Value::from("basic"), &Value::from("basic")));
    assert_eq!(access["aud"], ISSUER);
    assert!(access.get("auth_time").is_none());

    assert_eq!(granted(&ask("").await)["scope"], "api email profile");
    for too_much in ["openid", "api offline_access", "admin"] {
        refused(&ask(too_much).await, StatusCode::BAD_REQUEST, "invalid_scope");
    }
    let person = bench.userinfo(answer["access_token"].as_str().unwrap()).await;
    refused(&person, StatusCode::FORBIDDEN, "insufficient_scope");
}
