mod client;
mod person;

use std::collections::BTreeSet;

use towergate_oauth_types::Scope;

use super::*;
use crate::rules::{
    client::{ClientId, ClientMetadata, ClientState},
    interaction::Prompt,
    issuer::Issuer,
    resource::ResourceServer,
};

const GOOD: &str = "response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fshop.example%2Fcb\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&scope=openid&state=s";

fn client() -> Client {
    let metadata = ClientMetadata {
        redirect_uris: vec![String::from("https://shop.example/cb")],
        scope: Scope::parse("openid email offline_access").unwrap(),
        ..ClientMetadata::default()
    };
    Client::unchecked(ClientId::parse("shop").unwrap(), None, metadata)
}

fn asked(query: &str) -> Result<AuthorizationRequest, Rejection> {
    asked_by(&client(), query)
}

fn asked_by(client: &Client, query: &str) -> Result<AuthorizationRequest, Rejection> {
    asked_of(client, query, &JwkSet::default(), false)
}

fn asked_of(
    client: &Client,
    query: &str,
    keys: &JwkSet,
    creates_accounts: bool,
) -> Result<AuthorizationRequest, Rejection> {
    let issuer = Issuer::https("https://id.example").unwrap();
    let default_audience = [String::from("https://id.example")];
    let servers = [ResourceServer::new("https://api.example").unwrap()];
    let targets = Targets { issuer: &issuer, default_audience: &default_audience, servers: &servers };
    let params = Params::parse(query.as_bytes()).unwrap();
    validate(
        &params,
        client,
        Offer {
            targets,
            scope_claims: &ScopeClaims::default(),
            keys,
            creates_accounts,
            requires_push: false,
        },
    )
    .map(|(request, _)| request)
}

/// A client with something else registered.
fn client_with(change: impl FnOnce(&mut ClientMetadata)) -> Client {
    let mut client = client();
    change(&mut client.metadata);
    client
}

