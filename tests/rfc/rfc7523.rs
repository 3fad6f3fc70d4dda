//! JWT profile for client authentication, [RFC 7523](https://www.rfc-editor.org/rfc/rfc7523).

use http::StatusCode;
use serde_json::{Value, json};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{
            Assertion, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType,
            assertion::{AssertionError, TYPE},
        },
    },
};

use crate::{
    house::{
        House, ISSUER,
        browser::{Answer, client_request},
    },
    keys::{ED25519, decode, eddsa, encode, es256, hs256, set},
};

const HEADER: &str = r#"{"alg":"EdDSA"}"#;

/// A house with a client that signs with the key of RFC 8037.
struct Signer {
    house: House,
    grants: Grants,
}

impl Signer {
    async fn new() -> Self {
        let grants = Grants::new();
        let house = House::on(People::new(), grants.clone()).await;
        let mut metadata = ClientMetadata::default();
        metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        metadata.grant_types = [GrantType::ClientCredentials].into();
        metadata.jwks = Some(set(&[ED25519]));
        let robot = Client::register(ClientId::parse("robot").unwrap(), None, metadata).unwrap();
        let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
        grants.put_client(robot, origin).await.unwrap();
        Self { house, grants }
    }

    fn claims(&self, jti: &str) -> Value {
        let now = self.now();
        json!({ "iss": "robot", "sub": "robot", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 })
    }

    fn now(&self) -> i64 {
        self.house.clock.now().unix_seconds()
    }

    async fn shows(&self, kind: &str, assertion: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        client_request(&self.house.app, "/oauth/token", &form).await
    }

    async fn signs(&self, claims: &Value) -> Answer {
        self.shows(TYPE, &eddsa(HEADER, &claims.to_string())).await
    }

    /// Insists on the error of section 3.2 for the good claims with one of them changed; `null` takes it away.
    async fn is_refused(&self, claim: &str, value: Value) {
        let mut claims = self.claims("changed");
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(claim),
            value => claims.as_object_mut().unwrap().insert(claim.to_owned(), value),
        };
        assert_is_invalid_client(&self.signs(&claims).await, claim);
    }
}

fn assert_is_invalid_client(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.text);
    assert_eq!(answer.json()["error"], "invalid_client", "{what}");
}

#[tokio::test]
async fn section_2_2_the_assertion_type_is_this_one() {
    let signer = Signer::new().await;
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for kind in ["", grant, "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"] {
        let assertion = eddsa(HEADER, &signer.claims("1").to_string());
        assert_is_invalid_client(&signer.shows(kind, &assertion).await, kind);
    }
    assert_eq!(signer.signs(&signer.claims("1")).await.status, StatusCode::OK);
}

