//! Requests that are too long, say a thing twice, or carry secrets where they are logged.

use http::{StatusCode, header};

use crate::{
    client::{Browser, EMAIL, PASSWORD, basic, json, tokens_in},
    place::{Place, rows},
};

const MOST_BYTES: usize = 64 * 1024;
const REFRESH: &str = "grant_type=refresh_token&refresh_token=x";
const TOKEN: &str = "/oauth/token";
const USERINFO: &str = "/oauth/userinfo";

#[tokio::test]
async fn a_body_over_64_kib_is_refused_and_nothing_is_written() {
    let place = Place::new().await;
    let before = rows(&place.other());
    let right = format!("email={EMAIL}&password={PASSWORD}").replace(' ', "+");
    let long = |form: &str| format!("{form}&filler={}", "a".repeat(MOST_BYTES - form.len() - 7));
    let basic = basic();
    let token = place.post(TOKEN, &[("authorization", &basic)], &long(REFRESH)).await;
    assert_eq!(
        (token.status, json(&token)["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request"))
    );
    let login = place.post("/login", &[], &long(&right)).await;
    assert_eq!(login.status, StatusCode::PAYLOAD_TOO_LARGE);
    let authorize = place.post("/oauth/authorize", &[], &long(place.client.leave().0.query().unwrap())).await;
    assert_eq!((authorize.status, authorize.redirect()), (StatusCode::BAD_REQUEST, None));
    for answer in [token, login, authorize] {
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{}", answer.url);
    }
    assert_eq!(rows(&place.other()), before);
    let just = long(&right);
    assert_eq!(
        place.post("/login", &[], &just[..MOST_BYTES]).await.status,
        StatusCode::SEE_OTHER,
        "just fits"
    );
}

#[tokio::test]
async fn a_parameter_that_is_there_twice_is_refused() {
    let place = Place::new().await;
    let basic = basic();
    for more in ["grant_type=refresh_token", "refresh_token=x", "client_id=app&client_id=app"] {
        let answer = place.post(TOKEN, &[("authorization", &basic)], &format!("{REFRESH}&{more}")).await;
        let error = json(&answer)["error"].clone();
        assert_eq!(
            (answer.status, error.as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request")),
            "{more}"
        );
    }
    let headers = [("authorization", basic.as_str()), ("authorization", basic.as_str())];
    let twice = place.post(TOKEN, &headers, REFRESH).await;
    assert_eq!(json(&twice)["error"], "invalid_request");
    let login = place.post("/login", &[], &format!("email={EMAIL}&email={EMAIL}&password=x")).await;
    assert_eq!(login.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_authorization_request_that_says_a_thing_twice_is_told_where_it_is_safe() {
    let place = Place::new().await;
    let (url, _) = place.client.leave();
    let query = url.query().unwrap();
    for more in ["client_id=app", "client_id=other", "redirect_uri=https%3A%2F%2Fevil.example%2F"] {
        for answer in sent_both_ways(&place, &format!("{query}&{more}")).await {
            assert_eq!((answer.status, answer.redirect()), (StatusCode::BAD_REQUEST, None), "{more}");
        }
    }
    for more in ["state=t", "scope=openid", "code_challenge=x", "nonce=a&nonce=b", "client_secret=x"] {
        for answer in sent_both_ways(&place, &format!("{query}&{more}")).await {
            let back = answer.redirect().unwrap();
            assert!(
                back.as_str().starts_with("https://app.example/callback?error=invalid_request&"),
                "{back}"
            );
            assert_eq!(back.as_str().contains("&state=s&"), more != "state=t", "{back}");
            assert!(back.as_str().contains("&iss=http"), "{back}");
        }
    }
}

#[tokio::test]
async fn credentials_in_the_query_are_refused_and_spend_nothing() {
    let place = Place::new().await;
    let (client, basic) = (&place.client, basic());
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());
    let real = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    for (query, form) in [(real.as_str(), "x=y"), ("client_secret=x", &real), ("client_id=app", &real)] {
        let answer = place.post(&format!("{TOKEN}?{query}"), &[("authorization", &basic)], form).await;
        let error = json(&answer)["error"].clone();
        assert_eq!(
            (answer.status, error.as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request")),
            "{query}"
        );
    }
    let bearer = format!("Bearer {}", tokens.access);
    let query = format!("access_token={}", tokens.access);
    for headers in [&[][..], &[("authorization", bearer.as_str())]] {
        let answer = place.get(&format!("{USERINFO}?{query}"), headers).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_request\""),
            "{challenge}"
        );
    }
    let api = place.get(&format!("/api/me?{query}"), &[]).await;
    assert_eq!(api.status, StatusCode::UNAUTHORIZED, "the API does not look into the query");
    let login = format!("/login?email={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(place.post(&login, &[], "x=y").await.status, StatusCode::BAD_REQUEST);
    tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
}

#[tokio::test]
async fn a_client_proves_itself_in_one_way_and_is_challenged_in_its_own() {
    let place = Place::new().await;
    let basic = basic();
    let both = format!("{REFRESH}&client_id=app&client_secret=x");
    let answer = place.post(TOKEN, &[("authorization", &basic)], &both).await;
    assert_eq!(
        (answer.status, json(&answer)["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_request"))
    );
    for wrong in ["Basic !!", "Basic YXBwOndyb25n", "Basic bm9ib2R5Ong="] {
        let answer = place.post(TOKEN, &[("authorization", wrong)], REFRESH).await;
        assert_eq!(
            (answer.status, json(&answer)["error"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_client"))
        );
        assert!(answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "), "{wrong}");
    }
    for wrong in [both.as_str(), &format!("{REFRESH}&client_id=app"), REFRESH] {
        let answer = place.post(TOKEN, &[], wrong).await;
        assert_eq!(
            (answer.status, json(&answer)["error"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_client"))
        );
    }
}

async fn sent_both_ways(place: &Place, parameters: &str) -> [crate::client::Page; 2] {
    let got = place.get(&format!("/oauth/authorize?{parameters}"), &[]).await;
    [got, place.post("/oauth/authorize", &[], parameters).await]
}
