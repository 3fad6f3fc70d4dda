//! OAuth 2.0, [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749), by section, on the whole house. What is refused with which
//! error is listed row by row in `tests/refusals`.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, StatusCode, header};
use serde_json::json;
use towergate::{
    core::{Clock, Digest, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{AccessTokenFormat, Client, ClientAuthMethod, ClientId},
    },
};

use crate::house::{
    CALLBACK, CLIENT_SECRET, House,
    browser::{Browser, request, token_request, token_request_as, with_token},
    client, robot,
    steps::{AUTHORIZE, VERIFIER, exchange, parameter, refresh, signed_in, to_code, to_code_for, to_consent},
};

async fn house() -> House {
    House::on(People::new(), Grants::new()).await
}

async fn house_with(clients: impl IntoIterator<Item = Client>) -> House {
    let grants = Grants::new();
    let house = House::on(People::new(), grants.clone()).await;
    for client in clients {
        let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
        grants.put_client(client, origin).await.unwrap();
    }
    house
}

#[tokio::test]
async fn section_2_3_1_both_parts_of_basic_are_form_encoded() {
    let (id, secret) = ("a:b%c+d", "p@ss w:rd+100%é");
    let mut odd = robot("odd", AccessTokenFormat::Jwt);
    odd.id = ClientId::parse(id).unwrap();
    odd.secret = Some(Digest::of(secret.as_bytes()));
    odd.metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretBasic;
    let house = house_with([odd]).await;
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let asks = async |id: &str, secret: &str| {
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let head = Request::post("/oauth/token").header(header::AUTHORIZATION, basic);
        request(&house.app, head, String::from("grant_type=client_credentials")).await.status
    };
    assert_eq!(asks(&encoded(id), &encoded(secret)).await, StatusCode::OK);
    assert_eq!(asks(id, secret).await, StatusCode::UNAUTHORIZED, "as it is");
}

#[tokio::test]
async fn section_3_1_what_is_empty_is_omitted_and_what_is_unknown_is_ignored() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let more =
        format!("{AUTHORIZE}&utm_source=mail&utm_source=mail&response_mode=&prompt=&max_age=&resource=");
    let code = to_code_for(&mut browser, &more).await;
    // 3.2: the same of the token endpoint.
    let form = format!("{}&scope=&resource=&refresh_token=&utm=1&utm=2", exchange(&code, VERIFIER));
    assert_eq!(token_request(&house.app, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_3_1_get_and_post_ask_the_same() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let (path, query) = AUTHORIZE.split_once('?').unwrap();
    for answer in [browser.get(AUTHORIZE).await, browser.post(path, query).await] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert!(answer.location.starts_with("/interaction/"));
    }
}

#[tokio::test]
async fn section_3_1_2_and_3_1_2_3_a_registered_query_is_kept_and_the_only_address_may_be_left_out() {
    let address = "https://shop.example/callback?keep=a%20b";
    let mut kept = client("kept", CLIENT_SECRET);
    kept.metadata.redirect_uris = vec![address.to_owned()];
    let house = house_with([kept]).await;
    let mut browser = signed_in(&house).await;
    let asks = AUTHORIZE.replace("client_id=shop", "client_id=kept");
    // OpenID Connect asks for the address; plain OAuth does not.
    let asks = asks.replace("openid%20email", "email");
    let asks = asks.replace("&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback", "");
    let path = browser.get(&asks).await.location;
    browser.get(&path).await;
    let answer = browser.post(&path, "decision=allow").await;
    assert!(answer.location.starts_with(&format!("{address}&code=")), "{}", answer.location);
    // 4.1.3: what was not sent need not be repeated.
    let code = parameter(&answer.location, "code");
    let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    let tokens = token_request_as(&house.app, "kept", CLIENT_SECRET, &form).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
}

#[tokio::test]
async fn section_3_3_the_order_of_a_scope_is_nothing_and_what_was_given_is_said() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let code =
        to_code_for(&mut browser, &AUTHORIZE.replace("openid%20email", "email%20openid%20email")).await;
    let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    assert_eq!(tokens["scope"], "email openid");
    let narrower = format!("{}&scope=openid", refresh(tokens["refresh_token"].as_str().unwrap()));
    let narrower = token_request(&house.app, &narrower).await.json();
    assert_eq!(narrower["scope"], "openid");
    // 6: the grant keeps what it had.
    house.later(60);
    let again = token_request(&house.app, &refresh(narrower["refresh_token"].as_str().unwrap())).await;
    assert_eq!(again.json()["scope"], "email openid");
}

