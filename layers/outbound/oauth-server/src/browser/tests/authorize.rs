use http::{Request, StatusCode, header};
use http_body_util::Full;
use towergate_oauth::rules::client::GrantType;

use super::house::{CALLBACK, GOOD, House};

fn with(change: &str) -> String {
    format!("{GOOD}&{change}")
}

#[tokio::test]
async fn an_unknown_client_is_told_to_the_person() {
    let house = House::new().await;
    let answer = house.browser().get(&GOOD.replace("client_id=shop", "client_id=nobody")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.starts_with("400 invalid_client"), "{}", answer.body);
    assert!(!answer.headers.contains_key(header::LOCATION));
}

#[tokio::test]
async fn a_missing_or_repeated_client_is_told_to_the_person() {
    let house = House::new().await;
    for query in [GOOD.replace("client_id=shop", ""), with("client_id=shop")] {
        let answer = house.browser().get(&query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.starts_with("400 invalid_request"), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_unregistered_address_never_gets_a_redirect() {
    let house = House::new().await;
    for evil in ["https%3A%2F%2Fevil.example%2F", "https%3A%2F%2Fshop.example%2Fcb%2Fx"] {
        let query = GOOD.replace("https%3A%2F%2Fshop.example%2Fcb", evil);
        // Whatever else is wrong with the request.
        for query in [query.clone(), query.replace("response_type=code", "response_type=token")] {
            let answer = house.browser().get(&query).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(answer.body.starts_with("400 invalid_request"), "{}", answer.body);
        }
    }
    assert!(house.facts().is_empty());
}

#[tokio::test]
async fn rfc9207_2_an_error_goes_to_the_client_with_state_and_iss() {
    let house = House::new().await;
    let answer = house.browser().get(&GOOD.replace("scope=openid", "scope=admin")).await;
    assert_eq!(answer.param("error").as_deref(), Some("invalid_scope"));
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    assert_eq!(answer.param("iss").as_deref(), Some("https://id.example"));
    assert!(answer.param("error_description").is_some());
    let fragment = house.browser().get(&with("response_mode=fragment&max_age=x")).await;
    assert!(fragment.location().starts_with("https://shop.example/cb#error=invalid_request"));
}

#[tokio::test]
async fn a_disabled_client_gets_no_browser_and_one_without_the_grant_no_code() {
    let house = House::new().await;
    house.register(|metadata| metadata.grant_types = [GrantType::ClientCredentials].into()).await;
    let answer = house.browser().get(GOOD).await;
    assert_eq!(answer.param("error").as_deref(), Some("unauthorized_client"));
    house.disable_client().await;
    assert_eq!(house.browser().get(GOOD).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn nobody_signed_in_is_sent_to_the_sign_in_page_with_the_way_back() {
    let house = House::new().await;
    let mut browser = house.browser();
    let answer = browser.get(&with("login_hint=alice%40example.com")).await;
    let location = answer.location();
    assert!(location.starts_with("/login?return_to=%2Finteraction%2F"), "{location}");
    assert!(location.contains("&interaction_id="), "{location}");
    assert!(location.ends_with("&login_hint=alice%40example.com"), "{location}");
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-tgib=tgib_"), "{cookie}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(house.facts(), ["interaction.begun"]);
}

#[tokio::test]
async fn two_tabs_share_one_browser_secret() {
    let house = House::new().await;
    let mut browser = house.browser();
    let first = browser.get(GOOD).await.return_to();
    let second = browser.get(GOOD).await;
    assert!(!second.headers.contains_key(header::SET_COOKIE));
    house.sign_in("alice");
    for path in [first, second.return_to()] {
        assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_torn_browser_cookie_is_replaced() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.cookie = Some(String::from("__Host-tgib=tgib_torn"));
    assert!(browser.get(GOOD).await.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn oidc_core_3_1_2_6_prompt_none_never_shows_a_page() {
    let house = House::new().await;
    let answer = house.browser().get(&with("prompt=none")).await;
    assert_eq!(answer.param("error").as_deref(), Some("login_required"));
    house.sign_in("alice");
    let answer = house.browser().get(&with("prompt=none")).await;
    assert_eq!(answer.param("error").as_deref(), Some("consent_required"));
    assert!(house.facts().is_empty(), "{:?}", house.facts());
}

#[tokio::test]
async fn a_remembered_consent_answers_at_once() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.location().to_owned();
    browser.get(&path).await;
    browser.post(&path, "decision=allow&remember=on").await;
    for query in [GOOD.to_owned(), with("prompt=none")] {
        let answer = house.browser().get(&query).await;
        assert!(answer.param("code").unwrap().starts_with("tgcode_"));
        assert_eq!(answer.param("state").as_deref(), Some("a b"));
        assert_eq!(answer.param("iss").as_deref(), Some("https://id.example"));
    }
    let asked = house.browser().get(&with("prompt=consent")).await;
    assert!(asked.location().starts_with("/interaction/"));
}

#[tokio::test]
async fn oidc_core_3_1_2_1_the_request_may_be_posted() {
    let house = House::new().await;
    let form = GOOD.split_once('?').unwrap().1;
    let answer = house.browser().post("/oauth/authorize", form).await;
    assert!(answer.return_to().starts_with("/interaction/"));
}

#[tokio::test]
async fn a_post_from_another_site_is_repeated_by_get_so_that_it_brings_its_cookies() {
    let house = House::new().await;
    let request = Request::post("/oauth/authorize")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let mut browser = house.browser();
    let answer = browser.send(request, GOOD.split_once('?').unwrap().1).await;
    assert!(house.facts().is_empty());
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    assert!(answer.location().starts_with("/oauth/authorize?client_id=shop&"), "{}", answer.location());
    // The browser calls what it is sent on to cross-site too.
    let round = Request::get(answer.location()).header("sec-fetch-site", "cross-site");
    let path = browser.send(round, "").await.return_to();
    house.sign_in("alice");
    browser.get(&path).await;
    let answer = browser.post(&path, "decision=allow").await;
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
}

#[tokio::test]
async fn a_form_of_another_type_or_of_more_than_64_kib_is_refused() {
    let house = House::new().await;
    let mut browser = house.browser();
    let big = format!("x={}", "y".repeat(64 * 1024));
    let answer = browser.post("/oauth/authorize", &big).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.body.contains("The form has more than 65536 bytes"),
        "not read to its end: {}",
        answer.body
    );
    let json = Request::post("/oauth/authorize").header(header::CONTENT_TYPE, "application/json");
    assert_eq!(browser.send(json, "{}").await.status, StatusCode::BAD_REQUEST);
    let put = browser.send(Request::put("/oauth/authorize"), "").await;
    assert_eq!(
        (put.status, put.headers[header::ALLOW].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, POST")
    );
}

#[tokio::test]
async fn form_post_puts_the_answer_into_a_form_that_escapes_it() {
    let house = House::new().await;
    let query = GOOD.replace("state=a%20b", "state=%22%3E%3Cscript%3E&response_mode=form_post&prompt=none");
    let answer = house.browser().get(&query).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(&format!("action=\"{CALLBACK}\"")), "{}", answer.body);
    assert!(answer.body.contains("name=\"state\" value=\"&quot;&gt;&lt;script&gt;\""), "{}", answer.body);
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
}

#[tokio::test]
async fn another_path_is_left_to_the_host() {
    let house = House::new().await;
    for path in ["/", "/oauth/authorize/x", "/interactions/1", "/interaction"] {
        assert_eq!(house.browser().get(path).await.body, "not ours", "{path}");
    }
}

#[tokio::test]
async fn every_page_forbids_framing_sniffing_caching_and_telling() {
    let house = House::new().await;
    let answer = house.browser().get("/oauth/authorize").await;
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(answer.headers[header::REFERRER_POLICY], "same-origin");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn without_the_account_layer_the_answer_names_it() {
    use http_body_util::BodyExt;
    use tower::{Layer, ServiceExt, service_fn};
    let house = House::new().await;
    let inner = service_fn(async |_| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::<bytes::Bytes>::default()))
    });
    let request = Request::get(GOOD).body(Full::<bytes::Bytes>::default()).unwrap();
    let answer = house.server.browser().layer(inner).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("AccountLayer"));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]

    #[test]
    fn whatever_is_posted_is_answered_by_a_page_or_leaves_for_home(
        name in "(state|scope|prompt|redirect_uri|response_mode|client_id|code_challenge|x)",
        value in "\\PC{0,30}",
        rest in "[&=%+a-z]{0,20}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(async {
            let house = House::new().await;
            let query = GOOD.split_once('?').unwrap().1.replace(&format!("{name}="), "y=");
            house.browser().post("/oauth/authorize", &format!("{query}&{name}={value}&{rest}")).await
        });
        match answer.status {
            StatusCode::SEE_OTHER => {
                let location = answer.location();
                let home = location.starts_with("/login?") || location.starts_with(CALLBACK);
                proptest::prop_assert!(home, "{}", location);
            }
            status => proptest::prop_assert_eq!(status, StatusCode::BAD_REQUEST),
        }
    }
}
