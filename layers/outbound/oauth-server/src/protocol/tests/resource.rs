//! [RFC 8707](https://www.rfc-editor.org/rfc/rfc8707) at the token endpoint.

use super::*;
use crate::config::ResourceServer;

const MAIL: &str = "https://mail.example/api";
const FILES: &str = "https://files.example/";

async fn bench() -> Bench {
    Bench::with(keys(), |config| {
        let mail = ResourceServer::new(MAIL).unwrap().with_scope(scope("api"));
        config.resource_servers = vec![mail, ResourceServer::new(FILES).unwrap()];
    })
    .await
}

/// A code for all three.
async fn code(bench: &Bench) -> String {
    let audience = [ISSUER, MAIL, FILES].map(str::to_owned);
    bench.code_of("basic", |grant| grant.audience = audience.into()).await
}

fn audience(answer: &Value) -> Value {
    claims(&answer["access_token"], Algorithm::ES256, "at+jwt")["aud"].clone()
}

#[tokio::test]
async fn rfc8707_2_2_a_code_is_exchanged_for_a_token_for_fewer_apis() {
    let bench = bench().await;
    let code = code(&bench).await;
    let mut form = code_form(&code).to_vec();
    form.extend([("resource", MAIL), ("resource", "https://evil.example/")]);
    refused(&bench.token(Some("basic"), &form).await, StatusCode::BAD_REQUEST, "invalid_target");
    form.pop();
    let answer = granted(&bench.token(Some("basic"), &form).await);
    assert_eq!(audience(&answer), MAIL, "and the code was left unspent before");
    assert_eq!(answer["scope"], "api", "of the scope, what means something there");
    assert!(answer["id_token"].is_string(), "the grant holds openid nonetheless");
    let token = answer["access_token"].as_str().unwrap();
    refused(&bench.userinfo(token).await, StatusCode::UNAUTHORIZED, "invalid_token");
}

#[tokio::test]
async fn rfc8707_2_2_each_refresh_narrows_for_itself_and_the_grant_keeps_all() {
    let bench = bench().await;
    let mut answer = granted(&bench.redeem("basic", &code(&bench).await).await);
    assert_eq!(audience(&answer), serde_json::json!([ISSUER, MAIL, FILES]));
    for (named, expected) in [
        (&[FILES][..], serde_json::json!(FILES)),
        (&[ISSUER, MAIL], serde_json::json!([ISSUER, MAIL])),
        (&[], serde_json::json!([ISSUER, MAIL, FILES])),
    ] {
        let token = answer["refresh_token"].as_str().unwrap().to_owned();
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &token)];
        form.push(("resource", "https://id.example/"));
        refused(&bench.token(Some("basic"), &form).await, StatusCode::BAD_REQUEST, "invalid_target");
        form.pop();
        form.extend(named.iter().map(|name| ("resource", *name)));
        answer = granted(&bench.token(Some("basic"), &form).await);
        assert_eq!(audience(&answer), expected);
    }
    granted(&bench.userinfo(answer["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn rfc8707_2_a_client_that_acts_for_itself_names_apis_too() {
    let bench = bench().await;
    let ask = async |named: &[&str]| {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(named.iter().map(|name| ("resource", *name)));
        bench.token(Some("basic"), &form).await
    };
    assert_eq!(audience(&granted(&ask(&[]).await)), ISSUER);
    let answer = granted(&ask(&[MAIL, MAIL]).await);
    assert_eq!((audience(&answer), &answer["scope"]), (Value::from(MAIL), &Value::from("api")));
    let issued = bench.count("token.issued");
    for unknown in ["https://mail.example/api/", "mail", "https://mail.example/api#x"] {
        refused(&ask(&[MAIL, unknown]).await, StatusCode::BAD_REQUEST, "invalid_target");
    }
    assert_eq!(bench.count("token.issued"), issued);
}
