use super::{
    super::{ClientState, RedirectUriFault},
    address::check_redirect_uri,
    *,
};

fn id() -> ClientId {
    ClientId::parse("shop").unwrap()
}

fn metadata() -> ClientMetadata {
    ClientMetadata { redirect_uris: vec![String::from("https://app.example/cb")], ..Default::default() }
}

fn problems(secret: Option<&str>, metadata: ClientMetadata) -> Vec<MetadataProblem> {
    let secret = secret.map(Secret::from);
    match Client::register(id(), secret.as_ref(), metadata) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems,
    }
}

const SECRET: Option<&str> = Some("0123456789abcdef");

#[test]
fn a_sound_client_is_active_and_keeps_no_secret() {
    let secret = Secret::from("0123456789abcdef");
    let client = Client::register(id(), Some(&secret), metadata()).unwrap();
    assert_eq!(client.state, ClientState::Active);
    assert!(client.secret.unwrap().matches(&Digest::of(secret.expose().as_bytes())));
}

#[test]
fn all_problems_are_said_at_once() {
    let broken = ClientMetadata {
        redirect_uris: Vec::new(),
        token_endpoint_auth_method: ClientAuthMethod::None,
        grant_types: [GrantType::AuthorizationCode, GrantType::ClientCredentials].into(),
        ..Default::default()
    };
    assert_eq!(
        problems(SECRET, broken),
        [
            MetadataProblem::NoRedirectUri,
            MetadataProblem::PublicClientCredentials,
            MetadataProblem::SecretOfPublicClient,
        ]
    );
    let lonely = ClientMetadata { grant_types: [GrantType::RefreshToken].into(), ..metadata() };
    assert_eq!(problems(None, lonely), [MetadataProblem::RefreshWithoutCode, MetadataProblem::SecretMissing]);
    let idle = ClientMetadata { grant_types: [].into(), ..metadata() };
    assert_eq!(problems(SECRET, idle), [MetadataProblem::NoGrantType]);
}

#[test]
fn a_secret_that_could_be_guessed_is_refused() {
    for weak in ["", "0123456789abcde", "0123456789\tabcdef", "0123456789\u{7f}abcdef", "0123456789abcdé"] {
        assert_eq!(problems(Some(weak), metadata()), [MetadataProblem::WeakSecret], "{weak:?}");
    }
}

#[test]
fn rfc6749_a_2_a_secret_may_hold_spaces() {
    for good in ["correct horse battery staple", " 0123456789abcdef ", "~~~~~~~~!!!!!!!!"] {
        assert_eq!(problems(Some(good), metadata()), [], "{good:?}");
    }
}

#[test]
fn redirect_uris_are_https_or_loopback_and_for_native_private_use() {
    use ApplicationType::{Native, Web};
    for good in
        ["https://app.example/cb?x=1", "http://localhost:4000/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb"]
    {
        assert_eq!(check_redirect_uri(good, Web), Ok(()), "{good}");
        assert_eq!(check_redirect_uri(good, Native), Ok(()), "{good}");
    }
    let own = "com.example.app:/cb";
    assert_eq!(check_redirect_uri(own, Native), Ok(()));
    assert_eq!(check_redirect_uri(own, Web), Err(RedirectUriFault::SchemeOfNative));
    for (bad, fault) in [
        ("", RedirectUriFault::NotAbsolute),
        ("/cb", RedirectUriFault::NotAbsolute),
        ("https://app.example/c b", RedirectUriFault::NotAbsolute),
        ("https://app.example/\\cb", RedirectUriFault::NotAbsolute),
        ("https:app.example/cb", RedirectUriFault::NotAbsolute),
        ("https:/cb", RedirectUriFault::NotAbsolute),
        ("http:/localhost/cb", RedirectUriFault::NotAbsolute),
        ("https:///app.example/cb", RedirectUriFault::NotAbsolute),
        ("https://app.example/cb#", RedirectUriFault::Fragment),
        ("https://me@app.example/cb", RedirectUriFault::UserInfo),
        ("http://app.example/cb", RedirectUriFault::Scheme),
        ("http://localhost.example/cb", RedirectUriFault::Scheme),
        ("http://10.0.0.1/cb", RedirectUriFault::Scheme),
        ("http://0.0.0.0/cb", RedirectUriFault::Scheme),
        ("http://[2001:db8::1]/cb", RedirectUriFault::Scheme),
        ("javascript:alert(1)", RedirectUriFault::Scheme),
        ("data:text/html,x", RedirectUriFault::Scheme),
        ("app:/cb", RedirectUriFault::Scheme),
    ] {
        assert_eq!(check_redirect_uri(bad, Web), Err(fault), "{bad}");
        assert_eq!(check_redirect_uri(bad, Native), Err(fault), "{bad}");
    }
}