#[tokio::test]
async fn section_4_1_2_a_code_that_comes_twice_takes_its_tokens_along() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let code = to_code(&mut browser).await;
    let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(with_token(&house.app, "/api", access).await.status, StatusCode::OK);
    assert_eq!(token_request(&house.app, &exchange(&code, VERIFIER)).await.code(), "invalid_grant");
    assert_eq!(with_token(&house.app, "/api", access).await.status, StatusCode::UNAUTHORIZED);
    let refreshed = token_request(&house.app, &refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert_eq!(refreshed.code(), "invalid_grant");
}

#[tokio::test]
async fn section_4_1_2_1_state_comes_back_as_it_was_and_the_error_keeps_to_its_characters() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let state = "a b+c&d=é\u{1f5dd}\"<>%00#";
    let state_sent: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
    let asks = AUTHORIZE.replace("state=st", &format!("state={state_sent}"));
    for wrong in
        ["scope=x", "max_age=x", "prompt=x", "resource=x", "claims=x", "request_uri=x", "id_token_hint=x"]
    {
        let (name, _) = wrong.split_once('=').unwrap();
        let asks = if name == "scope" {
            asks.replace("scope=openid%20email", wrong)
        } else {
            format!("{asks}&{wrong}")
        };
        let location = browser.get(&asks).await.location;
        assert!(location.starts_with(CALLBACK), "{wrong}: {location}");
        assert_eq!(parameter(&location, "state"), state, "{wrong}");
        for name in ["error", "error_description"] {
            let text = parameter(&location, name);
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(!text.is_empty() && text.bytes().all(allowed), "{wrong}: {name} {text:?}");
        }
    }
    let path = to_consent(&mut browser).await;
    let denied = browser.post(&path, "decision=deny").await.location;
    assert_eq!(
        (parameter(&denied, "error"), parameter(&denied, "state")),
        ("access_denied".into(), "st".into())
    );
}

#[tokio::test]
async fn section_4_4_3_a_client_that_acts_for_itself_gets_no_refresh_token() {
    let house = house_with([robot("robot", AccessTokenFormat::Opaque)]).await;
    let form = "grant_type=client_credentials&scope=read";
    let answer = token_request_as(&house.app, "robot", CLIENT_SECRET, form).await;
    let told = answer.json();
    assert!(told.get("refresh_token").is_none() && told.get("id_token").is_none());
    // 5.1: all that there is to say, and nobody keeps it.
    assert_eq!(
        (&told["token_type"], &told["expires_in"], &told["scope"]),
        (&json!("Bearer"), &json!(600), &json!("read"))
    );
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn section_5_2_an_unproven_client_is_challenged_where_it_used_the_header() {
    let house = house().await;
    let form = String::from("grant_type=client_credentials&client_id=shop&client_secret=guess");
    let by_body = request(&house.app, Request::post("/oauth/token"), form).await;
    let head = Request::post("/oauth/token").header(header::AUTHORIZATION, "Basic c2hvcDpndWVzcw==");
    let by_header = request(&house.app, head, String::from("grant_type=client_credentials")).await;
    for answer in [&by_body, &by_header] {
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    assert_eq!(by_body.text, by_header.text);
    assert_eq!(by_header.header("www-authenticate"), "Basic realm=\"https://id.example\"");
    assert_eq!(by_body.header("www-authenticate"), "");
}

#[tokio::test]
async fn section_10_10_codes_and_refresh_tokens_hold_256_random_bits() {
    let house = house().await;
    let mut browser = signed_in(&house).await;
    let mut secrets = Vec::new();
    for _ in 0..3 {
        let code = to_code(&mut browser).await;
        let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
        secrets.extend([code, tokens["refresh_token"].as_str().unwrap().to_owned()]);
    }
    let mut secrets: Vec<_> = secrets.iter().map(|token| token.rsplit_once('.').unwrap().1).collect();
    assert!(secrets.iter().all(|secret| crate::keys::decode(secret).len() == 32), "{secrets:?}");
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets.len(), 6);
}

#[tokio::test]
async fn section_10_12_and_10_13_a_question_is_bound_to_its_browser_and_is_not_framed() {
    let house = house().await;
    let mut alice = signed_in(&house).await;
    let path = to_consent(&mut alice).await;
    let page = alice.get(&path).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{policy}");
    let mut other = signed_in(&house).await;
    for browser in [&mut other, &mut Browser::new(house.app.clone())] {
        assert_eq!(browser.post(&path, "decision=allow").await.status, StatusCode::FORBIDDEN);
    }
}
