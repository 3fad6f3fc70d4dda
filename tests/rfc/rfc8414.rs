//! Authorization server metadata, [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), and the same document as
//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html) asks for it.

use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, house_with},
    house::{ISSUER, browser::request, everything},
};

const PATHS: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// What a member may be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// An `https` address without a fragment.
    Address,
    /// Texts, at least one, each once.
    Texts,
    /// True or false.
    Flag,
}

use Kind::{Address, Flag, Texts};

/// The members that are registered at IANA as
/// [authorization server metadata](https://www.iana.org/assignments/oauth-parameters), as far as this server could say
/// them one day; `issuer` apart.
const REGISTERED: &[(&str, Kind)] = &[
    // RFC 8414
    ("authorization_endpoint", Address),
    ("token_endpoint", Address),
    ("jwks_uri", Address),
    ("registration_endpoint", Address),
    ("scopes_supported", Texts),
    ("response_types_supported", Texts),
    ("response_modes_supported", Texts),
    ("grant_types_supported", Texts),
    ("token_endpoint_auth_methods_supported", Texts),
    ("token_endpoint_auth_signing_alg_values_supported", Texts),
    ("service_documentation", Address),
    ("ui_locales_supported", Texts),
    ("op_policy_uri", Address),
    ("op_tos_uri", Address),
    ("revocation_endpoint", Address),
    ("revocation_endpoint_auth_methods_supported", Texts),
    ("revocation_endpoint_auth_signing_alg_values_supported", Texts),
    ("introspection_endpoint", Address),
    ("introspection_endpoint_auth_methods_supported", Texts),
    ("introspection_endpoint_auth_signing_alg_values_supported", Texts),
    ("code_challenge_methods_supported", Texts),
    // OpenID Connect Discovery 1.0
    ("userinfo_endpoint", Address),
    ("acr_values_supported", Texts),
    ("subject_types_supported", Texts),
    ("id_token_signing_alg_values_supported", Texts),
    ("id_token_encryption_alg_values_supported", Texts),
    ("id_token_encryption_enc_values_supported", Texts),
    ("userinfo_signing_alg_values_supported", Texts),
    ("userinfo_encryption_alg_values_supported", Texts),
    ("userinfo_encryption_enc_values_supported", Texts),
    ("request_object_signing_alg_values_supported", Texts),
    ("display_values_supported", Texts),
    ("claim_types_supported", Texts),
    ("claims_supported", Texts),
    ("claims_locales_supported", Texts),
    ("claims_parameter_supported", Flag),
    ("request_parameter_supported", Flag),
    ("request_uri_parameter_supported", Flag),
    ("require_request_uri_registration", Flag),
    // Initiating User Registration via OpenID Connect 1.0
    ("prompt_values_supported", Texts),
    // RFC 9101, RFC 9126, RFC 9207, RFC 9396, RFC 9449, RFC 9701, RFC 9728
    ("require_signed_request_object", Flag),
    ("pushed_authorization_request_endpoint", Address),
    ("require_pushed_authorization_requests", Flag),
    ("authorization_response_iss_parameter_supported", Flag),
    ("authorization_details_types_supported", Texts),
    ("dpop_signing_alg_values_supported", Texts),
    ("introspection_signing_alg_values_supported", Texts),
    ("introspection_encryption_alg_values_supported", Texts),
    ("introspection_encryption_enc_values_supported", Texts),
    ("protected_resources", Texts),
    // OpenID Connect Session Management, RP-Initiated, Front-Channel and Back-Channel Logout 1.0
    ("check_session_iframe", Address),
    ("end_session_endpoint", Address),
    ("frontchannel_logout_supported", Flag),
    ("frontchannel_logout_session_supported", Flag),
    ("backchannel_logout_supported", Flag),
    ("backchannel_logout_session_supported", Flag),
    // OAuth Client ID Metadata Document (draft)
    ("client_id_metadata_document_supported", Flag),
];

/// Members that a reader of either specification may rely on.
const REQUIRED: &[&str] = &[
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
];

fn check(name: &str, value: &Value, kind: Kind) {
    match kind {
        Address => {
            let url: http::Uri =
                value.as_str().unwrap_or_else(|| panic!("{name} is no text")).parse().unwrap();
            assert!(
                url.scheme_str() == Some("https") && !value.as_str().unwrap().contains('#'),
                "{name}: {url}"
            );
        }
        Texts => {
            let list = value.as_array().unwrap_or_else(|| panic!("{name} is no list"));
            let texts: Vec<_> = list.iter().map(|text| text.as_str().unwrap()).collect();
            let mut once = texts.clone();
            once.sort_unstable();
            once.dedup();
            assert!(!texts.is_empty(), "{name}: section 3.2 leaves out what has no value");
            assert_eq!(once.len(), texts.len(), "{name} says something twice");
        }
        Flag => assert!(value.is_boolean(), "{name} is neither true nor false"),
    }
}