/// The fields that are blamed for a change of the sound client.
fn blamed(secret: Option<&str>, change: impl FnOnce(&mut ClientMetadata)) -> Vec<String> {
    let mut metadata = metadata();
    change(&mut metadata);
    problems(secret, metadata).iter().map(|problem| problem.blames().to_owned()).collect()
}

fn keys() -> Option<towergate_jose::JwkSet> {
    let key = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    Some(towergate_jose::JwkSet::parse(key.as_bytes()).unwrap())
}

#[test]
fn an_address_is_https() {
    let plain = || Some(String::from("http://app.example/x"));
    for (field, set) in [
        ("client_uri", (|m| m.client_uri = Some("http://app.example/x".into())) as fn(&mut ClientMetadata)),
        ("logo_uri", |m| m.logo_uri = Some("data:image/png;base64,AA".into())),
        ("policy_uri", |m| m.policy_uri = Some("javascript:alert(1)".into())),
        ("tos_uri", |m| m.tos_uri = Some("app.example/tos".into())),
        ("initiate_login_uri", |m| m.initiate_login_uri = Some("http://app.example/x".into())),
        ("jwks_uri", |m| m.jwks_uri = Some("https://app.example/jwks#1".into())),
        ("sector_identifier_uri", |m| m.sector_identifier_uri = Some("http://app.example/u".into())),
        ("backchannel_logout_uri", |m| m.backchannel_logout_uri = Some("https://app.example/o#f".into())),
        ("post_logout_redirect_uris", |m| m.post_logout_redirect_uris = vec!["http://a.example".into()]),
        ("logo_uri#de", |m| {
            m.localized.insert("logo_uri#de".into(), "http://app.example".into());
        }),
    ] {
        assert_eq!(blamed(SECRET, set), [field]);
    }
    let both = blamed(SECRET, |m| m.frontchannel_logout_uri = plain());
    assert_eq!(both, ["frontchannel_logout_uri", "frontchannel_logout_uri"]);
}

#[test]
fn core_4_a_sign_in_begins_at_an_https_address_even_on_this_machine() {
    let set = |uri: &str| {
        let uri = Some(uri.to_owned());
        blamed(SECRET, |metadata| metadata.initiate_login_uri = uri)
    };
    assert_eq!(set("https://localhost:8443/start"), [""; 0]);
    for plain in ["http://localhost:8443/start", "http://127.0.0.1/start", "http://app.example/start"] {
        assert_eq!(set(plain), ["initiate_login_uri"], "{plain}");
    }
}

#[test]
fn frontchannel_1_0_2_the_logout_address_shares_the_origin_of_a_redirect_uri() {
    let set = |uri: &str| {
        let uri = Some(uri.to_owned());
        blamed(SECRET, |metadata| metadata.frontchannel_logout_uri = uri)
    };
    assert_eq!(set("https://app.example/out"), [""; 0]);
    assert_eq!(set("https://app.example:443/out"), [""; 0]);
    for other in ["https://app.example:8443/out", "https://other.example/out", "http://localhost/out"] {
        assert_eq!(set(other), ["frontchannel_logout_uri"], "{other}");
    }
}

