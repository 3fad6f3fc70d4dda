//! Clients that register themselves, RFC 7591 section 3.2.2: refused with the code that fits, and nobody is registered.

use http::{Method, header};
use serde_json::{Value, json};

use crate::{
    keys,
    refusal::Refusal,
    request::{and, bearer, but, json as json_sent, post, request},
    stage::Stage,
};

pub(crate) const PATH: &str = "/oauth/register";

pub(crate) fn web() -> Value {
    json!({ "redirect_uris": ["https://app.example/cb"] })
}

pub(crate) fn enrol(metadata: &Value) -> crate::request::Sent {
    json_sent(Method::POST, PATH, &metadata.to_string())
}

/// A good registration with these fields changed.
pub(crate) fn with(changes: &Value) -> Value {
    let mut metadata = web();
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    metadata
}

pub(crate) async fn addresses(_: &mut Stage) -> Vec<Refusal> {
    let native = |uri: &str| json!({ "redirect_uris": [uri], "application_type": "native" });
    let web = |uri: &str| json!({ "redirect_uris": [uri], "application_type": "web" });
    let mut rows: Vec<_> = [
        ("no redirect_uris", json!({})),
        ("an empty list", json!({ "redirect_uris": [] })),
        ("no list", json!({ "redirect_uris": "https://app.example/cb" })),
        ("a list of numbers", json!({ "redirect_uris": [7] })),
        ("an empty address", web("")),
        ("a good address and a bad one", json!({ "redirect_uris": ["https://app.example/cb", "cb"] })),
        ("65 addresses", json!({ "redirect_uris": vec!["https://app.example/cb"; 65] })),
        ("an address of 2049 bytes", web(&format!("https://app.example/{}", "x".repeat(2029)))),
        ("http elsewhere", web("http://app.example/cb")),
        ("http at a name like localhost", web("http://localhost.evil.example/cb")),
        ("a fragment", web("https://app.example/cb#part")),
        ("an empty fragment", web("https://app.example/cb#")),
        ("a user", web("https://app@evil.example/cb")),
        ("no scheme", web("//app.example/cb")),
        ("a path alone", web("/cb")),
        ("javascript", web("javascript:alert(1)")),
        ("data", web("data:text/html,x")),
        ("a wildcard as a host that no URL has", web("https://*[/cb")),
        ("a space", web("https://app.example/c b")),
        ("letters beyond ASCII", web("https://app.example/cäb")),
        ("a private-use scheme of a web application", web("com.example.app:/cb")),
        ("a private-use scheme without a dot", native("myapp:/cb")),
        ("http elsewhere, of a native application", native("http://app.example/cb")),
        ("a fragment, of a native application", native("com.example.app:/cb#part")),
    ]
    .map(|(law, metadata)| Refusal::json(law, enrol(&metadata), 400, "invalid_redirect_uri"))
    .into();
    for field in [
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "jwks_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "sector_identifier_uri",
    ] {
        let metadata = with(&json!({ field: "javascript:alert(1)" }));
        rows.push(Refusal::json(
            format!("{field} of a script"),
            enrol(&metadata),
            400,
            "invalid_client_metadata",
        ));
    }
    for (law, changes) in [
        (
            "a frontchannel_logout_uri elsewhere",
            json!({ "frontchannel_logout_uri": "https://evil.example/out" }),
        ),
        (
            "a post_logout_redirect_uri over http",
            json!({ "post_logout_redirect_uris": ["http://app.example/"] }),
        ),
        (
            "a sector that cannot be looked up",
            json!({ "sector_identifier_uri": "https://192.0.2.1/sector.json" }),
        ),
        (
            "pairwise subjects of two hosts",
            json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"] }),
        ),
    ] {
        rows.push(Refusal::json(law, enrol(&with(&changes)), 400, "invalid_client_metadata"));
    }
    rows
}

