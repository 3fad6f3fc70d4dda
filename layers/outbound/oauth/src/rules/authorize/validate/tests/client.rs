//! What depends on what the client registered, and requests that come from elsewhere than a query.

use super::*;
use crate::rules::client::ClientAuthMethod;

#[test]
fn rfc7636_only_a_confidential_openid_client_that_registered_so_goes_without_pkce() {
    let legacy = client_with(|metadata| metadata.insecure_pkce_optional = true);
    let bare = with("code_challenge", None);
    let bare = bare.replace("&code_challenge_method=S256", "");
    assert_eq!(asked_by(&legacy, &bare).unwrap().code_challenge, None);
    assert!(asked_by(&legacy, GOOD).unwrap().code_challenge.is_some(), "what is sent counts");
    let public = client_with(|metadata| {
        metadata.insecure_pkce_optional = true;
        metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    });
    for (client, query) in [
        (client(), bare.clone()),
        (public, bare.clone()),
        (legacy.clone(), bare.replace("scope=openid", "scope=email")),
        (legacy.clone(), with("code_challenge", None)),
        (legacy.clone(), with("code_challenge_method", Some("plain"))),
        (legacy, with("code_challenge_method", None)),
    ] {
        assert_eq!(told_to_client(asked_by(&client, &query)).0, ErrorCode::InvalidRequest, "{query}");
    }
}

#[test]
fn rfc9101_10_5_a_client_that_must_sign_its_requests_signs_them() {
    let signing = client_with(|metadata| metadata.require_signed_request_object = true);
    assert_eq!(told_to_client(asked_by(&signing, GOOD)).0, ErrorCode::InvalidRequest);
    let opened = Params::of_request_object(GOOD, &Params::parse(b"").unwrap()).unwrap();
    let issuer = Issuer::https("https://id.example").unwrap();
    let targets = Targets { issuer: &issuer, default_audience: &[], servers: &[] };
    let offer = Offer {
        targets,
        scope_claims: &ScopeClaims::default(),
        keys: &JwkSet::default(),
        creates_accounts: false,
        requires_push: false,
    };
    assert!(validate(&opened, &signing, offer).is_ok());
}

#[test]
fn rfc9126_5_and_6_who_must_push_pushes() {
    let issuer = Issuer::https("https://id.example").unwrap();
    let targets = Targets { issuer: &issuer, default_audience: &[], servers: &[] };
    let pushing = client_with(|metadata| metadata.require_pushed_authorization_requests = true);
    let unpushed = Params::parse(GOOD.as_bytes()).unwrap();
    let pushed = Params::of_push(GOOD.as_bytes()).unwrap();
    let signed = Params::of_request_object(GOOD, &pushed).unwrap();
    for (client, requires_push) in [(&pushing, false), (&client(), true), (&pushing, true)] {
        let table = ScopeClaims::default();
        let keys = JwkSet::default();
        let offer =
            Offer { targets, scope_claims: &table, keys: &keys, creates_accounts: false, requires_push };
        let refused = validate(&unpushed, client, offer).map(|(request, _)| request);
        assert_eq!(told_to_client(refused).0, ErrorCode::InvalidRequest);
        assert!(validate(&pushed, client, offer).is_ok());
        assert!(validate(&signed, client, offer).is_ok(), "a request object may be pushed");
    }
}

#[test]
fn a_client_that_pushes_may_prove_itself_by_its_secret_beside() {
    let beside = format!("{GOOD}&client_secret=x");
    assert!(Params::of_push(beside.as_bytes()).unwrap().value("client_secret").unwrap().is_none());
    assert_eq!(told_to_client(asked(&beside)).0, ErrorCode::InvalidRequest);
}

#[test]
fn a_request_object_that_cannot_be_read_is_told_to_the_client_where_its_address_is_known() {
    let error = OAuthError::new(ErrorCode::InvalidRequestObject, "x");
    let of = |query: &str| Rejection::of(error, &Params::parse(query.as_bytes()).unwrap(), &client());
    assert_eq!(told_to_client(Err(of(GOOD))), (ErrorCode::InvalidRequestObject, Some(String::from("s"))));
    let stranger = with("redirect_uri", Some("https://evil.example/"));
    assert_eq!(told_to_person(Err(of(&stranger))), ErrorCode::InvalidRequestObject);
}

#[test]
fn a_request_that_is_put_again_is_the_same() {
    let claims = r#"{"userinfo":{"name":null,"email":{"essential":true,"values":["a",1]}}}"#;
    let full = format!(
        "{}&nonce=n&prompt=login%20consent&max_age=60&login_hint=a%40b&acr_values=2%201&ui_locales=nl%20fr\
         &response_mode=form_post&resource=https://api.example&resource=https://id.example",
        with("claims", Some(claims))
    );
    let hinted = r#"&claims={"id_token":{"sub":{"value":"alice"}}}"#;
    let plain = with("scope", Some("email")).replace("&redirect_uri=https%3A%2F%2Fshop.example%2Fcb", "");
    for query in [GOOD.to_owned(), full, plain, format!("{GOOD}{hinted}")] {
        let first = asked(&query).unwrap();
        let again = asked(&super::super::super::again::query(&first)).unwrap();
        assert_eq!(again, first, "{query}");
    }
}
