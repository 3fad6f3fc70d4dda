//! `oidcc-config-certification-test-plan`, and the discovery modules of the other plans.

use http::{Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::runner::op::{Op, as_json};

async fn document() -> Value {
    let op = Op::shared();
    let url = op.at("/.well-known/openid-configuration");
    let page = op.browser().send(Method::GET, url, &[], "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/json"));
    let document = as_json(&page);
    assert_eq!(document["issuer"], op.issuer.as_str());
    document
}

/// Whether the list of this name holds them all.
fn lists(document: &Value, name: &str, wanted: &[&str]) {
    let list = document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
    for one in wanted {
        assert!(list.iter().any(|value| value == one), "{name}: no {one} in {list:?}");
    }
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let document = document().await;
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") || name == "check_session_iframe" {
            let url = Url::parse(value.as_str().unwrap()).unwrap();
            assert!(url.scheme() == "https" && url.fragment().is_none(), "{name}: {url}");
        }
    }
    for name in ["authorization", "token", "userinfo", "registration"] {
        assert!(document[format!("{name}_endpoint")].is_string(), "{name}");
    }
    lists(&document, "response_types_supported", &["code"]);
    lists(&document, "response_modes_supported", &["query", "form_post"]);
    lists(&document, "grant_types_supported", &["authorization_code", "refresh_token"]);
    lists(&document, "subject_types_supported", &["public", "pairwise"]);
    lists(&document, "id_token_signing_alg_values_supported", &["RS256"]);
    lists(&document, "userinfo_signing_alg_values_supported", &["RS256"]);
    lists(&document, "request_object_signing_alg_values_supported", &["RS256"]);
    lists(
        &document,
        "scopes_supported",
        &["openid", "profile", "email", "address", "phone", "offline_access"],
    );
    lists(&document, "claims_supported", &["sub", "iss", "auth_time", "acr", "name", "email", "address"]);
    let methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];
    lists(&document, "token_endpoint_auth_methods_supported", &methods);
    lists(&document, "code_challenge_methods_supported", &["S256"]);
    lists(&document, "ui_locales_supported", &["en"]);
    assert_eq!(document["request_parameter_supported"], true);
    assert_eq!(document["request_uri_parameter_supported"], false);
    assert_eq!(document["claims_parameter_supported"], true);
    published_keys(&Op::shared().json(document["jwks_uri"].as_str().unwrap()).await);
}

/// Public keys alone, each with a name of its own, one of them RSA for signatures.
fn published_keys(jwks: &Value) {
    let keys = jwks["keys"].as_array().unwrap();
    let mut names: Vec<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys.len());
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        let members = match key["kty"].as_str().unwrap() {
            "RSA" => ["n", "e"].as_slice(),
            "EC" => &["crv", "x", "y"],
            "OKP" => &["crv", "x"],
            other => panic!("{other}"),
        };
        for member in members {
            let text = key[member].as_str().unwrap();
            assert!(!text.contains(['=', '+', '/']), "{member} is base64url");
        }
    }
    assert!(keys.iter().any(|key| key["kty"] == "RSA" && key["use"] == "sig" && key["alg"] == "RS256"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    assert!(document().await["end_session_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let document = document().await;
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let document = document().await;
    assert_eq!(document["frontchannel_logout_supported"], true);
    assert_eq!(document["frontchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_session_management_discovery_endpoint_verification() {
    let document = document().await;
    assert!(document["check_session_iframe"].is_string() && document["end_session_endpoint"].is_string());
}
