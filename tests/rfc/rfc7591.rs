//! Dynamic client registration, [RFC 7591](https://www.rfc-editor.org/rfc/rfc7591).

use http::{StatusCode, header};
use serde_json::json;
use towergate::{
    identity::ports::memory::MemoryStore as People,
    oauth::ports::memory::MemoryStore as Grants,
    oauth_server::{Registration, RegistrationMode},
};

use crate::{
    house::{
        CALLBACK, House,
        browser::{token_request_as, with_token},
        steps::{AUTHORIZE, VERIFIER, exchange, signed_in, to_code_for},
    },
    registrant::{REGISTER, house_on, open_house, register, registered, send, text, usual},
};

#[tokio::test]
async fn section_1_a_client_that_registered_itself_signs_people_in() {
    let house = open_house().await;
    let client = registered(&house.app).await;
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    let mut browser = signed_in(&house).await;
    let request = AUTHORIZE.replace("client_id=shop", &format!("client_id={id}"));
    let code = to_code_for(&mut browser, &request).await;
    let answer = token_request_as(&house.app, id, secret, &exchange(&code, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let userinfo = with_token(&house.app, "/oauth/userinfo", &token).await;
    assert_eq!(userinfo.json()["sub"], house.alice.to_string());
}

/// The request of section 3.1, with the grant type that it relies on by default.
#[tokio::test]
async fn section_3_1_the_request_of_the_specification_is_answered() {
    let house = open_house().await;
    let sent = json!({
        "redirect_uris": [
            "https://client.example.org/callback",
            "https://client.example.org/callback2"],
        "client_name": "My Example Client",
        "client_name#ja-Jpan-JP": "クライアント名",
        "token_endpoint_auth_method": "client_secret_basic",
        "logo_uri": "https://client.example.org/logo.png",
        "jwks_uri": "https://client.example.org/my_public_keys.jwks",
        "example_extension_parameter": "example_value"
    });
    let told = register(&house.app, &sent).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
    assert_eq!(told.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(told.headers[header::CONTENT_TYPE], "application/json");
    for (name, value) in sent.as_object().unwrap() {
        // Section 2: what is not understood is ignored.
        let kept = name != "example_extension_parameter";
        assert_eq!(told.body.get(name), kept.then_some(value), "{name}");
    }
    assert_eq!(told.body["client_secret_expires_at"], 0);
    assert_eq!(told.body["grant_types"], json!(["authorization_code"]));
    assert_eq!(told.body["response_types"], json!(["code"]));
}

#[tokio::test]
async fn section_3_1_a_protected_endpoint_wants_its_token_in_the_header() {
    let mode = RegistrationMode::tokens(["ey7snHGs10VkdFMOi0VGR5aQ"]);
    let house = house_on(People::new(), Grants::new(), mode).await;
    let body = usual().to_string();
    let told = send(&house.app, "POST", REGISTER, Some("ey7snHGs10VkdFMOi0VGR5aQ"), body.clone()).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
    let guessed = send(&house.app, "POST", REGISTER, Some("guessed"), body.clone()).await;
    guessed.refuses(StatusCode::UNAUTHORIZED, "invalid_token");
    assert!(guessed.headers[header::WWW_AUTHENTICATE].to_str().unwrap().contains("error=\"invalid_token\""));
    // RFC 6750 section 3.1: who brought nothing is told of no error.
    let in_query = format!("{REGISTER}?access_token=ey7snHGs10VkdFMOi0VGR5aQ");
    for path in [REGISTER, &in_query] {
        let told = send(&house.app, "POST", path, None, body.clone()).await;
        assert_eq!((told.status, &told.body), (StatusCode::UNAUTHORIZED, &serde_json::Value::Null));
        assert_eq!(told.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"https://id.example\"");
    }
}

#[tokio::test]
async fn section_3_2_2_the_errors_of_the_specification() {
    let house = open_house().await;
    for (field, value, error) in [
        ("redirect_uris", json!(["http://app.example/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["myapp:/cb"]), "invalid_redirect_uri"),
        ("grant_types", json!(["authorization_code", "implicit"]), "invalid_client_metadata"),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), "invalid_client_metadata"),
        ("software_statement", json!("not a JWT"), "invalid_software_statement"),
        (
            "software_statement",
            // Section 2.3's own statement, whose issuer nobody here trusts.
            json!(
                "eyJhbGciOiJSUzI1NiJ9.eyJzb2Z0d2FyZV9pZCI6IjROUkIxLTBYWkFCWkk5RTYtNVNNM1IiLCJjbGllbnRfbmFtZSI6I\
                 kV4YW1wbGUgU3RhdGVtZW50LWJhc2VkIENsaWVudCIsImNsaWVudF91cmkiOiJodHRwczovL2NsaWVudC5leGFtcGxlLm5\
                 ldC8iLCJpc3MiOiJodHRwczovL3ZvdWNoLmV4YW1wbGUifQ.AAAA"
            ),
            "unapproved_software_statement",
        ),
    ] {
        let mut sent = usual();
        sent[field] = value;
        let told = register(&house.app, &sent).await;
        told.refuses(StatusCode::BAD_REQUEST, error);
        let description = text(&told.body, "error_description");
        assert!(!description.is_empty() && description.is_ascii() && !description.contains(['"', '\\']));
    }
}

#[tokio::test]
async fn section_5_the_host_bounds_whoever_registers() {
    let mut registration = Registration::new(RegistrationMode::Open);
    registration.policy.redirect_hosts = Some(vec![String::from("*.apps.example")]);
    registration.policy.max_clients = 1;
    let house = House::with_config(People::new(), Grants::new(), |config| config.registration = registration);
    let house = house.await;
    let told = register(&house.app, &usual()).await;
    told.refuses(StatusCode::BAD_REQUEST, "invalid_redirect_uri");
    let description = text(&told.body, "error_description");
    assert!(description.contains(CALLBACK) && description.contains("*.apps.example"), "{description}");
    let mut sent = usual();
    sent["redirect_uris"] = json!(["https://one.apps.example/cb"]);
    assert_eq!(register(&house.app, &sent).await.status, StatusCode::CREATED);
    register(&house.app, &sent).await.refuses(StatusCode::FORBIDDEN, "access_denied");
}
