//! PKCE, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636): its example, and the server's side by section.

use http::StatusCode;
use towergate::{
    core::{Clock, Digest, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{Client, ClientAuthMethod},
    },
    oauth_types::pkce::CodeChallenge,
};

use crate::house::{
    CLIENT, CLIENT_SECRET, House,
    browser::{Answer, client_request, token_request, token_request_as},
    client,
    steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, signed_in, to_code, to_code_for},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn house_with(client: Client) -> House {
    let grants = Grants::new();
    let house = House::on(People::new(), grants.clone()).await;
    let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
    grants.put_client(client, origin).await.unwrap();
    house
}

/// The request of another client, without its challenge.
fn without_challenge(client: &str) -> String {
    let asks = AUTHORIZE.replace("client_id=shop", &format!("client_id={client}"));
    asks.replace("&code_challenge_method=S256", "").replace(&format!("&code_challenge={CHALLENGE}"), "")
}

fn is_refused(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"), "{what}");
}

#[test]
fn b_s256() {
    let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
    assert!(challenge.verify(VERIFIER).is_some());
    assert!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").is_none());
}

#[tokio::test]
async fn section_4_3_and_4_4_1_a_challenge_is_asked_for_and_plain_is_none() {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    let implied = AUTHORIZE.replace("&code_challenge_method=S256", "");
    let plain = AUTHORIZE.replace("=S256", "=plain");
    for asks in [without_challenge(CLIENT), implied, plain] {
        let location = browser.get(&asks).await.location;
        assert_eq!(parameter(&location, "error"), "invalid_request", "{asks}");
        assert!(parameter(&location, "error_description").contains("code_challenge"));
    }
}

#[tokio::test]
async fn section_4_6_only_the_verifier_of_this_very_code_opens_it() {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    let other = "another-verifier-of-the-same-client-0123456789ab";
    let challenge = crate::keys::encode(Digest::of(other.as_bytes()).as_bytes());
    let code = to_code(&mut browser).await;
    let others = to_code_for(&mut browser, &AUTHORIZE.replace(CHALLENGE, &challenge)).await;
    is_refused(&token_request(&house.app, &exchange(&code, other)).await, "of another code");
    is_refused(&token_request(&house.app, &exchange(&others, VERIFIER)).await, "of another code");
    let none = exchange(&code, VERIFIER).replace(&format!("&code_verifier={VERIFIER}"), "");
    is_refused(&token_request(&house.app, &none).await, "none");
    is_refused(&token_request(&house.app, &exchange(&code, CHALLENGE)).await, "the challenge itself");
    for (code, verifier) in [(&code, VERIFIER), (&others, other)] {
        assert_eq!(token_request(&house.app, &exchange(code, verifier)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn section_1_whoever_intercepts_a_public_clients_code_has_nothing() {
    let mut public = client("app", CLIENT_SECRET);
    public.secret = None;
    public.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    let house = house_with(public).await;
    let mut browser = signed_in(&house).await;
    let code = to_code_for(&mut browser, &AUTHORIZE.replace("client_id=shop", "client_id=app")).await;
    let redeem = async |verifier: &str| {
        let callback = crate::house::CALLBACK;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code.as_str()),
            ("redirect_uri", callback),
            ("code_verifier", verifier),
        ];
        client_request(&house.app, "/oauth/token", &form).await
    };
    is_refused(&redeem("").await, "no verifier");
    is_refused(&redeem(&VERIFIER.replace('d', "e")).await, "a guess");
    assert_eq!(redeem(VERIFIER).await.status, StatusCode::OK);
}

/// [RFC 9700 section 2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1): a client that is let in without cannot be
/// made to go without by somebody who takes its challenge away.
#[tokio::test]
async fn rfc9700_2_1_1_a_verifier_without_a_challenge_is_refused() {
    let mut old = client("old", CLIENT_SECRET);
    old.metadata.insecure_pkce_optional = true;
    let house = house_with(old).await;
    let mut browser = signed_in(&house).await;
    let code = to_code_for(&mut browser, &without_challenge("old")).await;
    let form = exchange(&code, VERIFIER);
    is_refused(&token_request_as(&house.app, "old", CLIENT_SECRET, &form).await, "a verifier");
    let form = form.replace(&format!("&code_verifier={}", encode(VERIFIER)), "");
    assert_eq!(token_request_as(&house.app, "old", CLIENT_SECRET, &form).await.status, StatusCode::OK);
}
