use super::{super::ClientState, *};

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
    for weak in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcdé"] {
        assert_eq!(problems(Some(weak), metadata()), [MetadataProblem::WeakSecret], "{weak:?}");
    }
}

#[test]
fn redirect_uris_are_https_loopback_or_private_use() {
    for good in [
        "https://app.example/cb?x=1",
        "http://localhost:4000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:9/cb",
        "com.example.app:/cb",
    ] {
        assert_eq!(check_redirect_uri(good), Ok(()), "{good}");
    }
    for (bad, fault) in [
        ("", RedirectUriFault::NotAbsolute),
        ("/cb", RedirectUriFault::NotAbsolute),
        ("https://app.example/c b", RedirectUriFault::NotAbsolute),
        ("https://app.example/\\cb", RedirectUriFault::NotAbsolute),
        ("https://app.example/cb#", RedirectUriFault::Fragment),
        ("https://me@app.example/cb", RedirectUriFault::UserInfo),
        ("http://app.example/cb", RedirectUriFault::Scheme),
        ("http://localhost.example/cb", RedirectUriFault::Scheme),
        ("javascript:alert(1)", RedirectUriFault::Scheme),
        ("data:text/html,x", RedirectUriFault::Scheme),
        ("app:/cb", RedirectUriFault::Scheme),
    ] {
        assert_eq!(check_redirect_uri(bad), Err(fault), "{bad}");
    }
}