#[tokio::test]
async fn section_2_every_member_is_registered_and_of_its_type() {
    let plain = house_with(|_| ()).await;
    let full = house_with(everything).await;
    let mut counts = Vec::new();
    for house in [plain, full] {
        let answer = request(&house.app, Request::get(PATHS[0]), String::new()).await;
        let document = answer.json();
        let members = document.as_object().unwrap();
        assert_eq!(members["issuer"], ISSUER);
        for name in REQUIRED {
            assert!(members.contains_key(*name), "{name} is missing");
        }
        for (name, value) in members.iter().filter(|(name, _)| *name != "issuer") {
            let known = REGISTERED.iter().find(|(known, _)| known == name);
            let (_, kind) = known.unwrap_or_else(|| panic!("nobody registered {name}"));
            check(name, value, *kind);
        }
        counts.push(members.len());
    }
    assert!(
        counts[1] > counts[0] + 5,
        "what the host offers beyond the usual is in it, and left out where it does not"
    );
}

#[tokio::test]
async fn section_2_endpoints_that_are_named_are_there_and_say_which_method_they_take() {
    let house = house_with(everything).await;
    let ask = async |head: http::request::Builder| request(&house.app, head, String::new()).await;
    let document = ask(Request::get(PATHS[0])).await.json();
    let is_endpoint =
        |name: &str| name.ends_with("_endpoint") || name == "jwks_uri" || name == "check_session_iframe";
    for (name, address) in document.as_object().unwrap().iter().filter(|(name, _)| is_endpoint(name)) {
        let path =
            address.as_str().unwrap().strip_prefix(ISSUER).unwrap_or_else(|| panic!("{name}: {address}"));
        let wrong = ask(Request::delete(path)).await;
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
        assert!(wrong.headers.contains_key(header::ALLOW), "{name}");
    }
}

#[tokio::test]
async fn section_3_1_it_is_asked_for_by_get_under_both_names() {
    let desk = Desk::new().await;
    let [one, other] = [desk.get(PATHS[0]).await, desk.get(PATHS[1]).await];
    assert_eq!(one.text, other.text);
    let wrong = desk.ask(Method::POST, PATHS[0]).await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
}

#[tokio::test]
async fn section_3_1_the_path_of_an_issuer_follows_the_well_known_name() {
    let tenant = "https://id.example/tenant";
    let house = house_with(|config| {
        let issuer = towergate::oauth_server::Issuer::https(tenant).unwrap();
        *config = towergate::oauth_server::ServerConfig::new(issuer);
    })
    .await;
    let get = async |path: &str| request(&house.app, Request::get(path), String::new()).await;
    for path in [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
    ] {
        let document = get(path).await.json();
        assert_eq!(document["issuer"], tenant, "{path}");
        assert_eq!(document["jwks_uri"], "https://id.example/tenant/oauth/jwks");
    }
    assert_eq!(get("/tenant/oauth/jwks").await.status, StatusCode::OK);
    assert!(get(PATHS[0]).await.text.find("issuer").is_none(), "another issuer's");
}

#[tokio::test]
async fn section_3_2_it_is_json_that_may_be_kept_and_asked_for_again() {
    let desk = Desk::new().await;
    let first = desk.get(PATHS[0]).await;
    assert_eq!((first.status, first.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(first.header("cache-control"), "public, max-age=300");
    let again = Request::get(PATHS[0]).header(header::IF_NONE_MATCH, first.header("etag"));
    let again = request(&desk.house.app, again, String::new()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.header("etag"), first.header("etag"));
    let head = desk.ask(Method::HEAD, PATHS[0]).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header("content-length"), first.text.len().to_string());
}

#[tokio::test]
async fn section_3_3_the_issuer_is_the_one_that_every_answer_names() {
    let desk = Desk::new().await;
    let issuer = desk.get(PATHS[0]).await.json()["issuer"].clone();
    let tokens = desk.tokens("").await;
    let told = desk.told(crate::house::CLIENT, &tokens["access_token"]).await;
    assert_eq!(told["iss"], issuer);
    assert_eq!(issuer, json!(ISSUER));
}
