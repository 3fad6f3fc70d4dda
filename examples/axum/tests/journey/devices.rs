//! Staying signed in, and ending it from another browser.

use http::{Method, StatusCode};
use towergate_example_axum::run::Framework;
use url::Url;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, PASSWORD, Place},
};

pub(crate) async fn a_person_stays_signed_in_and_ends_it_from_elsewhere<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let home = &mut Browser::default();
    stay_signed_in(&place, home).await;
    let first = home.cookies["tgr"].clone();

    // The browser is closed and opened again: several requests come at once with the same cookie.
    home.cookies.remove("tgs");
    let mut twin = home.clone();
    let front = home.open(&place.at("/")).await;
    assert!(front.says("You are Alice"), "{}", front.text);
    assert_ne!(home.cookies["tgr"], first, "the cookie is traded");
    let front = twin.open(&place.at("/")).await;
    assert!(front.says("You are Alice"), "{}", front.text);
    assert_eq!((&twin.cookies["tgr"], &twin.cookies["tgs"]), (&home.cookies["tgr"], &home.cookies["tgs"]));

    // By the cookie alone one looks, and changes nothing.
    let page = home.open(&place.at("/account/devices")).await;
    assert!(page.says("stays signed in") && page.says("(here)"), "{}", page.text);
    let refused = post(&place, home, "action=devices-end-all").await;
    assert!(refused.redirect().unwrap().path() == "/login", "{}", refused.text);

    // From elsewhere it is ended; a name that another sign-in was shown names nothing.
    let away = &mut Browser::default();
    let login = away.open(&place.at("/login")).await;
    place.sign_in(away, &login).await;
    let theirs = handles(&page).remove(0);
    post(&place, away, &format!("action=device-end&device={theirs}")).await;
    let shown = away.open(&place.at("/account/devices")).await;
    let places = handles(&shown);
    assert_eq!(places.len(), 2, "{}", shown.text);
    for id in place_ids(home).iter().chain(&place_ids(away)) {
        assert!(!shown.text.contains(id), "no identifier is shown");
    }
    let ended = post(&place, away, &format!("action=device-end&device={}", places[1])).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    let shown = away.open(&place.at("/account/devices")).await;
    assert!(
        handles(&shown).len() == 1 && shown.says("A browser no longer stays signed in"),
        "{}",
        shown.text
    );
    let front = home.open(&place.at("/")).await;
    assert!(front.says("You are not signed in") && !home.holds("tgr"), "{}", front.text);
    place.running.stop().await;
}

pub(crate) async fn signing_out_is_not_undone_by_a_cookie<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let front = stay_signed_in(&place, browser).await;
    let mut kept = browser.clone();
    browser.submit(&front, &[]).await;
    assert!(!browser.holds("tgr"));
    kept.cookies.remove("tgs");
    let front = kept.open(&place.at("/")).await;
    assert!(front.says("You are not signed in"), "{}", front.text);
    place.running.stop().await;
}

async fn stay_signed_in(place: &Place, browser: &mut Browser) -> Page {
    let login = browser.open(&place.at("/login")).await;
    assert!(login.text.contains("id=\"remember\" name=\"remember\""), "{}", login.text);
    let typed = [("email", EMAIL), ("password", PASSWORD), ("remember", "1")];
    let front = browser.submit(&login, &typed).await;
    assert!(front.says("You are Alice") && browser.holds("tgr") && browser.holds("tgt"), "{}", front.text);
    front
}

async fn post(place: &Place, browser: &mut Browser, form: &str) -> Page {
    let page = Url::parse(&place.at("/account/devices")).unwrap();
    browser.send(Method::POST, page, &[], form).await
}

/// What the page calls each place, in its order.
fn handles(page: &Page) -> Vec<String> {
    let named = page.text.split("name=\"device\" value=\"").skip(1);
    named.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The public halves of a browser's cookies.
fn place_ids(browser: &Browser) -> Vec<String> {
    let values = browser.cookies.values().filter_map(|value| value.split_once('_'));
    values.filter_map(|(_, rest)| rest.split_once('.')).map(|(id, _)| id.to_owned()).collect()
}