/// The good request with one parameter exchanged, or left out when `value` is `None`.
fn with(name: &str, value: Option<&str>) -> String {
    let mut pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(GOOD.as_bytes()).into_owned().collect();
    pairs.retain(|pair| pair.0 != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The code of an error that goes to the client, with its `state`.
fn told_to_client(rejection: Result<AuthorizationRequest, Rejection>) -> (ErrorCode, Option<String>) {
    match rejection {
        Err(Rejection::Redirect { to, error, state, .. }) => {
            assert_eq!(to.as_str(), "https://shop.example/cb");
            (error.code, state)
        }
        other => panic!("{other:?}"),
    }
}

fn told_to_person(rejection: Result<AuthorizationRequest, Rejection>) -> ErrorCode {
    match rejection {
        Err(Rejection::Page(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_request_is_kept_as_it_came() {
    let query = format!(
        "{GOOD}&nonce=%20n%20&prompt=login%20consent&max_age=60&login_hint=a%40b&unknown=1&unknown=2"
    );
    let request = asked(&query).unwrap();
    assert_eq!(request.redirect_uri, "https://shop.example/cb");
    assert_eq!(request.nonce.as_deref(), Some(" n "));
    assert_eq!(request.state.as_deref(), Some("s"));
    assert_eq!(request.prompt, BTreeSet::from([Prompt::Login, Prompt::Consent]));
    assert_eq!(request.max_age, Some(60));
    assert_eq!(request.login_hint.as_deref(), Some("a@b"));
    assert_eq!(request.response_mode, ResponseMode::Query);
}

#[test]
fn rfc6749_4_1_2_1_before_the_address_is_proven_the_person_is_told() {
    assert_eq!(
        told_to_person(asked(&with("redirect_uri", Some("https://evil.example/")))),
        ErrorCode::InvalidRequest
    );
    let twice = format!("{GOOD}&redirect_uri=https%3A%2F%2Fshop.example%2Fcb");
    assert_eq!(told_to_person(asked(&twice)), ErrorCode::InvalidRequest);
}

#[test]
fn oidc_core_3_1_2_1_an_openid_request_names_its_address() {
    let nameless = |scope: &str| {
        GOOD.replace("&redirect_uri=https%3A%2F%2Fshop.example%2Fcb", "").replace("&scope=openid", scope)
    };
    for scope in ["&scope=openid", "&scope=email%20openid", ""] {
        assert_eq!(told_to_person(asked(&nameless(scope))), ErrorCode::InvalidRequest, "{scope}");
    }
    assert!(!asked(&nameless("&scope=email")).unwrap().redirect_uri_was_sent);
}

#[test]
fn a_disabled_client_gets_no_browser() {
    let client = Client { state: ClientState::Disabled, ..client() };
    let rejection = asked_by(&client, GOOD);
    assert_eq!(told_to_person(rejection), ErrorCode::InvalidClient);
}

#[test]
fn a_client_that_did_not_register_codes_gets_none() {
    let mut client = client();
    client.metadata.grant_types = BTreeSet::from([GrantType::ClientCredentials]);
    let rejection = asked_by(&client, GOOD);
    assert_eq!(told_to_client(rejection), (ErrorCode::UnauthorizedClient, Some(String::from("s"))));
}

#[test]
fn each_check_answers_its_registered_error() {
    let invalid = ErrorCode::InvalidRequest;
    let long = "x".repeat(4097);
    for (name, value, code) in [
        ("response_type", None, invalid),
        ("response_type", Some("token"), ErrorCode::UnsupportedResponseType),
        ("response_type", Some("code id_token"), ErrorCode::UnsupportedResponseType),
        ("response_mode", Some("jwt"), invalid),
        ("code_challenge", None, invalid),
        ("code_challenge", Some("short"), invalid),
        ("code_challenge_method", None, invalid),
        ("code_challenge_method", Some("plain"), invalid),
        ("code_challenge_method", Some("s256"), invalid),
        ("scope", Some("openid admin"), ErrorCode::InvalidScope),
        ("scope", Some("a\"b"), ErrorCode::InvalidScope),
        ("prompt", Some("none login"), invalid),
        ("prompt", Some("create"), invalid),
        ("prompt", Some("consent none"), invalid),
        ("prompt", Some("Login"), invalid),
        ("claims", Some("{"), invalid),
        ("claims", Some("[]"), invalid),
        ("claims", Some(r#"{"id_token":{"sub":{"values":["a","b"]}}}"#), invalid),
        ("id_token_hint", Some("e30.e30."), invalid),
        ("resource", Some("https://evil.example"), ErrorCode::InvalidTarget),
        ("max_age", Some("-1"), invalid),
        ("max_age", Some("+1"), invalid),
        ("max_age", Some("99999999999999999999"), invalid),
        ("nonce", Some(&long), invalid),
        ("login_hint", Some(&long), invalid),
        ("acr_values", Some(&long), invalid),
        ("ui_locales", Some(&long), invalid),
        ("client_secret", Some("hush"), invalid),
        ("request", Some("e30"), ErrorCode::RequestNotSupported),
        ("request_uri", Some("urn:x"), ErrorCode::RequestUriNotSupported),
    ] {
        let told = told_to_client(asked(&with(name, value)));
        assert_eq!(told, (code, Some(String::from("s"))), "{name}={value:?}");
    }
}

#[test]
fn rfc6749_3_1_a_repeated_parameter_is_told_to_the_client_and_a_repeated_state_is_not_echoed() {
    let told = told_to_client(asked(&format!("{GOOD}&nonce=1&nonce=1")));
    assert_eq!(told, (ErrorCode::InvalidRequest, Some(String::from("s"))));
    assert_eq!(told_to_client(asked(&format!("{GOOD}&state=t"))), (ErrorCode::InvalidRequest, None));
}

#[test]
fn rfc6749_3_3_without_a_scope_the_registered_one_is_meant_but_for_offline_access() {
    assert_eq!(asked(&with("scope", None)).unwrap().scope, Scope::parse("openid email").unwrap());
    let mut client = client();
    client.metadata.scope = Scope::default();
    assert_eq!(told_to_client(asked_by(&client, &with("scope", None))).0, ErrorCode::InvalidScope);
}

#[test]
fn what_is_kept_of_a_request_is_small() {
    let long = |claims: usize| {
        let claims = format!(r#"{{"userinfo":{{"{}":null}}}}"#, "c".repeat(claims - 22));
        let query = with("state", Some(&"s".repeat(2048)));
        format!("{query}&nonce={}&claims={claims}", "n".repeat(2048))
    };
    assert!(asked(&long(4096)).is_ok());
    let told = told_to_client(asked(&format!("{}&login_hint=x", long(4096))));
    assert_eq!(told.0, ErrorCode::InvalidRequest, "one byte too many");
    for name in ["state", "nonce", "login_hint", "acr_values"] {
        assert_eq!(
            told_to_client(asked(&with(name, Some("a\u{0}b")))).0,
            ErrorCode::InvalidRequest,
            "{name}"
        );
    }
    let words = "x ".repeat(1000);
    assert_eq!(asked(&with("acr_values", Some(&words))).unwrap().acr_values.len(), 16);
    assert_eq!(asked(&with("ui_locales", Some(&words))).unwrap().ui_locales.len(), 16);
}

#[test]
fn a_long_state_and_nonce_are_kept_unchanged() {
    let (state, nonce) = ("s ".repeat(2048), "n+%".repeat(682));
    let query = with("state", Some(&state));
    let query = url::form_urlencoded::Serializer::new(query).append_pair("nonce", &nonce).finish();
    let request = asked(&query).unwrap();
    assert_eq!((request.state, request.nonce), (Some(state), Some(nonce)));
}

#[test]
fn rfc8707_2_each_known_resource_may_be_named() {
    let query = format!(
        "{GOOD}&resource=https://api.example&resource=https://id.example&resource=https://api.example"
    );
    assert_eq!(asked(&query).unwrap().resource, ["https://api.example", "https://id.example"]);
    for unknown in ["https://api.example/", "https://api.example%23", "https://evil.example"] {
        let told = told_to_client(asked(&format!("{GOOD}&resource=https://api.example&resource={unknown}")));
        assert_eq!(told.0, ErrorCode::InvalidTarget, "{unknown}");
    }
}

#[test]
fn a_claim_beyond_the_registration_is_not_asked_for_so_that_it_is_not_granted_unseen() {
    let text = r#"{"userinfo":{"phone_number":null,"email":null,"email#nl":null,"shoe_size":null},
        "id_token":{"phone_number":null,"acr":{"essential":true},"sub":{"value":"alice"}}}"#;
    let claims = asked(&with("claims", Some(text))).unwrap().claims;
    assert_eq!(claims.userinfo.keys().collect::<Vec<_>>(), ["email", "email#nl"]);
    assert_eq!(claims.id_token.keys().collect::<Vec<_>>(), ["acr", "sub"]);
}

#[test]
fn an_error_goes_the_way_the_client_asked_for() {
    let query = format!("{}&response_mode=fragment", with("scope", Some("admin")));
    let Err(Rejection::Redirect { mode, .. }) = asked(&query) else { panic!("not told to the client") };
    assert_eq!(mode, ResponseMode::Fragment);
}

proptest::proptest! {
    #[test]
    fn whatever_is_asked_nothing_panics_and_nothing_leaves_for_a_stranger(
        name in "(state|scope|prompt|max_age|redirect_uri|response_mode|nonce|claims|acr_values|resource|id_token_hint|request|ui_locales)",
        value in "\\PC{0,40}",
    ) {
        match asked(&with(&name, Some(&value))) {
            Err(Rejection::Redirect { to, .. }) => proptest::prop_assert_eq!(to.as_str(), "https://shop.example/cb"),
            Ok(request) => proptest::prop_assert_eq!(request.redirect_uri, "https://shop.example/cb"),
            Err(Rejection::Page(_)) => {}
        }
    }
}
