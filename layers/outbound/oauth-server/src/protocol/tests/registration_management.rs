use serde_json::json;

use super::{
    registration::{open, registered, told, web},
    *,
};

/// A client of its own making: its path, its token, and what it was told.
async fn enrolled(bench: &Bench) -> (String, String, Value) {
    let told = registered(&bench.enrol(&web()).await);
    let path = told["registration_client_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned();
    (path, text(&told, "registration_access_token"), told)
}

fn text(told: &Value, name: &str) -> String {
    told[name].as_str().unwrap().to_owned()
}

fn update(told: &Value) -> Value {
    json!({"client_id": told["client_id"], "redirect_uris": [CALLBACK, "https://app.example/two"]})
}

#[tokio::test]
async fn rfc7592_2_1_a_client_reads_what_is_stored() {
    let bench = open().await;
    let (path, token, mut told) = enrolled(&bench).await;
    let response = bench.send("GET", &path, Some(&token), "").await;
    told.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(granted(&response), told);
}

#[tokio::test]
async fn rfc7592_2_2_an_update_replaces_everything_and_brings_a_new_token() {
    let bench = open().await;
    let (path, token, before) = enrolled(&bench).await;
    let after = granted(&bench.send("PUT", &path, Some(&token), update(&before).to_string()).await);
    assert_eq!(after["redirect_uris"].as_array().unwrap().len(), 2);
    assert!(after.get("client_name").is_none() && after.get("client_secret").is_none());
    assert_eq!(after["client_id_issued_at"], before["client_id_issued_at"]);
    let fresh = text(&after, "registration_access_token");
    assert_ne!(fresh, token);
    for method in ["GET", "PUT", "DELETE"] {
        let response = bench.send(method, &path, Some(&token), update(&before).to_string()).await;
        refused(&response, StatusCode::UNAUTHORIZED, "invalid_token");
    }
    granted(&bench.send("GET", &path, Some(&fresh), "").await);
    // The secret is the one that it had.
    let code = bench.code_for(before["client_id"].as_str().unwrap(), "openid").await;
    let header = basic(before["client_id"].as_str().unwrap(), before["client_secret"].as_str().unwrap());
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(code_form(&code)).finish();
    granted(&bench.call(token_request(Some(&header), body)).await);
    assert_eq!(bench.count("client.updated"), 1);
}

#[tokio::test]
async fn rfc7592_2_2_an_update_names_its_client_and_its_secret() {
    let bench = open().await;
    let (path, token, before) = enrolled(&bench).await;
    for (name, value) in [
        ("client_id", json!("basic")),
        ("client_id", Value::Null),
        ("client_secret", json!("guessed")),
        ("client_secret", json!(7)),
        ("scope", json!("admin")),
    ] {
        let mut sent = update(&before);
        sent[name] = value;
        let response = bench.send("PUT", &path, Some(&token), sent.to_string()).await;
        assert!(told(&response, "invalid_client_metadata").contains(name), "{name}");
    }
    assert_eq!(bench.count("client.updated"), 0);
    let mut sent = update(&before);
    sent["client_secret"] = before["client_secret"].clone();
    granted(&bench.send("PUT", &path, Some(&token), sent.to_string()).await);
}

#[tokio::test]
async fn an_update_makes_a_secret_where_one_is_missing_and_drops_one_that_serves_nothing() {
    let bench = open().await;
    let (path, mut token, before) = enrolled(&bench).await;
    let mut secrets = Vec::new();
    for method in
        ["none", "client_secret_post", "client_secret_jwt", "client_secret_jwt", "client_secret_basic"]
    {
        let mut sent = update(&before);
        sent["token_endpoint_auth_method"] = json!(method);
        let after = granted(&bench.send("PUT", &path, Some(&token), sent.to_string()).await);
        token = text(&after, "registration_access_token");
        secrets.push((method, after.get("client_secret").is_some()));
        assert_eq!(after.get("client_secret_expires_at").is_some(), method != "none");
    }
    assert_eq!(
        secrets,
        [
            ("none", false),
            ("client_secret_post", true),
            ("client_secret_jwt", true),
            ("client_secret_jwt", false),
            ("client_secret_basic", false),
        ]
    );
}

#[tokio::test]
async fn rfc7592_2_3_a_deleted_client_is_gone_with_all_that_it_held() {
    let bench = open().await;
    let (path, token, told) = enrolled(&bench).await;
    let (id, secret) = (text(&told, "client_id"), text(&told, "client_secret"));
    let code = bench.code_for(&id, "openid").await;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(code_form(&code)).finish();
    let tokens = granted(&bench.call(token_request(Some(&basic(&id, &secret)), body)).await);
    let access = text(&tokens, "access_token");
    granted(&bench.userinfo(&access).await);

    let response = bench.send("DELETE", &path, Some(&token), "").await;
    assert_eq!((response.status(), response.body().len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    refused(&bench.userinfo(&access).await, StatusCode::UNAUTHORIZED, "invalid_token");
    let again = bench.send("GET", &path, Some(&token), "").await;
    refused(&again, StatusCode::UNAUTHORIZED, "invalid_token");
    let authentication = token_request(Some(&basic(&id, &secret)), String::from("grant_type=refresh_token"));
    refused(&bench.call(authentication).await, StatusCode::UNAUTHORIZED, "invalid_client");
    assert_eq!(bench.count("client.deleted"), 1);
}

#[tokio::test]
async fn nobody_manages_anybody_elses_client() {
    let bench = open().await;
    let (path, token, _) = enrolled(&bench).await;
    let (_, other, _) = enrolled(&bench).await;
    for (path, token) in [
        (path.as_str(), Some(other.as_str())),
        (&path, Some("tgreg_nonsense")),
        (&path, None),
        ("/oauth/register/nobody", Some(&token)),
        ("/oauth/register/basic", Some(&token)),
        ("/oauth/register/%20", Some(&token)),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let response = bench.send(method, path, token, "{}").await;
            match token {
                Some(_) => refused(&response, StatusCode::UNAUTHORIZED, "invalid_token"),
                None => assert_eq!((response.status(), response.body().len()), (StatusCode::UNAUTHORIZED, 0)),
            }
        }
    }
    let id = path.rsplit('/').next().unwrap();
    bench.store.disable_client(ClientId::parse(id).unwrap(), bench.origin()).await.unwrap();
    let response = bench.send("GET", &path, Some(&token), "").await;
    refused(&response, StatusCode::UNAUTHORIZED, "invalid_token");
    let response = bench.send("POST", &path, Some(&token), "{}").await;
    assert_eq!(response.headers()[header::ALLOW], "GET, PUT, DELETE");
}
