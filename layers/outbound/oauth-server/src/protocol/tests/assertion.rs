//! Clients that sign to prove themselves.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use towergate_core::Clock;
use towergate_guarded_http::{GuardedClient, Policy};
use towergate_jose::{JwkSet, SigningKey, generate};
use towergate_oauth::rules::client::assertion::TYPE;

use super::*;
use crate::client_keys::tests::Publisher;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// One key of each algorithm; both of RSA are one.
static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let rsa = generate(Algorithm::RS256).unwrap();
    let of = |algorithm: Algorithm| {
        let name = Some(algorithm.to_string());
        match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => SigningKey::from_pkcs8(algorithm, rsa.expose(), name),
            _ => SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), name),
        }
    };
    Algorithm::ALL.map(|algorithm| of(algorithm).unwrap()).into()
});

fn es256() -> &'static SigningKey {
    KEYS.iter().find(|key| key.algorithm() == Algorithm::ES256).unwrap()
}

impl Bench {
    /// With a client for each kind of key, and all keys for the first.
    async fn with_signers() -> Self {
        let bench = Self::new().await;
        bench
            .register("key", ClientAuthMethod::PrivateKeyJwt, |metadata| {
                metadata.jwks = Some(JwkSet::new(KEYS.iter().map(|key| key.public_jwk().clone()).collect()));
            })
            .await;
        bench.register("secret", ClientAuthMethod::ClientSecretJwt, |_| ()).await;
        let found = bench.store.find_client(&ClientId::parse("secret").unwrap()).await.unwrap();
        let mut client = Arc::unwrap_or_clone(found.unwrap());
        client.seal_secret(&Secret::from(SECRET), keys().sealing(), &OsRandom::new()).unwrap();
        bench.store.put_client(client, bench.origin()).await.unwrap();
        bench
    }

    fn claims(&self, client: &str, jti: &str) -> Value {
        let now = self.clock.now().unix_seconds();
        serde_json::json!({
            "iss": client, "sub": client, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60,
        })
    }

    fn signed(&self, client: &str, jti: &str) -> String {
        es256().sign_jwt("JWT", &self.claims(client, jti)).unwrap()
    }

