//! Resource indicators, [RFC 8707](https://www.rfc-editor.org/rfc/rfc8707).

use http::StatusCode;
use serde_json::{Value, json};
use towergate::{
    identity::ports::memory::MemoryStore as People,
    jose::{Algorithm, Expected, JwkSet, Typ, jws},
    oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    FILES, House, ISSUER, MAIL,
    browser::{Answer, Browser, token_request, with_token},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, refresh, signed_in, to_code_for},
};

fn naming(request: &str, resources: &[&str]) -> String {
    resources.iter().fold(request.to_owned(), |text, name| format!("{text}&resource={}", encode(name)))
}

async fn audience(browser: &mut Browser, answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let keys = JwkSet::parse(browser.get("/oauth/jwks").await.text.as_bytes()).unwrap();
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::Exactly("at+jwt") };
    let answer = answer.json();
    let token = jws::verify(answer["access_token"].as_str().unwrap(), &keys, &expected).unwrap();
    token.claims::<Value>().unwrap()["aud"].clone()
}

fn is_invalid_target(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_target".into()));
}

#[tokio::test]
async fn section_2_1_what_is_unknown_is_refused_before_anybody_is_asked() {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    for bad in ["https://evil.example/", "https://mail.example/api#x", "mail", "https://mail.example/api/"] {
        let answer = browser.get(&naming(AUTHORIZE, &[MAIL, bad])).await;
        assert_eq!(parameter(&answer.location, "error"), "invalid_target", "{bad}");
        assert_eq!(parameter(&answer.location, "state"), "st");
    }
}

#[tokio::test]
async fn section_2_2_a_token_is_for_what_was_named_or_for_less_of_it() {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    let code = to_code_for(&mut browser, &naming(AUTHORIZE, &[ISSUER, MAIL])).await;
    let form = exchange(&code, VERIFIER);
    is_invalid_target(&token_request(&house.app, &naming(&form, &[FILES])).await);
    let all = token_request(&house.app, &form).await;
    assert_eq!(audience(&mut browser, &all).await, json!([ISSUER, MAIL]), "the code was left unspent");

    let form = refresh(all.json()["refresh_token"].as_str().unwrap());
    is_invalid_target(&token_request(&house.app, &naming(&form, &[MAIL, FILES])).await);
    let mail = token_request(&house.app, &naming(&form, &[MAIL])).await;
    assert_eq!(audience(&mut browser, &mail).await, MAIL);
    assert_eq!(mail.json()["scope"], "email", "what means something there");
    let token = mail.json()["access_token"].as_str().unwrap().to_owned();
    for path in ["/oauth/userinfo", "/api"] {
        assert_eq!(with_token(&house.app, path, &token).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }

    let form = refresh(mail.json()["refresh_token"].as_str().unwrap());
    let again = token_request(&house.app, &form).await;
    assert_eq!(audience(&mut browser, &again).await, json!([ISSUER, MAIL]), "the grant keeps all");
}

#[tokio::test]
async fn section_2_without_a_resource_a_token_is_for_the_usual_ones() {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    let code = to_code_for(&mut browser, AUTHORIZE).await;
    let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
    assert_eq!(audience(&mut browser, &answer).await, ISSUER);
}
