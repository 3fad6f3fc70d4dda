use std::time::Duration;

use serde_json::json;
use towergate_jose::{JwkSet, SigningKey, generate};
use towergate_oauth::rules::client::statement::StatementIssuer;

use super::*;
use crate::{
    protocol::MAX_LOOKUPS_AT_ONE_HOST,
    registration::{Registration, RegistrationMode},
};

pub(super) const PATH: &str = "/oauth/register";

pub(super) async fn open() -> Bench {
    with(RegistrationMode::Open, |_| ()).await
}

pub(super) async fn with(mode: RegistrationMode, change: impl FnOnce(&mut Registration)) -> Bench {
    let mut registration = Registration::new(mode);
    change(&mut registration);
    Bench::with(keys(), |config| config.registration = registration).await
}

pub(super) fn web() -> Value {
    json!({"redirect_uris": [CALLBACK], "client_name": "Shop"})
}

impl Bench {
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.call(request.body(Full::new(body.into())).unwrap()).await
    }

    pub(super) async fn enrol(&self, metadata: &Value) -> Response<Bytes> {
        self.send("POST", PATH, None, metadata.to_string()).await
    }

    /// How much has been written: clients aside, everything that is on record.
    fn written(&self) -> usize {
        self.store.events().len()
    }
}

pub(super) fn registered(response: &Response<Bytes>) -> Value {
    assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    json(response)
}

