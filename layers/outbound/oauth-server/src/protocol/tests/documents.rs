use towergate_core::seal::{SealingKey, SealingRing};
use towergate_oauth::rules::key::RotationPolicy;

use super::*;

async fn get(bench: &Bench, path: &str, etag: Option<&str>) -> Response<Bytes> {
    let mut request = Request::get(path);
    if let Some(etag) = etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    bench.call(request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn both_metadata_documents_are_one_and_name_this_issuer() {
    let bench = Bench::new().await;
    let one = get(&bench, "/.well-known/openid-configuration", None).await;
    let other = get(&bench, "/.well-known/oauth-authorization-server", None).await;
    assert_eq!(one.body(), other.body());
    let metadata = json(&one);
    for (name, value) in [
        ("issuer", serde_json::json!("https://id.example")),
        ("token_endpoint", serde_json::json!("https://id.example/oauth/token")),
        ("end_session_endpoint", serde_json::json!("https://id.example/oauth/end_session")),
        // This server has nothing to speak outwards with.
        ("backchannel_logout_supported", serde_json::json!(false)),
        ("frontchannel_logout_supported", serde_json::json!(true)),
        ("revocation_endpoint", serde_json::json!("https://id.example/oauth/revoke")),
        (
            "revocation_endpoint_auth_methods_supported",
            serde_json::json!([
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt",
                "none"
            ]),
        ),
        ("introspection_endpoint", serde_json::json!("https://id.example/oauth/introspect")),
        (
            "introspection_endpoint_auth_methods_supported",
            serde_json::json!([
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt"
            ]),
        ),
        (
            "introspection_endpoint_auth_signing_alg_values_supported",
            serde_json::json!(["ES256", "EdDSA", "PS256", "RS256", "HS256"]),
        ),
        ("jwks_uri", serde_json::json!("https://id.example/oauth/jwks")),
        ("response_types_supported", serde_json::json!(["code"])),
        ("code_challenge_methods_supported", serde_json::json!(["S256"])),
        ("id_token_signing_alg_values_supported", serde_json::json!(["ES256", "RS256"])),
        ("userinfo_signing_alg_values_supported", serde_json::json!(["ES256", "RS256"])),
        (
            "id_token_encryption_alg_values_supported",
            serde_json::json!(["ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256"]),
        ),
        (
            "userinfo_encryption_enc_values_supported",
            serde_json::json!(["A128GCM", "A256GCM", "A128CBC-HS256"]),
        ),
        ("subject_types_supported", serde_json::json!(["public", "pairwise"])),
        ("authorization_response_iss_parameter_supported", serde_json::json!(true)),
        ("request_uri_parameter_supported", serde_json::json!(false)),
        ("request_parameter_supported", serde_json::json!(true)),
        (
            "request_object_signing_alg_values_supported",
            serde_json::json!(["ES256", "EdDSA", "PS256", "RS256"]),
        ),
        ("claims_parameter_supported", serde_json::json!(true)),
        ("claim_types_supported", serde_json::json!(["normal"])),
        ("display_values_supported", serde_json::json!(["page"])),
        ("prompt_values_supported", serde_json::json!(["none", "login", "consent", "select_account"])),
        // What the host does not say is not said.
        ("acr_values_supported", Value::Null),
        ("ui_locales_supported", Value::Null),
    ] {
        assert_eq!(metadata[name], value, "{name}");
    }
    assert!(metadata["claims_supported"].as_array().unwrap().contains(&Value::from("email_verified")));
}

#[tokio::test]
async fn the_keys_are_public_and_kept_for_five_minutes() {
    let bench = Bench::new().await;
    let keys = get(&bench, "/oauth/jwks", None).await;
    assert_eq!(keys.headers()[header::CACHE_CONTROL], "public, max-age=300");
    let set = json(&keys);
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    assert!(set["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()));
    let etag = keys.headers()[header::ETAG].to_str().unwrap();
    let same = get(&bench, "/oauth/jwks", Some(&format!("\"x\", W/{etag}"))).await;
    assert_eq!((same.status(), same.body().len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(get(&bench, "/oauth/jwks", Some("\"x\"")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_documents_are_those_of_the_ring_as_it_is() {
    let (store, random) = (MemoryStore::new(), OsRandom::new());
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
    let sealing = SealingRing::new(SealingKey::new(Secret::new([1; 32])));
    let mut policy = RotationPolicy::default();
    policy.cache_for = std::time::Duration::from_secs(60);
    let keys = KeyRing::with_policy(&store, &sealing, policy.clone(), &clock, &random).await.unwrap();
    let bench = Bench::with_keys(keys.clone()).await;
    let [before, metadata] = [
        get(&bench, "/oauth/jwks", None).await,
        get(&bench, "/.well-known/openid-configuration", None).await,
    ];
    assert_eq!(before.headers()[header::CACHE_CONTROL], "public, max-age=60");
    assert_eq!(metadata.headers()[header::CACHE_CONTROL], "public, max-age=60");

    // Another instance, which wants one algorithm more.
    policy.algorithms = vec![Algorithm::EdDSA];
    let elsewhere = KeyRing::with_policy(&store, &sealing, policy, &clock, &random).await.unwrap();
    keys.reload(&store).await.unwrap();
    let etag = before.headers()[header::ETAG].to_str().unwrap();
    let published = get(&bench, "/oauth/jwks", Some(etag)).await;
    assert_eq!(published.status(), StatusCode::OK);
    assert_eq!(json(&published)["keys"].as_array().unwrap().len(), 3);
    let algorithms = async || {
        let metadata = json(&get(&bench, "/.well-known/openid-configuration", None).await);
        metadata["id_token_signing_alg_values_supported"].clone()
    };
    assert_eq!(algorithms().await, serde_json::json!(["ES256", "RS256"]), "nothing is signed with it yet");

    clock.advance(elsewhere.policy().publish_for);
    elsewhere.turn(&store, &clock, &random).await.unwrap();
    keys.turn(&store, &clock, &random).await.unwrap();
    assert_eq!(algorithms().await, serde_json::json!(["ES256", "EdDSA", "RS256"]));
}

#[tokio::test]
async fn a_head_is_answered_and_another_method_is_not() {
    let bench = Bench::new().await;
    for path in ["/.well-known/openid-configuration", "/oauth/jwks"] {
        let whole = get(&bench, path, None).await;
        let mut request = Request::head(path).body(Full::default()).unwrap();
        let head = bench.call(request.clone()).await;
        assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
        assert_eq!(head.headers()[header::CONTENT_LENGTH], whole.body().len().to_string());
        assert_eq!(head.headers()[header::ETAG], whole.headers()[header::ETAG]);
        *request.method_mut() = http::Method::POST;
        let refused = bench.call(request).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.headers()[header::ALLOW], "GET, HEAD");
    }
}

#[tokio::test]
async fn rfc8414_3_1_the_metadata_of_an_issuer_with_a_path_is_where_both_specifications_look() {
    let tenant = "https://id.example/tenant";
    let bench = Bench::with(keys(), |config| {
        *config = ServerConfig::new(Issuer::https(tenant).unwrap());
    })
    .await;
    for path in ["/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"]
    {
        let metadata = json(&get(&bench, path, None).await);
        assert_eq!(metadata["issuer"], tenant);
        assert_eq!(metadata["token_endpoint"], "https://id.example/tenant/oauth/token");
    }
    assert_eq!(get(&bench, "/tenant/oauth/jwks", None).await.status(), StatusCode::OK);
    for elsewhere in ["/.well-known/openid-configuration", "/oauth/jwks"] {
        assert_eq!(get(&bench, elsewhere, None).await.body(), "inner", "{elsewhere}");
    }
}

#[tokio::test]
async fn any_other_path_passes_to_the_inner_service() {
    let bench = Bench::new().await;
    for path in ["/", "/oauth/token/", "/oauth/authorize", "/oauth/tokens"] {
        assert_eq!(get(&bench, path, None).await.body(), "inner", "{path}");
    }
}

#[tokio::test]
async fn what_the_host_says_of_its_pages_is_published() {
    let bench = Bench::with(keys(), |config| {
        config.acr_values = vec![String::from("pwd"), String::from("mfa")];
        config.ui_locales = vec![String::from("nl")];
        config.creates_accounts = true;
    })
    .await;
    let metadata = json(&get(&bench, "/.well-known/openid-configuration", None).await);
    assert_eq!(metadata["acr_values_supported"], serde_json::json!(["pwd", "mfa"]));
    assert_eq!(metadata["ui_locales_supported"], serde_json::json!(["nl"]));
    assert!(metadata["prompt_values_supported"].as_array().unwrap().contains(&Value::from("create")));
}
