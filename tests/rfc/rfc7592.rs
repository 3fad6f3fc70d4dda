//! Dynamic client registration management, [RFC 7592](https://www.rfc-editor.org/rfc/rfc7592).

use http::{StatusCode, header};
use serde_json::{Value, json};
use towergate::{
    identity::ports::memory::MemoryStore as People, oauth_server::RegistrationMode, sqlite::SqliteStore,
};

use crate::{
    house::{
        App, CALLBACK, ISSUER,
        browser::{token_request_as, with_token},
        steps::{AUTHORIZE, VERIFIER, exchange, parameter, refresh, signed_in, to_code_for},
    },
    registrant::{Told, house_on, open_house, registered, send, text},
};

/// The path and the token of a registration.
fn handle(client: &Value) -> (String, String) {
    let path = text(client, "registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned();
    (path, text(client, "registration_access_token").to_owned())
}

fn changed(client: &Value, name: &str) -> String {
    json!({
        "client_id": client["client_id"], "client_secret": client["client_secret"], "client_name": name,
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post",
    })
    .to_string()
}

async fn put(app: &App, client: &Value, name: &str) -> Told {
    let (path, token) = handle(client);
    send(app, "PUT", &path, Some(&token), changed(client, name)).await
}

#[tokio::test]
async fn section_2_1_a_client_reads_its_registration() {
    let house = open_house().await;
    let client = registered(&house.app).await;
    let (path, token) = handle(&client);
    let told = send(&house.app, "GET", &path, Some(&token), String::new()).await;
    assert_eq!(
        (told.status, &told.headers[header::CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    for name in
        ["client_id", "redirect_uris", "registration_client_uri", "registration_access_token", "scope"]
    {
        assert_eq!(told.body[name], client[name], "{name}");
    }
}

#[tokio::test]
async fn section_2_2_an_update_replaces_the_registration() {
    let house = open_house().await;
    let client = registered(&house.app).await;
    let told = put(&house.app, &client, "Renamed").await;
    assert_eq!((told.status, &told.body["client_name"]), (StatusCode::OK, &json!("Renamed")));
    assert_ne!(told.body["registration_access_token"], client["registration_access_token"]);
    put(&house.app, &client, "Again").await.refuses(StatusCode::UNAUTHORIZED, "invalid_token");
    let (path, token) = handle(&told.body);
    for (field, value) in [("client_id", json!("another")), ("client_secret", json!("guessed"))] {
        let mut sent: Value = serde_json::from_str(&changed(&client, "x")).unwrap();
        sent[field] = value;
        let told = send(&house.app, "PUT", &path, Some(&token), sent.to_string()).await;
        told.refuses(StatusCode::BAD_REQUEST, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn section_2_3_a_deleted_client_holds_nothing() {
    let house = open_house().await;
    let client = registered(&house.app).await;
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    let mut browser = signed_in(&house).await;
    let request = AUTHORIZE.replace("client_id=shop", &format!("client_id={id}"));
    let request = request.replace("scope=openid%20email", "scope=openid%20email%20offline_access");
    let code = to_code_for(&mut browser, &request).await;
    let answer = token_request_as(&house.app, id, secret, &exchange(&code, VERIFIER)).await.json();
    let (path, token) = handle(&client);
    let told = send(&house.app, "DELETE", &path, Some(&token), String::new()).await;
    assert_eq!((told.status, told.body), (StatusCode::NO_CONTENT, Value::Null));

    let access = answer["access_token"].as_str().unwrap();
    assert_eq!(with_token(&house.app, "/oauth/userinfo", access).await.status, StatusCode::UNAUTHORIZED);
    let held = answer["refresh_token"].as_str().unwrap_or("none");
    let refreshed = token_request_as(&house.app, id, secret, &refresh(held)).await;
    assert_eq!((refreshed.status, refreshed.code().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    let page = browser.get(&request).await;
    assert!(page.status.is_client_error() && parameter(&page.location, "code").is_empty());
    send(&house.app, "GET", &path, Some(&token), String::new())
        .await
        .refuses(StatusCode::UNAUTHORIZED, "invalid_token");
}

#[tokio::test]
async fn section_2_a_client_that_never_was_looks_like_a_wrong_token() {
    let house = open_house().await;
    let (path, token) = handle(&registered(&house.app).await);
    let mut answers = Vec::new();
    for (path, token) in [
        (path.as_str(), "tgreg_guessed"),
        (path.as_str(), "guessed"),
        ("/oauth/register/nobody", token.as_str()),
        ("/oauth/register/shop", token.as_str()),
    ] {
        let told = send(&house.app, "GET", path, Some(token), String::new()).await;
        answers.push((told.status, told.body, told.headers[header::WWW_AUTHENTICATE].clone()));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

/// Many at once on a store that survives: one gets its way, and its token is the one that works.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn section_2_2_of_many_updates_at_once_one_gets_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("towergate.db")).unwrap();
    let house = house_on(People::new(), store, RegistrationMode::Open).await;
    let client = registered(&house.app).await;
    let updates: Vec<_> = (0..16)
        .map(|n| {
            let (app, client) = (house.app.clone(), client.clone());
            tokio::spawn(async move { put(&app, &client, &format!("Name {n}")).await })
        })
        .collect();
    let mut won = Vec::new();
    for update in updates {
        let told = update.await.unwrap();
        match told.status {
            StatusCode::OK => won.push(told.body),
            _ => told.refuses(StatusCode::UNAUTHORIZED, "invalid_token"),
        }
    }
    assert_eq!(won.len(), 1);
    let (path, token) = handle(&won[0]);
    let told = send(&house.app, "GET", &path, Some(&token), String::new()).await;
    assert_eq!(told.body["client_name"], won[0]["client_name"]);
}
