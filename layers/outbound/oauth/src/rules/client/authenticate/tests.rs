use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD},
};

use towergate_core::{
    Secret, Timestamp,
    random::InsecureSeededRandom,
    seal::{SealingKey, SealingRing},
};

use super::*;
use crate::rules::client::{ClientMetadata, ClientState};

const ISSUER: &str = "https://id.example";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const SECRET: &str = "s3cret/with+signs:and%";

fn client(method: ClientAuthMethod) -> Client {
    let secret = (method != ClientAuthMethod::None).then(|| Digest::of(SECRET.as_bytes()));
    let metadata = ClientMetadata { token_endpoint_auth_method: method, ..Default::default() };
    Client::unchecked(ClientId::parse("shop:1").unwrap(), secret, metadata)
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn header(id: &str, secret: &str) -> Vec<u8> {
    format!("Basic {}", BASE64.encode(format!("{}:{}", encode(id), encode(secret)))).into_bytes()
}

fn form(text: &str) -> Form {
    Form::parse(text.as_bytes(), crate::rules::token::request::KNOWN).unwrap()
}

fn posted(id: &str, secret: &str) -> Form {
    form(&format!("client_id={}&client_secret={}", encode(id), encode(secret)))
}

fn read_and_verify(
    header: Option<&[u8]>,
    form: &Form,
    client: Option<Client>,
) -> Result<AuthenticatedClient, AuthenticationFailure> {
    match judge(header, form, client, &AssertionKey::Missing("no_key"))? {
        Judged::Proven(client) => Ok(client),
        Judged::Unspent(_) => panic!("it is no assertion"),
    }
}

fn judge(
    header: Option<&[u8]>,
    form: &Form,
    client: Option<Client>,
    key: &AssertionKey,
) -> Result<Judged, AuthenticationFailure> {
    Credentials::read(header, form)?.verify(
        client.map(Arc::new),
        key,
        &Recipient { names: &[ISSUER], now: NOW },
    )
}

#[test]
fn rfc6749_2_3_1_basic_is_form_decoded() {
    let client = client(ClientAuthMethod::ClientSecretBasic);
    let proof = read_and_verify(Some(&header("shop:1", SECRET)), &form(""), Some(client)).unwrap();
    assert_eq!(proof.client().id.as_str(), "shop:1");
}

#[test]
fn the_body_may_repeat_the_client_of_the_header_but_not_name_another() {
    let basic = || client(ClientAuthMethod::ClientSecretBasic);
    let header = header("shop:1", SECRET);
    assert!(read_and_verify(Some(&header), &form("client_id=shop:1"), Some(basic())).is_ok());
    let refusal = read_and_verify(Some(&header), &form("client_id=other"), Some(basic())).unwrap_err();
    assert_eq!((refusal.error.code, refusal.reason), (ErrorCode::InvalidRequest, "two_clients"));
}

#[test]
fn post_and_public_clients_prove_themselves_in_the_body() {
    let post = client(ClientAuthMethod::ClientSecretPost);
    assert!(read_and_verify(None, &posted("shop:1", SECRET), Some(post)).is_ok());
    let public = client(ClientAuthMethod::None);
    assert!(read_and_verify(None, &form("client_id=shop:1"), Some(public)).is_ok());
}

#[test]
fn only_the_registered_method_is_taken() {
    let header = header("shop:1", SECRET);
    let ways: [(ClientAuthMethod, Option<&[u8]>, Form); 3] = [
        (ClientAuthMethod::ClientSecretBasic, Some(&header), form("")),
        (ClientAuthMethod::ClientSecretPost, None, posted("shop:1", SECRET)),
        (ClientAuthMethod::None, None, form("client_id=shop:1")),
    ];
    for (method, header, form) in ways {
        for registered in
            [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost, ClientAuthMethod::None]
        {
            let answer = read_and_verify(header, &form, Some(client(registered)));
            assert_eq!(answer.is_ok(), registered == method, "{method:?} at {registered:?}");
        }
    }
}

#[test]
fn the_peer_cannot_tell_an_unknown_client_from_a_wrong_secret() {
    let header = header("shop:1", "wrong");
    let known = client(ClientAuthMethod::ClientSecretBasic);
    let wrong = read_and_verify(Some(&header), &form(""), Some(known)).unwrap_err();
    let unknown = read_and_verify(Some(&header), &form(""), None).unwrap_err();
    assert_eq!((wrong.reason, unknown.reason), ("wrong_secret", "unknown_client"));
    assert_eq!((wrong.error, wrong.by_header), (unknown.error, unknown.by_header));
}

#[test]
fn another_clients_row_never_proves() {
    let mut other = client(ClientAuthMethod::ClientSecretBasic);
    other.id = ClientId::parse("other").unwrap();
    assert!(read_and_verify(Some(&header("shop:1", SECRET)), &form(""), Some(other)).is_err());
}

#[test]
fn two_proofs_at_once_are_a_bad_request() {
    let refusal = Credentials::read(Some(&header("shop:1", SECRET)), &posted("shop:1", SECRET)).unwrap_err();
    assert_eq!((refusal.error.code, refusal.reason), (ErrorCode::InvalidRequest, "two_methods"));
}

#[test]
fn an_empty_secret_proves_nothing() {
    let basic = client(ClientAuthMethod::ClientSecretBasic);
    assert!(read_and_verify(Some(&header("shop:1", "")), &form(""), Some(basic)).is_err());
    let post = client(ClientAuthMethod::ClientSecretPost);
    assert!(read_and_verify(None, &posted("shop:1", ""), Some(post)).is_err());
}

#[test]
fn a_client_that_has_a_secret_is_nobody_without_it() {
    let kept = Client { secret: Some(Digest::of(SECRET.as_bytes())), ..client(ClientAuthMethod::None) };
    assert_eq!(
        read_and_verify(None, &form("client_id=shop:1"), Some(kept)).unwrap_err().reason,
        "wrong_secret"
    );
}

#[test]
fn a_header_that_is_not_basic_is_refused_with_a_challenge() {
    let basic = |scheme: &str, text: &str| format!("{scheme} {}", BASE64.encode(text));
    let of_length = |length: usize| basic("Basic", &format!("shop:{}", "x".repeat(length)));
    let (longest, long) = (of_length(3061), of_length(3062));
    assert!(longest.len() <= MAX_HEADER_LENGTH && long.len() > MAX_HEADER_LENGTH);
    assert!(Credentials::read(Some(longest.as_bytes()), &form("")).is_ok());
    let (other, nothing) = (basic("Bearer", "shop:secret"), basic("Basic", "shop:"));
    for bad in ["", "Basic", "Basic ", &other, "Basic !!!!", "Basic c2hvcA==", "Basic Og==", &nothing, &long]
    {
        let refusal = Credentials::read(Some(bad.as_bytes()), &form("")).unwrap_err();
        assert_eq!(
            (refusal.error.code, refusal.reason),
            (ErrorCode::InvalidClient, "malformed_basic"),
            "{bad:.20}"
        );
        assert!(refusal.by_header);
    }
}

#[test]
fn no_credentials_and_unsupported_ones_are_invalid_client_without_a_challenge() {
    for bad in ["", "client_secret=x", "client_id=a%20b", "client_id=shop:1&client_assertion=x"] {
        let refusal = Credentials::read(None, &form(bad)).unwrap_err();
        assert_eq!((refusal.error.code, refusal.by_header), (ErrorCode::InvalidClient, false), "{bad}");
    }
}

/// An assertion of the client, under its secret.
fn assertion(id: &str, header: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let exp = NOW.unix_seconds() + 60;
    let claims = format!(r#"{{"iss":"{id}","sub":"{id}","aud":"{ISSUER}","jti":"1","exp":{exp}}}"#);
    let message = format!("{}.{}", encode(header), encode(&claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, LONG_SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn asserted(rest: &str) -> Form {
    let assertion = assertion("shop:1", HS256);
    form(&format!("client_assertion_type={}&client_assertion={assertion}{rest}", encode(assertion::TYPE)))
}

const LONG_SECRET: &str = "0123456789abcdef0123456789abcdef";
const HS256: &str = r#"{"alg":"HS256"}"#;

fn signing_client() -> Client {
    let mut client = client(ClientAuthMethod::ClientSecretJwt);
    client.seal_secret(&Secret::from(LONG_SECRET), &ring(), &InsecureSeededRandom::new(1)).unwrap();
    client
}

fn ring() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([1; 32])))
}

fn secret() -> AssertionKey {
    AssertionKey::Shared(Secret::new(LONG_SECRET.as_bytes().to_vec()))
}

#[test]
fn an_assertion_is_right_and_not_yet_spent() {
    let judged = judge(None, &asserted("&client_id=shop:1"), Some(signing_client()), &secret()).unwrap();
    let Judged::Unspent(assertion) = judged else { panic!("an assertion has to be spent") };
    assert_eq!(assertion.once().until, NOW.plus(std::time::Duration::from_secs(70)));
    assert_eq!(assertion.first().client().id.as_str(), "shop:1");
    let judged = judge(None, &asserted(""), Some(signing_client()), &secret()).unwrap();
    let Judged::Unspent(assertion) = judged else { panic!("an assertion has to be spent") };
    let seen = assertion.seen();
    let wrong = judge(None, &asserted(""), None, &secret()).unwrap_err();
    assert_eq!((seen.reason, wrong.reason), ("assertion_replayed", "unknown_client"));
    assert_eq!((seen.error, seen.by_header), (wrong.error, wrong.by_header));
}

#[test]
fn a_key_is_asked_for_only_when_the_client_may_use_it() {
    let form = asserted("");
    let credentials = Credentials::read(None, &form).unwrap();
    let right = signing_client();
    assert!(matches!(credentials.needed_key(Some(&right)), Some(NeededKey::Secret(_))));
    assert!(credentials.needed_key(None).is_none());
    let disabled = Client { state: ClientState::Disabled, ..signing_client() };
    let other = Client { id: ClientId::parse("other").unwrap(), ..signing_client() };
    let mut by_key = signing_client();
    by_key.metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
    let mut by_other_algorithm = signing_client();
    by_other_algorithm.metadata.token_endpoint_auth_signing_alg = Some(String::from("ES256"));
    let reasons = ["client_disabled", "unknown_client", "method_not_registered", "algorithm_not_registered"];
    for (client, reason) in [disabled, other, by_key, by_other_algorithm].into_iter().zip(reasons) {
        assert!(credentials.needed_key(Some(&client)).is_none(), "{reason}");
        let refused = judge(None, &form, Some(client), &secret()).unwrap_err();
        assert_eq!((refused.error, refused.reason), (REFUSED, reason));
    }
    let secret_post = posted("shop:1", SECRET);
    assert!(Credentials::read(None, &secret_post).unwrap().needed_key(Some(&right)).is_none());
}

#[test]
fn the_registered_algorithm_is_the_only_one() {
    let mut client = signing_client();
    client.metadata.token_endpoint_auth_signing_alg = Some(String::from("HS256"));
    assert!(judge(None, &asserted(""), Some(client), &secret()).is_ok());
}

#[test]
fn an_assertion_and_another_proof_are_a_bad_request() {
    let header = header("shop:1", SECRET);
    let typ = encode(assertion::TYPE);
    for (header, form) in [
        (Some(&*header), asserted("")),
        (None, asserted("&client_secret=x")),
        (None, form(&format!("client_id=shop:1&client_secret=x&client_assertion_type={typ}"))),
    ] {
        let refusal = Credentials::read(header, &form).unwrap_err();
        assert_eq!((refusal.error.code, refusal.reason), (ErrorCode::InvalidRequest, "two_methods"));
    }
    let refusal = Credentials::read(None, &asserted("&client_id=other")).unwrap_err();
    assert_eq!((refusal.error.code, refusal.reason), (ErrorCode::InvalidRequest, "two_clients"));
}

#[test]
fn rfc7521_4_2_the_assertion_type_is_exact() {
    let assertion = assertion("shop:1", HS256);
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    for (text, reason) in [
        (format!("client_assertion={assertion}"), "unknown_assertion_type"),
        (format!("client_assertion={assertion}&client_assertion_type={saml}"), "unknown_assertion_type"),
        (
            format!("client_assertion={assertion}&client_assertion_type={}%20", assertion::TYPE),
            "unknown_assertion_type",
        ),
        (format!("client_id=shop:1&client_assertion_type={}", assertion::TYPE), "assertion_missing"),
        (format!("client_assertion=x&client_assertion_type={}", assertion::TYPE), "malformed_assertion"),
    ] {
        let refusal = Credentials::read(None, &form(&text)).unwrap_err();
        assert_eq!((refusal.error, refusal.reason), (REFUSED, reason), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_header_is_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Credentials::read(Some(&bytes), &form(""));
    }
}
