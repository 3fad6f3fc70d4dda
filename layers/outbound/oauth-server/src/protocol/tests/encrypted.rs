//! Answers that are signed and encrypted as the client registered.

use towergate_jose::{
    JwkSet, KeyManagement, generate,
    jwe::{self, ContentEncryption, DecryptionKey},
};

use super::*;
use crate::test_keys::keys_of_all_kinds;

fn key() -> DecryptionKey {
    DecryptionKey::from_pkcs8(generate(Algorithm::ES256).unwrap().expose()).unwrap()
}

fn opened(token: &str, key: &DecryptionKey, alg: KeyManagement, enc: ContentEncryption) -> Value {
    let text = jwe::decrypt(token, key, &[alg], &[enc]).unwrap();
    Value::from(String::from_utf8(text.expose().clone()).unwrap())
}

fn jwt(response: &Response<Bytes>) -> &str {
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/jwt");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    std::str::from_utf8(response.body()).unwrap()
}

fn verified(token: &Value, algorithm: Algorithm) -> Value {
    let expected = Expected { algorithms: &[algorithm], typ: Typ::Exactly("JWT") };
    jws::verify(token.as_str().unwrap(), &keys_of_all_kinds().jwks(), &expected).unwrap().claims().unwrap()
}

async fn tokens(bench: &Bench, client: &str) -> Value {
    granted(&bench.redeem(client, &bench.code(client).await).await)
}

#[tokio::test]
async fn oidc_core_5_3_2_a_signed_userinfo_says_who_tells_whom() {
    for algorithm in Algorithm::ALL {
        let bench = Bench::with_keys(keys_of_all_kinds()).await;
        bench
            .register("signed", ClientAuthMethod::ClientSecretBasic, |metadata| {
                metadata.userinfo_signed_response_alg = Some(algorithm);
                metadata.id_token_signed_response_alg = algorithm;
            })
            .await;
        let answer = tokens(&bench, "signed").await;
        let id = verified(&answer["id_token"], algorithm);
        let access = answer["access_token"].as_str().unwrap();
        assert_eq!(id["at_hash"], towergate_jose::at_hash(algorithm, access));
        let response = bench.userinfo(access).await;
        let told = verified(&Value::from(jwt(&response)), algorithm);
        let expected = serde_json::json!({
            "iss": ISSUER, "aud": "signed", "sub": "alice-1", "email": "alice@app.example", "email_verified": true,
        });
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn oidc_core_16_14_what_is_encrypted_was_signed_first() {
    let (alg, enc) = (KeyManagement::EcdhEsA256Kw, ContentEncryption::A128CbcHs256);
    let (bench, key) = (Bench::new().await, key());
    bench
        .register("nested", ClientAuthMethod::ClientSecretBasic, |metadata| {
            metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
            metadata.id_token_encrypted_response_alg = Some(alg);
            metadata.userinfo_encrypted_response_alg = Some(alg);
            metadata.userinfo_signed_response_alg = Some(Algorithm::ES256);
        })
        .await;
    let answer = tokens(&bench, "nested").await;
    let id_token = opened(answer["id_token"].as_str().unwrap(), &key, alg, enc);
    assert_eq!(claims(&id_token, Algorithm::RS256, "JWT")["nonce"], "n-1");
    let response = bench.userinfo(answer["access_token"].as_str().unwrap()).await;
    let told = opened(jwt(&response), &key, alg, enc);
    assert_eq!(claims(&told, Algorithm::ES256, "JWT")["email"], "alice@app.example");
}

#[tokio::test]
async fn oidc_core_5_3_2_userinfo_may_be_encrypted_without_a_signature() {
    let (alg, enc) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
    let (bench, key) = (Bench::new().await, key());
    bench
        .register("sealed", ClientAuthMethod::ClientSecretBasic, |metadata| {
            metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
            metadata.userinfo_encrypted_response_alg = Some(alg);
            metadata.userinfo_encrypted_response_enc = Some(enc);
        })
        .await;
    let token = tokens(&bench, "sealed").await;
    let response = bench.userinfo(token["access_token"].as_str().unwrap()).await;
    let text = opened(jwt(&response), &key, alg, enc);
    let told: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(
        (&told["iss"], &told["aud"], &told["sub"]),
        (&ISSUER.into(), &"sealed".into(), &"alice-1".into())
    );
}

#[tokio::test]
async fn without_a_key_of_the_client_nothing_is_given_and_nothing_spent() {
    let (bench, key) = (Bench::new().await, key());
    let register = async |keys: Option<JwkSet>| {
        let mut metadata = ClientMetadata::default();
        metadata.redirect_uris = vec![CALLBACK.to_owned()];
        metadata.scope = scope("openid email api");
        metadata.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
        metadata.id_token_encrypted_response_alg = Some(KeyManagement::EcdhEs);
        metadata.userinfo_encrypted_response_alg = Some(KeyManagement::EcdhEs);
        metadata.jwks = keys;
        let secret = towergate_core::Digest::of(SECRET.as_bytes());
        let client = Client::unchecked(ClientId::parse("keyless").unwrap(), Some(secret), metadata);
        bench.store.put_client(client, bench.origin()).await.unwrap();
    };
    register(None).await;
    let code = bench.code("keyless").await;
    refused(&bench.redeem("keyless", &code).await, StatusCode::BAD_REQUEST, "invalid_client");
    register(Some(JwkSet::new(vec![key.public_jwk().clone()]))).await;
    let answer = granted(&bench.redeem("keyless", &code).await);
    register(Some(keys().jwks().as_ref().clone())).await;
    let (token, access) =
        (answer["refresh_token"].as_str().unwrap(), answer["access_token"].as_str().unwrap());
    refused(&bench.refresh("keyless", token).await, StatusCode::BAD_REQUEST, "invalid_client");
    refused(&bench.userinfo(access).await, StatusCode::BAD_REQUEST, "invalid_client");
    assert_eq!(bench.count("client.key_missing"), 3);
    register(Some(JwkSet::new(vec![key.public_jwk().clone()]))).await;
    granted(&bench.refresh("keyless", token).await);
}
