//! Cookies that are torn, foreign, forged or far too long.

use http::{Method, StatusCode, header};

use crate::{
    client::{Browser, EMAIL, PASSWORD, code_in, tokens_in},
    place::{Place, rows},
};

const CLEARED: &str = "tgs=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";

#[tokio::test]
async fn a_cookie_that_means_nothing_is_cleared_and_the_visitor_is_nobody() {
    let place = Place::new().await;
    let client = &place.client;
    let person = &mut Browser::default();
    let tokens = tokens_in(&client.redeem(&client.obtain_code(person).await).await.unwrap());
    let own = person.cookie("tgs").to_owned();
    let before = rows(&place.other());
    let (id, secret) = own.split_once('.').unwrap();
    let forged = format!("{id}.{}", secret.chars().rev().collect::<String>());
    let torn = &own[..own.len() - 1];
    let trailed = format!("{own}.");
    let (long, doubled) = ("a".repeat(8 * 1024), format!("{own}{own}"));
    let foreign =
        ["", "x", "\"", "%00", "tgs_", "tgs_.", "tgs_AA.AA", &tokens.refresh, person.cookie("tgib")];
    for value in [torn, &trailed, &forged, &long, &doubled].into_iter().chain(foreign) {
        let page = place.get("/", &[("cookie", &format!("tgs={value}"))]).await;
        assert_eq!(page.status, StatusCode::OK, "{value}");
        assert!(page.says("You are not signed in"), "{value}");
        let set: Vec<_> = page.headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(set, [CLEARED], "{value}");
    }
    assert!(
        person.open(client.at("/").as_str()).await.says("You are Alice"),
        "the session itself is untouched"
    );
    assert_eq!(rows(&place.other()), before, "nobody costs no write");
}

#[tokio::test]
async fn a_cookie_of_another_name_is_nobodys_business() {
    let place = Place::new().await;
    for cookie in ["other=1", "tgsx=1; xtgs=2", "; ;=;tgs", "caf\u{e9}=1", "__Host-tgs=tgs_AA.AA"] {
        let page = place.get("/", &[("cookie", cookie)]).await;
        assert_eq!(page.status, StatusCode::OK, "{cookie}");
        assert!(!page.headers.contains_key(header::SET_COOKIE), "{cookie}");
    }
}

#[tokio::test]
async fn a_header_that_no_server_should_hold_is_refused_and_the_next_request_is_served() {
    let place = Place::new().await;
    let page = place.get("/", &[("cookie", &format!("tgs={}", "a".repeat(1024 * 1024)))]).await;
    assert_eq!(page.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(place.get("/", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_interaction_is_for_the_browser_that_holds_its_whole_cookie() {
    let place = Place::new().await;
    let client = &place.client;
    let person = &mut Browser::default();
    let login = person.try_open(client.leave().0).await.unwrap();
    let consent = person.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    let (session, own) = (person.cookie("tgs").to_owned(), person.cookie("tgib").to_owned());
    for foreign in [&own[..own.len() - 1], "", "x", &session, &"a".repeat(8 * 1024)] {
        let cookies = format!("tgs={session}; tgib={foreign}");
        let headers = [("cookie", cookies.as_str())];
        for (method, form) in [(Method::GET, ""), (Method::POST, "decision=allow")] {
            let page = Browser::default().send(method, consent.url.clone(), &headers, form).await;
            assert!(page.status.is_client_error(), "{}: {foreign}", page.status);
            assert!(!page.text.contains("consent-allow"), "{foreign}");
        }
    }
    code_in(&person.try_submit(&consent, &[("decision", "allow")]).await.unwrap());
}