/// What the refusal says, under this code.
pub(super) fn told(response: &Response<Bytes>, error: &str) -> String {
    refused(response, StatusCode::BAD_REQUEST, error);
    json(response)["error_description"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rfc7591_3_2_1_a_client_is_told_what_was_registered() {
    let bench = open().await;
    let told = registered(&bench.enrol(&web()).await);
    let id = told["client_id"].as_str().unwrap();
    for (name, value) in [
        ("redirect_uris", json!([CALLBACK])),
        ("client_name", json!("Shop")),
        ("grant_types", json!(["authorization_code"])),
        ("response_types", json!(["code"])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("application_type", json!("web")),
        ("subject_type", json!("public")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("scope", json!("address email offline_access openid phone profile")),
        ("client_id_issued_at", json!(1_700_000_000)),
        ("client_secret_expires_at", json!(0)),
        ("registration_client_uri", json!(format!("{ISSUER}{PATH}/{id}"))),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert!(told["client_secret"].as_str().unwrap().len() >= 43);
    assert!(told["registration_access_token"].as_str().unwrap().starts_with("tgreg_"));
    assert_eq!(bench.count("client.registered"), 4 + 1);
    let again = registered(&bench.enrol(&web()).await);
    assert_ne!(again["client_id"], told["client_id"]);
    assert_ne!(again["client_secret"], told["client_secret"]);
}

#[tokio::test]
async fn a_registered_client_gets_its_tokens() {
    let bench = open().await;
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let mut sent = web();
        sent["token_endpoint_auth_method"] = json!(method);
        let told = registered(&bench.enrol(&sent).await);
        let id = told["client_id"].as_str().unwrap();
        let code = bench.code_for(id, "openid").await;
        let mut form = code_form(&code).to_vec();
        let secret = told["client_secret"].as_str();
        assert_eq!(secret.is_none(), method == "none");
        let header = secret.filter(|_| method == "client_secret_basic").map(|secret| basic(id, secret));
        if header.is_none() {
            form.push(("client_id", id));
            form.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        granted(&bench.call(token_request(header.as_deref(), body)).await);
    }
}

#[tokio::test]
async fn a_client_secret_jwt_client_has_its_secret_sealed() {
    let bench = open().await;
    let mut sent = web();
    sent["token_endpoint_auth_method"] = json!("client_secret_jwt");
    let told = registered(&bench.enrol(&sent).await);
    let id = ClientId::parse(told["client_id"].as_str().unwrap()).unwrap();
    let client = bench.store.find_client(&id).await.unwrap().unwrap();
    let opened = client.open_secret(keys().sealing()).unwrap().unwrap();
    assert_eq!(opened.expose(), told["client_secret"].as_str().unwrap().as_bytes());
}

#[tokio::test]
async fn what_is_closed_is_not_there() {
    let bench = Bench::new().await;
    for (method, path) in [("POST", PATH), ("GET", "/oauth/register/basic")] {
        assert_eq!(bench.send(method, path, None, "{}").await.body(), "inner");
    }
    let metadata = bench.send("GET", "/.well-known/openid-configuration", None, "").await;
    assert!(json(&metadata).get("registration_endpoint").is_none());
    let metadata = open().await.send("GET", "/.well-known/openid-configuration", None, "").await;
    assert_eq!(json(&metadata)["registration_endpoint"], format!("{ISSUER}{PATH}"));
}

#[tokio::test]
async fn rfc7591_3_where_a_token_is_asked_for_only_a_token_admits() {
    let bench = with(RegistrationMode::tokens(["first", "second"]), |_| ()).await;
    for token in ["first", "second", "first"] {
        registered(&bench.send("POST", PATH, Some(token), web().to_string()).await);
    }
    let before = bench.count("client.registered");
    for token in [None, Some("third"), Some("first2")] {
        let response = bench.send("POST", PATH, token, web().to_string()).await;
        let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert_eq!(challenge.contains("error="), token.is_some());
        match token {
            Some(_) => refused(&response, StatusCode::UNAUTHORIZED, "invalid_token"),
            // RFC 6750 section 3.1: who brought nothing is told of no error.
            None => assert_eq!((response.status(), response.body().len()), (StatusCode::UNAUTHORIZED, 0)),
        }
    }
    assert_eq!(bench.count("client.registered"), before);
    assert_eq!(bench.count("client.authentication_failed"), 3);
}

#[tokio::test]
async fn rfc7591_3_2_2_whoever_is_refused_is_told_the_field() {
    let bench = open().await;
    for (change, error, field) in [
        (
            json!({"redirect_uris": ["http://app.example/cb"]}),
            "invalid_redirect_uri",
            "http://app.example/cb",
        ),
        (json!({"redirect_uris": ["https://app.example/cb#f"]}), "invalid_redirect_uri", "fragment"),
        (json!({"redirect_uris": []}), "invalid_redirect_uri", "redirect_uri"),
        (json!({"redirect_uris": "x"}), "invalid_redirect_uri", "redirect_uris must be a list"),
        (
            json!({"redirect_uris": ["com.example.app:/cb"], "application_type": "web"}),
            "invalid_redirect_uri",
            "native",
        ),
        (json!({"grant_types": ["implicit"]}), "invalid_client_metadata", "grant_types"),
        (
            json!({"grant_types": ["client_credentials", "authorization_code"]}),
            "invalid_client_metadata",
            "client_credentials",
        ),
        (json!({"response_types": ["code id_token"]}), "invalid_client_metadata", "response_types"),
        (json!({"scope": "openid admin"}), "invalid_client_metadata", "admin"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata", "jwks"),
        (
            json!({"token_endpoint_auth_method": "tls_client_auth"}),
            "invalid_client_metadata",
            "token_endpoint_auth_method",
        ),
        (
            json!({"id_token_signed_response_alg": "EdDSA"}),
            "invalid_client_metadata",
            "id_token_signed_response_alg",
        ),
        (
            json!({"jwks": {"keys": []}, "jwks_uri": "https://app.example/j"}),
            "invalid_client_metadata",
            "jwks_uri",
        ),
        (json!({"logo_uri": "javascript:alert(1)"}), "invalid_client_metadata", "logo_uri"),
        (json!({"insecure_pkce_optional": true}), "invalid_client_metadata", "insecure_pkce_optional"),
        (json!({"default_max_age": "soon"}), "invalid_client_metadata", "default_max_age"),
        (
            json!({"sector_identifier_uri": "https://app.example/u"}),
            "invalid_client_metadata",
            "sector_identifier_uri",
        ),
        (json!({"software_statement": "a.b.c"}), "invalid_software_statement", "software_statement"),
    ] {
        let mut sent = web();
        sent.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let before = bench.written();
        let description = told(&bench.enrol(&sent).await, error);
        assert!(description.contains(field), "{change}: {description}");
        assert!(description.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"'), "{description}");
        assert_eq!(bench.written(), before, "{change}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_one_small_plain_object_is_refused() {
    let bench = open().await;
    let before = bench.written();
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let wide = format!("{{{}}}", (0..300).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
    let double = format!("{{\"redirect_uris\":[\"{CALLBACK}\"],\"redirect_uris\":[\"{CALLBACK}\"]}}");
    for bad in ["", "[]", "null", "{", "{}{}", "\u{feff}{}", &deep, &wide, &double] {
        told(&bench.send("POST", PATH, None, bad.to_owned()).await, "invalid_client_metadata");
    }
    told(&bench.send("POST", PATH, None, vec![0xff; 8]).await, "invalid_client_metadata");
    told(&bench.send("POST", PATH, None, vec![b' '; 65_537]).await, "invalid_request");
    for media in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let mut request = Request::post(PATH);
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let response = bench.call(request.body(Full::from(web().to_string())).unwrap()).await;
        told(&response, "invalid_request");
    }
    let response = bench.send("GET", PATH, None, "").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "POST");
    assert_eq!(bench.written(), before);
}

#[tokio::test]
async fn clients_that_register_themselves_are_bounded() {
    let bench = with(RegistrationMode::Open, |registration| registration.policy.max_clients = 2).await;
    registered(&bench.enrol(&web()).await);
    registered(&bench.enrol(&web()).await);
    refused(&bench.enrol(&web()).await, StatusCode::FORBIDDEN, "access_denied");
}

#[tokio::test]
async fn who_is_never_used_makes_room_after_a_while() {
    let day = Duration::from_secs(24 * 3600);
    for (unused_for, gone) in [(Some(30 * day), 1), (None, 0)] {
        let bench = with(RegistrationMode::Open, |registration| {
            registration.policy.max_clients = 1;
            registration.unused_for = registration.unused_for.and(unused_for);
        })
        .await;
        registered(&bench.enrol(&web()).await);
        let forget = async || bench.server.forget_unused_clients(bench.origin()).await.unwrap();
        bench.clock.advance(30 * day - Duration::from_millis(1));
        assert_eq!(forget().await, 0);
        refused(&bench.enrol(&web()).await, StatusCode::FORBIDDEN, "access_denied");
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(forget().await, gone);
        if gone > 0 {
            registered(&bench.enrol(&web()).await);
        } else {
            refused(&bench.enrol(&web()).await, StatusCode::FORBIDDEN, "access_denied");
        }
    }
}

#[tokio::test]
async fn rfc7591_2_3_whoever_is_vouched_for_is_what_the_statement_says() {
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap();
    let issuer = StatementIssuer {
        issuer: String::from("https://vouch.example"),
        keys: JwkSet::new(vec![key.public_jwk().clone()]),
    };
    let bench = with(RegistrationMode::Open, |registration| {
        registration.statement_issuers = vec![issuer];
        registration.require_statement = true;
    })
    .await;
    let enrol = async |iss: &str| {
        let claims = json!({"iss": iss, "client_name": "Vouched", "software_id": "s"});
        let mut sent = web();
        sent["software_statement"] = json!(key.sign_jwt("JWT", &claims).unwrap());
        bench.enrol(&sent).await
    };
    let vouched = registered(&enrol("https://vouch.example").await);
    assert_eq!((&vouched["client_name"], &vouched["software_id"]), (&json!("Vouched"), &json!("s")));
    assert!(vouched["software_statement"].is_string());
    told(&enrol("https://other.example").await, "unapproved_software_statement");
    told(&bench.enrol(&web()).await, "invalid_client_metadata");
    let mut null = web();
    null["software_statement"] = Value::Null;
    told(&bench.enrol(&null).await, "invalid_client_metadata");
}

#[tokio::test]
async fn core_8_a_pairwise_client_gets_opaque_tokens_without_asking() {
    let mut sent = web();
    sent["subject_type"] = json!("pairwise");
    let told = registered(&open().await.enrol(&sent).await);
    assert_eq!(told["access_token_format"], "opaque");
}

#[tokio::test]
async fn registration_5_a_sector_lists_every_redirect_uri() {
    let site = crate::test_site::Site::open().await;
    let registration = Registration::new(RegistrationMode::Open);
    let mut bench = Bench::with(keys(), |config| config.registration = registration.clone()).await;
    let mut config = ServerConfig::new(Issuer::https(ISSUER).unwrap());
    config.registration = registration;
    let server =
        AuthorizationServer::new(bench.store.clone(), keys(), Arc::clone(&bench.host), NoPages, config);
    let sectors = server.outbound(site.client.clone());
    bench.layer = sectors.protocol();
    let mut sent = web();
    sent["redirect_uris"] = json!([CALLBACK, "https://two.example/cb"]);
    sent["sector_identifier_uri"] = json!(format!("{}/sector.json", site.origin));
    sent["subject_type"] = json!("pairwise");
    for (status, body) in [
        (404, String::new()),
        (200, String::from("{}")),
        (200, json!([CALLBACK]).to_string()),
        (200, json!([CALLBACK, 7]).to_string()),
    ] {
        site.says(status, body);
        let said = told(&bench.enrol(&sent).await, "invalid_client_metadata");
        assert!(said.starts_with("sector_identifier_uri"), "{said}");
    }
    site.says(200, json!(["https://two.example/cb", "https://three.example/", CALLBACK]).to_string());
    let asked = site.asked();
    let turn = |_| sectors.sector_lookups().take(&site.origin).unwrap();
    let turns: Vec<_> = (0..MAX_LOOKUPS_AT_ONE_HOST).map(turn).collect();
    refused(&bench.enrol(&sent).await, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");
    assert_eq!(site.asked(), asked, "it is not asked while it is so much");
    drop(turns);
    registered(&bench.enrol(&sent).await);
}