    fn shared(&self, client: &str, jti: &str, secret: &str) -> String {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let claims = self.claims(client, jti).to_string();
        let message = format!("{}.{}", encode(String::from(r#"{"alg":"HS256"}"#)), encode(claims));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes())))
    }

    async fn asserted(&self, path: &str, assertion: &str, rest: &[(&str, &str)]) -> Response<Bytes> {
        let proof = [("client_assertion_type", TYPE), ("client_assertion", assertion)];
        self.ask(path, None, &[&proof, rest].concat()).await
    }

    fn reasons(&self) -> Vec<&'static str> {
        let events = self.store.events();
        let failed = events.iter().filter(|event| event.action == "client.authentication_failed");
        failed.filter_map(|event| event.reason).collect()
    }
}

#[tokio::test]
async fn each_algorithm_is_taken() {
    let bench = Bench::with_signers().await;
    for key in KEYS.iter() {
        let name = key.algorithm().as_str();
        let assertion = key.sign_jwt("client-authentication+jwt", &bench.claims("key", name)).unwrap();
        granted(&bench.asserted("/oauth/token", &assertion, &[GRANT]).await);
    }
    let assertion = bench.shared("secret", "1", SECRET);
    granted(&bench.asserted("/oauth/token", &assertion, &[GRANT, ("client_id", "secret")]).await);
}

#[tokio::test]
async fn an_assertion_opens_every_endpoint_that_asks_for_a_client() {
    let bench = Bench::with_signers().await;
    let answer = bench.asserted("/oauth/token", &bench.signed("key", "1"), &[GRANT]).await;
    let token = granted(&answer)["access_token"].as_str().unwrap().to_owned();
    let about = [("token", token.as_str())];
    let told = bench.asserted("/oauth/introspect", &bench.signed("key", "2"), &about).await;
    assert_eq!(granted(&told)["active"], true);
    let revoked = bench.asserted("/oauth/revoke", &bench.signed("key", "3"), &about).await;
    assert_eq!(revoked.status(), StatusCode::OK);
    let told = bench.asserted("/oauth/introspect", &bench.signed("key", "4"), &about).await;
    assert_eq!(granted(&told)["active"], false);
}

#[tokio::test]
async fn rfc9126_2_an_assertion_may_be_for_the_endpoint_that_takes_requests_and_counts_there_alone() {
    let bench = Bench::with_signers().await;
    let endpoint = |path: &str| format!("{ISSUER}{path}");
    let mut said = 0;
    let mut signed = |aud: Value| {
        said += 1;
        let mut claims = bench.claims("key", &said.to_string());
        claims["aud"] = aud;
        es256().sign_jwt("JWT", &claims).unwrap()
    };
    let asked = [
        ("response_type", "code"),
        ("client_id", "key"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let all = [endpoint("/oauth/token"), ISSUER.to_owned(), endpoint("/oauth/par")];
    for aud in all.clone().map(Value::from).into_iter().chain([Value::from(all.to_vec())]) {
        let answer = bench.asserted("/oauth/par", &signed(aud.clone()), &asked).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{aud}: {:?}", answer.body());
    }
    let elsewhere = bench.asserted("/oauth/token", &signed(endpoint("/oauth/par").into()), &[GRANT]).await;
    refused(&elsewhere, StatusCode::UNAUTHORIZED, "invalid_client");
    for foreign in [endpoint("/oauth/introspect"), String::from("https://rival.example/oauth/par")] {
        let answer = bench.asserted("/oauth/par", &signed(foreign.into()), &asked).await;
        refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
    }
}

#[tokio::test]
async fn an_assertion_counts_once_at_all_endpoints_together_and_a_refused_one_touches_nothing() {
    let bench = Bench::with_signers().await;
    let assertion = bench.signed("key", "1");
    granted(&bench.asserted("/oauth/token", &assertion, &[GRANT]).await);
    let code = bench.code("key").await;
    refused(
        &bench.asserted("/oauth/token", &assertion, &code_form(&code)).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        let again = bench.asserted(path, &assertion, &[("token", "x")]).await;
        refused(&again, StatusCode::UNAUTHORIZED, "invalid_client");
    }
    assert_eq!(bench.reasons(), ["assertion_replayed"; 3]);
    // Signed anew, it is the same assertion; under another identifier, it is another one.
    bench.clock.advance(Duration::from_secs(1));
    refused(
        &bench.asserted("/oauth/token", &bench.signed("key", "1"), &[GRANT]).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    granted(&bench.asserted("/oauth/token", &bench.signed("key", "2"), &code_form(&code)).await);
    // The identifiers of one client are not another's.
    granted(&bench.asserted("/oauth/token", &bench.shared("secret", "1", SECRET), &[GRANT]).await);
}

#[tokio::test]
async fn a_wrong_assertion_spends_no_identifier() {
    let bench = Bench::with_signers().await;
    let forged = bench.shared("secret", "1", "another secret of the right size");
    refused(
        &bench.asserted("/oauth/token", &forged, &[GRANT]).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    let mut elsewhere = bench.claims("key", "1");
    elsewhere["aud"] = "https://other.example".into();
    let elsewhere = es256().sign_jwt("JWT", &elsewhere).unwrap();
    refused(
        &bench.asserted("/oauth/token", &elsewhere, &[GRANT]).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    granted(&bench.asserted("/oauth/token", &bench.shared("secret", "1", SECRET), &[GRANT]).await);
    granted(&bench.asserted("/oauth/token", &bench.signed("key", "1"), &[GRANT]).await);
}

#[tokio::test]
async fn the_token_endpoint_is_a_name_of_the_server_too() {
    let bench = Bench::with_signers().await;
    for (jti, aud, is_ours) in [
        ("1", serde_json::json!("https://id.example/oauth/token"), true),
        ("2", serde_json::json!([ISSUER]), true),
        ("3", serde_json::json!("https://id.example/oauth/introspect"), false),
        ("4", serde_json::json!([ISSUER, "https://other.example"]), false),
    ] {
        let mut claims = bench.claims("key", jti);
        claims["aud"] = aud;
        let assertion = es256().sign_jwt("JWT", &claims).unwrap();
        let answer = bench.asserted("/oauth/token", &assertion, &[GRANT]).await;
        assert_eq!(answer.status() == StatusCode::OK, is_ours, "{jti}");
    }
}

#[tokio::test]
async fn all_wrong_assertions_are_answered_alike_and_told_apart_in_the_audit_log() {
    let bench = Bench::with_signers().await;
    bench
        .register("away", ClientAuthMethod::PrivateKeyJwt, |metadata| {
            metadata.jwks_uri = Some(String::from("https://client.example/jwks.json"));
        })
        .await;
    bench
        .register("only-eddsa", ClientAuthMethod::PrivateKeyJwt, |metadata| {
            metadata.jwks = Some(KEYS.iter().map(|key| key.public_jwk().clone()).collect());
            metadata.token_endpoint_auth_signing_alg = Some(String::from("EdDSA"));
        })
        .await;
    bench.register("unsealed", ClientAuthMethod::ClientSecretJwt, |_| ()).await;
    bench
        .register("gone", ClientAuthMethod::PrivateKeyJwt, |metadata| {
            metadata.jwks = Some(JwkSet::new(vec![es256().public_jwk().clone()]));
        })
        .await;
    bench.store.disable_client(ClientId::parse("gone").unwrap(), bench.origin()).await.unwrap();
    granted(&bench.asserted("/oauth/token", &bench.signed("key", "seen"), &[GRANT]).await);
    let late = {
        let mut claims = bench.claims("key", "late");
        claims["exp"] = (bench.clock.now().unix_seconds() - 60).into();
        es256().sign_jwt("JWT", &claims).unwrap()
    };
    let wrong = [
        (bench.signed("nobody", "1"), "unknown_client"),
        (bench.shared("nobody", "1", SECRET), "unknown_client"),
        (with_another_secret(&bench.signed("key", "1")), "assertion_signature"),
        (bench.shared("secret", "1", "another secret of the right size"), "assertion_signature"),
        (bench.signed("basic", "1"), "method_not_registered"),
        (bench.signed("public", "1"), "method_not_registered"),
        (bench.signed("secret", "1"), "method_not_registered"),
        (bench.shared("key", "1", SECRET), "method_not_registered"),
        (bench.signed("only-eddsa", "1"), "algorithm_not_registered"),
        (bench.signed("away", "1"), "keys_unavailable"),
        (bench.shared("unsealed", "1", SECRET), "secret_not_sealed"),
        (bench.signed("gone", "1"), "client_disabled"),
        (bench.signed("key", "seen"), "assertion_replayed"),
        (late, "assertion_expired"),
        (es256().sign_jwt("at+jwt", &bench.claims("key", "1")).unwrap(), "assertion_typ"),
        (String::from("x.y.z"), "malformed_assertion"),
    ];
    let mut answers = Vec::new();
    for (assertion, _) in &wrong {
        let answer = bench.asserted("/oauth/token", assertion, &[GRANT]).await;
        refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
        answers.push((answer.headers().clone(), answer.body().clone()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(bench.reasons(), wrong.map(|(_, reason)| reason));
}

#[tokio::test]
async fn an_assertion_and_another_proof_are_a_bad_request() {
    let bench = Bench::with_signers().await;
    let assertion = bench.signed("key", "1");
    let proof = [GRANT, ("client_assertion_type", TYPE), ("client_assertion", assertion.as_str())];
    let both = bench.ask("/oauth/token", Some("basic"), &proof).await;
    refused(&both, StatusCode::BAD_REQUEST, "invalid_request");
    for rest in [("client_secret", SECRET), ("client_id", "basic")] {
        let both = bench.ask("/oauth/token", None, &[&proof[..], &[rest]].concat()).await;
        refused(&both, StatusCode::BAD_REQUEST, "invalid_request");
    }
    granted(&bench.ask("/oauth/token", None, &proof).await);
}

#[tokio::test]
async fn a_client_that_publishes_its_keys_may_change_them() {
    let mut bench = Bench::with_signers().await;
    let publisher = Publisher::start().await;
    let policy = Policy::new().danger_allow_loopback().extra_ca(publisher.ca.as_bytes());
    let outbound = GuardedClient::new(policy).unwrap();
    bench.layer = bench.server.clone().outbound(outbound).protocol();
    bench
        .register("away", ClientAuthMethod::PrivateKeyJwt, |metadata| {
            metadata.jwks_uri = Some(publisher.uri.clone());
        })
        .await;
    let publish = |key: &SigningKey| {
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        publisher.says("200 OK", "", &serde_json::to_string(&keys).unwrap());
    };
    publish(es256());
    granted(&bench.asserted("/oauth/token", &bench.signed("away", "1"), &[GRANT]).await);

    let new = KEYS.iter().find(|key| key.algorithm() == Algorithm::EdDSA).unwrap();
    publish(new);
    let assertion = new.sign_jwt("JWT", &bench.claims("away", "2")).unwrap();
    granted(&bench.asserted("/oauth/token", &assertion, &[GRANT]).await);
    let old = bench.asserted("/oauth/token", &bench.signed("away", "3"), &[GRANT]).await;
    refused(&old, StatusCode::UNAUTHORIZED, "invalid_client");
}

#[tokio::test]
async fn a_secret_sealed_under_an_older_key_still_proves_and_moves_to_the_newest() {
    use towergate_core::seal::{SealingKey, SealingRing};
    let older = SealingKey::new(Secret::new([9; 32]));
    let newest = SealingKey::new(Secret::new([8; 32]));
    let ring = SealingRing::new(newest.clone()).with_older(older.clone());
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
    let keys = KeyRing::open(&MemoryStore::new(), &ring, &clock, &OsRandom::new()).await.unwrap();
    let bench = Bench::with_keys(keys).await;
    bench.register("secret", ClientAuthMethod::ClientSecretJwt, |_| ()).await;
    let id = ClientId::parse("secret").unwrap();
    let mut client = Arc::unwrap_or_clone(bench.store.find_client(&id).await.unwrap().unwrap());
    client.seal_secret(&Secret::from(SECRET), &SealingRing::new(older), &OsRandom::new()).unwrap();
    bench.store.put_client(client, bench.origin()).await.unwrap();
    let wrong = bench.shared("secret", "0", "a-secret-of-nobody-that-is-long-enough");
    refused(
        &bench.asserted("/oauth/token", &wrong, &[GRANT]).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    let under_newest = async || {
        let client = bench.store.find_client(&id).await.unwrap().unwrap();
        client.open_secret(&SealingRing::new(newest.clone())).is_ok()
    };
    assert!(!under_newest().await, "who proves nothing changes nothing");
    granted(&bench.asserted("/oauth/token", &bench.shared("secret", "1", SECRET), &[GRANT]).await);
    assert!(under_newest().await);
    granted(&bench.asserted("/oauth/token", &bench.shared("secret", "2", SECRET), &[GRANT]).await);
    let resealed = |event: &&towergate_core::audit::Event| event.action == "client.secret_resealed";
    assert_eq!(bench.store.events().iter().filter(resealed).count(), 1);
}
