use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;
use crate::rules::client::ClientMetadata;

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
    Form::parse(text.as_bytes(), &["client_id", "client_secret", "client_assertion"]).unwrap()
}

fn posted(id: &str, secret: &str) -> Form {
    form(&format!("client_id={}&client_secret={}", encode(id), encode(secret)))
}

fn read_and_verify(
    header: Option<&[u8]>,
    form: &Form,
    client: Option<Client>,
) -> Result<AuthenticatedClient, AuthenticationFailure> {
    Credentials::read(header, form)?.verify(client)
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
fn a_header_that_is_not_basic_is_refused_with_a_challenge() {
    let long = format!("Basic {}", "A".repeat(MAX_HEADER_LENGTH));
    for bad in ["", "Basic", "Basic ", "Bearer abc", "Basic !!!!", "Basic c2hvcA==", "Basic Og==", &long] {
        let refusal = Credentials::read(Some(bad.as_bytes()), &form("")).unwrap_err();
        assert_eq!(refusal.error.code, ErrorCode::InvalidClient, "{bad:.20}");
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

proptest::proptest! {
    #[test]
    fn any_header_is_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Credentials::read(Some(&bytes), &form(""));
    }
}