#[test]
fn section_2_2_the_header_of_the_example() {
    let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjIyIn0";
    let payload = encode(r#"{"iss":"robot","sub":"robot"}"#);
    let assertion = Assertion::read(&format!("{header}.{payload}.AAAA")).unwrap();
    assert_eq!((assertion.algorithm().as_str(), assertion.kid()), ("RS256", Some("22")));
    assert_eq!(assertion.algorithm().method(), ClientAuthMethod::PrivateKeyJwt);
}

#[tokio::test]
async fn section_3_1_and_2_issuer_and_subject_are_the_client() {
    let signer = Signer::new().await;
    for claim in ["iss", "sub"] {
        signer.is_refused(claim, Value::Null).await;
        signer.is_refused(claim, "shop".into()).await;
    }
}

#[tokio::test]
async fn section_3_3_the_audience_is_this_server() {
    let signer = Signer::new().await;
    for audience in [Value::Null, "https://other.example".into(), json!([ISSUER, "https://other.example"])] {
        signer.is_refused("aud", audience).await;
    }
    let mut claims = signer.claims("1");
    claims["aud"] = format!("{ISSUER}/oauth/token").into();
    assert_eq!(signer.signs(&claims).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_3_4_it_expires_and_not_unreasonably_late() {
    let signer = Signer::new().await;
    for expiry in [Value::Null, (signer.now() - 10).into(), (signer.now() + 24 * 3600).into()] {
        signer.is_refused("exp", expiry).await;
    }
}

#[tokio::test]
async fn section_3_5_and_6_it_is_not_from_the_future() {
    let signer = Signer::new().await;
    for claim in ["nbf", "iat"] {
        signer.is_refused(claim, (signer.now() + 60).into()).await;
        let mut claims = signer.claims(claim);
        claims[claim] = (signer.now() + 8).into();
        assert_eq!(signer.signs(&claims).await.status, StatusCode::OK, "{claim}");
    }
}

#[tokio::test]
async fn section_3_7_its_identifier_counts_once() {
    let signer = Signer::new().await;
    signer.is_refused("jti", Value::Null).await;
    let claims = signer.claims("once");
    assert_eq!(signer.signs(&claims).await.status, StatusCode::OK);
    assert_is_invalid_client(&signer.signs(&claims).await, "a repetition");
    signer.house.later(5);
    assert_is_invalid_client(&signer.signs(&signer.claims("once")).await, "the same identifier again");
}

#[tokio::test]
async fn section_3_8_other_claims_may_be_there() {
    let signer = Signer::new().await;
    let mut claims = signer.claims("1");
    claims["http://claims.example.com/member"] = true.into();
    assert_eq!(signer.signs(&claims).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_3_9_it_is_signed_with_the_clients_key() {
    let signer = Signer::new().await;
    let claims = signer.claims("1").to_string();
    let unsigned = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
    // The public key is no secret: who takes it for one is fooled.
    let fooled = hs256(&decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), r#"{"alg":"HS256"}"#, &claims);
    let by_another = es256(r#"{"alg":"ES256"}"#, &claims);
    let embedded = es256(&format!(r#"{{"alg":"ES256","jwk":{}}}"#, crate::keys::P256), &claims);
    let another_kind = eddsa(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, &claims);
    for (what, assertion) in [
        ("unsigned", unsigned),
        ("the public key as a secret", fooled),
        ("another's key", by_another),
        ("a key of its own", embedded),
        ("another kind of token", another_kind),
    ] {
        assert_is_invalid_client(&signer.shows(TYPE, &assertion).await, what);
    }
    let named = eddsa(r#"{"alg":"EdDSA","typ":"client-authentication+jwt"}"#, &claims);
    assert_eq!(signer.shows(TYPE, &named).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_3_10_what_is_malformed_is_refused() {
    let signer = Signer::new().await;
    for bad in ["x", "a.b", "a.b.c", "e30.e30.e30"] {
        assert_is_invalid_client(&signer.shows(TYPE, bad).await, bad);
    }
}

#[tokio::test]
async fn section_3_2_the_client_is_told_no_more_than_its_error() {
    let signer = Signer::new().await;
    let mut claims = signer.claims("1");
    claims["aud"] = "https://other.example".into();
    let wrong = signer.signs(&claims).await;
    claims["iss"] = "nobody".into();
    claims["sub"] = "nobody".into();
    let unknown = signer.signs(&claims).await;
    assert_is_invalid_client(&wrong, "another's");
    assert_eq!(wrong.text, unknown.text);
    let reasons: Vec<_> = signer.grants.events().iter().filter_map(|event| event.reason).collect();
    assert_eq!(reasons, ["assertion_audience", "unknown_client"]);
}

#[tokio::test]
async fn section_4_the_claims_of_the_example_authenticate_no_client() {
    let header = r#"{"alg":"ES256","kid":"16"}"#;
    let claims = r#"{"iss":"https://jwt-idp.example.com","sub":"mailto:mike@example.com","aud":"https://jwt-rp.example.net","nbf":1300815780,"exp":1300819380,"http://claims.example.com/member":true}"#;
    let assertion = es256(header, claims);
    assert_eq!(Assertion::read(&assertion).unwrap_err(), AssertionError::Subject);
    assert_is_invalid_client(&Signer::new().await.shows(TYPE, &assertion).await, "the example");
}