pub(crate) async fn fields(_: &mut Stage) -> Vec<Refusal> {
    let key: Value = serde_json::from_str(keys::P256).unwrap();
    let mut private = key.clone();
    private["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI".into();
    let by_key = |jwks: Value| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks });
    [
        ("a name that is a number", json!({ "client_name": 7 })),
        ("a name of 256 bytes", json!({ "client_name": "x".repeat(256) })),
        ("a name with a control character", json!({ "client_name": "a\u{7}b" })),
        ("contacts that are a text", json!({ "contacts": "me@app.example" })),
        ("17 contacts", json!({ "contacts": vec!["me@app.example"; 17] })),
        ("no grant at all", json!({ "grant_types": [] })),
        ("the implicit grant", json!({ "grant_types": ["implicit"] })),
        ("the password grant", json!({ "grant_types": ["authorization_code", "password"] })),
        ("a refresh token without a code", json!({ "grant_types": ["refresh_token"] })),
        ("a grant beyond the policy", json!({ "grant_types": ["authorization_code", "client_credentials"] })),
        ("response_type token", json!({ "response_types": ["token"] })),
        ("response_type code id_token", json!({ "response_types": ["code", "code id_token"] })),
        ("a scope beyond the policy", json!({ "scope": "openid admin" })),
        ("a scope that is a list", json!({ "scope": ["openid"] })),
        ("a malformed scope", json!({ "scope": "open\"id" })),
        ("PKCE left out", json!({ "insecure_pkce_optional": true })),
        ("an unknown authentication", json!({ "token_endpoint_auth_method": "tls_client_auth" })),
        ("a key method without keys", json!({ "token_endpoint_auth_method": "private_key_jwt" })),
        ("a key method with no key", by_key(json!({ "keys": [] }))),
        ("a private key", by_key(json!({ "keys": [private] }))),
        ("a symmetric key", by_key(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }))),
        ("keys that are a list", by_key(json!([key]))),
        ("keys here and elsewhere", json!({ "jwks": { "keys": [key] }, "jwks_uri": "https://app.example/jwks" })),
        ("assertions by no algorithm", json!({ "token_endpoint_auth_signing_alg": "none" })),
        ("assertions by another kind of algorithm", json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256" })),
        ("unsigned ID tokens", json!({ "id_token_signed_response_alg": "none" })),
        ("ID tokens under a secret", json!({ "id_token_signed_response_alg": "HS256" })),
        ("userinfo by an unknown algorithm", json!({ "userinfo_signed_response_alg": "ES512" })),
        ("request objects by an unknown algorithm", json!({ "request_object_signing_alg": "HS256" })),
        ("signed requests without keys", json!({ "require_signed_request_object": true })),
        ("encryption without a way", json!({ "id_token_encrypted_response_enc": "A256GCM" })),
        ("encryption without a key", json!({ "userinfo_encrypted_response_alg": "RSA-OAEP-256" })),
        ("encryption by RSA 1.5", json!({ "id_token_encrypted_response_alg": "RSA1_5" })),
        ("an unknown subject_type", json!({ "subject_type": "secret" })),
        ("pairwise subjects in tokens that tell", json!({ "subject_type": "pairwise", "access_token_format": "jwt" })),
        ("an unknown application_type", json!({ "application_type": "desktop" })),
        ("a negative default_max_age", json!({ "default_max_age": -1 })),
        ("a default_max_age of a century", json!({ "default_max_age": 3_200_000_000_u64 })),
        ("a default_max_age as a text", json!({ "default_max_age": "60" })),
        ("require_auth_time as a text", json!({ "require_auth_time": "true" })),
        ("17 acr values", json!({ "default_acr_values": vec!["1"; 17] })),
        ("a language tag that is none", json!({ "client_name#fr": 7 })),
    ]
    .map(|(law, changes)| Refusal::json(law, enrol(&with(&changes)), 400, "invalid_client_metadata"))
    .into()
}

pub(crate) async fn bodies(_: &mut Stage) -> Vec<Refusal> {
    let good = web().to_string();
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let many: serde_json::Map<_, _> = (0..300).map(|place| (place.to_string(), Value::Null)).collect();
    let body = |text: &str| json_sent(Method::POST, PATH, text);
    let mut rows: Vec<_> = [
        ("no JSON", String::from("redirect_uris=https://app.example/cb")),
        ("nothing", String::new()),
        ("half an object", good.split_at(good.len() - 1).0.to_owned()),
        ("an object and more", format!("{good}{good}")),
        ("a list", format!("[{good}]")),
        ("a text", String::from("\"x\"")),
        ("null", String::from("null")),
        (
            "a field twice",
            r#"{"redirect_uris":["https://app.example/cb"],"redirect_uris":["https://evil.example/"]}"#
                .to_owned(),
        ),
        ("an object that is too deep", deep),
        ("more fields than anybody reads", Value::Object(many).to_string()),
    ]
    .map(|(law, text)| Refusal::json(law, body(&text), 400, "invalid_client_metadata"))
    .into();
    let long = with(&json!({ "x": "x".repeat(65_536) })).to_string();
    for (law, sent) in [
        ("more than 64 KiB", body(&long)),
        ("no media type", request(Method::POST, PATH, &good)),
        ("a form", post(PATH, "redirect_uris=https://app.example/cb")),
        ("a text's media type", but(body(&good), header::CONTENT_TYPE, "text/plain")),
        ("two media types", and(body(&good), header::CONTENT_TYPE, "text/plain")),
    ] {
        rows.push(Refusal::json(law, sent, 400, "invalid_request"));
    }
    let twice = Refusal::json("two tokens", bearer(bearer(body(&good), "a"), "b"), 400, "invalid_request");
    rows.push(twice.challenge("Bearer", &[("error", "invalid_request")]));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let row =
            Refusal::json(format!("{method} of it"), json_sent(method, PATH, &good), 405, "invalid_request");
        rows.push(row.header(header::ALLOW, "POST"));
    }
    rows
}
