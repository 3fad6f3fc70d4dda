//! Protected resource metadata, [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728).

use http::{Method, Request, StatusCode, header};
use serde_json::json;
use towergate::{oauth::rules::resource::ResourceServer, oauth_types::Scope};

use crate::{
    desk::{Desk, house_with},
    house::{
        FILES, ISSUER, MAIL,
        browser::{request, with_token},
    },
};

const PATH: &str = "/.well-known/oauth-protected-resource";

#[tokio::test]
async fn section_2_and_3_2_the_document_holds_registered_members_alone() {
    let desk = Desk::new().await;
    let answer = desk.get(PATH).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    let expected = json!({
        "resource": ISSUER, "authorization_servers": [ISSUER], "bearer_methods_supported": ["header"],
    });
    assert_eq!(answer.json(), expected, "what says nothing is left out");
}

#[tokio::test]
async fn section_3_1_it_is_asked_for_by_get_and_may_be_kept() {
    let desk = Desk::new().await;
    let first = desk.get(PATH).await;
    assert_eq!(first.header("cache-control"), "public, max-age=300");
    let again = Request::get(PATH).header(header::IF_NONE_MATCH, first.header("etag"));
    let again = request(&desk.house.app, again, String::new()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let wrong = desk.ask(Method::POST, PATH).await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
}

#[tokio::test]
async fn section_3_3_the_resource_is_the_audience_that_the_api_asks_for() {
    let desk = Desk::new().await;
    let resource = desk.get(PATH).await.json()["resource"].as_str().unwrap().to_owned();
    let tokens = desk.tokens(&format!("&resource={resource}")).await;
    let answer = with_token(&desk.house.app, "/api", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn section_4_the_authorization_server_names_its_apis_too() {
    let house = house_with(|config| {
        let mail = ResourceServer::new(MAIL).unwrap().with_scope(Scope::parse("mail.read").unwrap());
        config.resource_servers = vec![mail, ResourceServer::new(FILES).unwrap()];
    })
    .await;
    let path = Request::get("/.well-known/oauth-authorization-server");
    let metadata = request(&house.app, path, String::new()).await.json();
    assert_eq!(metadata["protected_resources"], json!([MAIL, FILES]));
    let scopes = metadata["scopes_supported"].as_array().unwrap();
    assert!(["mail.read", "openid"].iter().all(|value| scopes.contains(&json!(value))), "{scopes:?}");
}

#[tokio::test]
async fn section_5_1_each_challenge_names_the_document_and_the_document_the_server() {
    let desk = Desk::new().await;
    for answer in [desk.get("/api").await, with_token(&desk.house.app, "/api", "torn").await] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let challenge = answer.header("www-authenticate");
        let (_, address) = challenge.split_once("resource_metadata=\"").unwrap();
        let path = address.split('"').next().unwrap().strip_prefix(ISSUER).unwrap();
        let document = desk.get(path).await.json();
        let server = document["authorization_servers"][0].as_str().unwrap();
        let metadata =
            format!("{}/.well-known/oauth-authorization-server", server.strip_prefix(ISSUER).unwrap());
        assert_eq!(desk.get(&metadata).await.json()["issuer"], server);
    }
}