#[test]
fn a_client_that_signs_has_keys_and_an_algorithm_that_fits() {
    use ClientAuthMethod::{ClientSecretJwt, PrivateKeyJwt};
    let long = Some("0123456789abcdef0123456789abcdef");
    let set = |secret, method, algorithm: Option<&str>, jwks| {
        let algorithm = algorithm.map(str::to_owned);
        blamed(secret, |metadata| {
            metadata.token_endpoint_auth_method = method;
            metadata.token_endpoint_auth_signing_alg = algorithm;
            metadata.jwks = jwks;
        })
    };
    assert_eq!(set(None, PrivateKeyJwt, Some("EdDSA"), keys()), [""; 0]);
    assert_eq!(set(None, PrivateKeyJwt, None, None), ["token_endpoint_auth_method"]);
    assert_eq!(set(None, PrivateKeyJwt, Some("HS256"), keys()), ["token_endpoint_auth_signing_alg"]);
    assert_eq!(set(None, PrivateKeyJwt, Some("ES384"), keys()), ["token_endpoint_auth_signing_alg"]);
    assert_eq!(set(None, PrivateKeyJwt, None, Some(towergate_jose::JwkSet::default())), ["jwks"]);
    assert_eq!(set(None, PrivateKeyJwt, Some("ES256"), keys()), ["jwks"], "the key is of Ed25519");
    let for_encryption = r#"{"keys":[{"kty":"EC","crv":"P-256","use":"enc","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    let for_encryption = towergate_jose::JwkSet::parse(for_encryption.as_bytes()).unwrap();
    assert_eq!(set(None, PrivateKeyJwt, None, Some(for_encryption)), ["jwks"]);
    assert_eq!(set(long, ClientSecretJwt, Some("HS256"), None), [""; 0]);
    assert_eq!(set(long, ClientSecretJwt, Some("RS256"), None), ["token_endpoint_auth_signing_alg"]);
    assert_eq!(set(SECRET, ClientSecretJwt, None, None), ["client_secret"]);
    assert_eq!(set(None, ClientSecretJwt, None, None), ["client_secret"]);
    let twice = blamed(SECRET, |metadata| {
        metadata.jwks = keys();
        metadata.jwks_uri = Some("https://app.example/jwks".into());
    });
    assert_eq!(twice, ["jwks"]);
    assert_eq!(blamed(SECRET, |m| m.require_signed_request_object = true), ["require_signed_request_object"]);
}

#[test]
fn a_public_client_always_needs_pkce() {
    let change = |metadata: &mut ClientMetadata| {
        metadata.token_endpoint_auth_method = ClientAuthMethod::None;
        metadata.insecure_pkce_optional = true;
    };
    assert_eq!(blamed(None, change), ["insecure_pkce_optional"]);
}

#[test]
fn no_address_is_longer_than_a_browser_takes() {
    let of_length = |length: usize| format!("https://app.example/{}", "x".repeat(length - 20));
    let (longest, long) = (of_length(MAX_REDIRECT_URI_LENGTH), of_length(MAX_REDIRECT_URI_LENGTH + 1));
    assert_eq!(check_redirect_uri(&longest, ApplicationType::Web), Ok(()));
    assert_eq!(check_redirect_uri(&long, ApplicationType::Web), Err(RedirectUriFault::NotAbsolute));
}

#[test]
fn no_address_of_a_client_has_a_user_and_none_that_is_asked_has_a_fragment() {
    let field = |blamed: &str, set: fn(&mut ClientMetadata, String), uri: &str| {
        assert_eq!(blamed_for(set, uri), [blamed], "{uri}");
    };
    for uri in ["https://me@app.example/x", "https://:secret@app.example/x"] {
        field("client_uri", |m, uri| m.client_uri = Some(uri), uri);
        field("jwks_uri", |m, uri| m.jwks_uri = Some(uri), uri);
        field("backchannel_logout_uri", |m, uri| m.backchannel_logout_uri = Some(uri), uri);
    }
    let uri = "https://app.example/x#y";
    field("initiate_login_uri", |m, uri| m.initiate_login_uri = Some(uri), uri);
    field("frontchannel_logout_uri", |m, uri| m.frontchannel_logout_uri = Some(uri), uri);
    assert_eq!(blamed_for(|m, uri| m.client_uri = Some(uri), uri), [""; 0]);
}

fn blamed_for(set: fn(&mut ClientMetadata, String), uri: &str) -> Vec<String> {
    blamed(SECRET, |metadata| set(metadata, uri.to_owned()))
}
