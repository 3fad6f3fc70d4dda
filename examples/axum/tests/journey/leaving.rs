//! The account page, one's data as a file, and goodbye.

use http::StatusCode;
use towergate_example_axum::run::Framework;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, Place},
};

pub(crate) async fn a_person_leaves_and_thinks_again<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let stranger = browser.open(&place.at("/account")).await;
    assert_eq!(stranger.url.path(), "/login", "{}", stranger.text);
    place.sign_in(browser, &stranger).await;
    let account = browser.open(&place.at("/account")).await;
    assert!(account.says(EMAIL), "{}", account.text);
    for id in ["account-security", "account-export", "account-delete", "logout-submit"] {
        assert!(account.text.contains(&format!("id=\"{id}\"")), "{id}: {}", account.text);
    }
    let other = &mut browser.clone();

    let page = browser.open(&place.at("/account/delete")).await;
    let wrong = browser.submit(&page, &[("confirmation", "somebody@example.com")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    assert!(wrong.text.contains("role=\"alert\"") && wrong.says("For 14 days"), "{}", wrong.text);
    let closed = browser.submit(&wrong, &[("confirmation", "ALICE@Example.com")]).await;
    assert!(closed.text.contains("id=\"delete-closed\""), "{}", closed.text);
    for browser in [&mut *browser, other] {
        assert!(browser.open(&place.at("/")).await.says("You are not signed in"));
    }

    // Whoever signs in meanwhile is nobody, and sees nothing but this.
    let leaving = enter(&place, browser).await;
    assert!(leaving.text.contains("id=\"delete-cancel-submit\""), "{}: {}", leaving.url, leaving.text);
    for path in ["/account", "/account/security", "/account/export", "/login", "/mfa"] {
        let page = browser.open(&place.at(path)).await;
        assert!(page.text.contains("id=\"delete-cancel-submit\""), "{path}: {}", page.text);
    }
    assert!(browser.open(&place.at("/")).await.says("You are not signed in"));
    let login = browser.submit(&leaving, &[]).await;
    assert_eq!(login.url.path(), "/login", "{}", login.text);
    let account = enter(&place, browser).await;
    assert_eq!(account.status, StatusCode::OK, "{}", account.text);
    assert!(browser.open(&place.at("/account")).await.says(EMAIL));
    place.running.stop().await;
}

pub(crate) async fn a_person_takes_their_data_along<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    enter(&place, browser).await;
    let page = browser.open(&place.at("/account/export")).await;
    assert!(page.text.contains("id=\"export-submit\""), "{}", page.text);
    let file = browser.submit(&page, &[]).await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"account.json\"");
    assert_eq!(file.headers["content-type"], "application/json");
    assert_eq!(file.headers["cache-control"], "no-store");
    let told: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!((told["format"].as_str(), told["version"].as_u64()), (Some("towergate-export"), Some(1)));
    assert_eq!(told["account"]["email"], EMAIL);
    assert_eq!(told["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(told["host"]["name"], "Alice <Adams>");
    for secret in ["argon2", "digest", "tgs_"] {
        assert!(!file.text.contains(secret), "{secret}: {}", file.text);
    }
    place.running.stop().await;
}

pub(crate) async fn without_days_of_grace_an_account_ends_at_once<F: Framework>() {
    let more = "[deletion]\ngrace_days = 0\nstrategy = \"erase\"\n";
    let place = Place::over::<F>("http", "memory:", more).await;
    let browser = &mut Browser::default();
    enter(&place, browser).await;
    let page = browser.open(&place.at("/account/delete")).await;
    let gone = browser.submit(&page, &[("confirmation", EMAIL)]).await;
    assert!(gone.text.contains("id=\"delete-gone\""), "{}", gone.text);
    let refused = enter(&place, browser).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    place.running.stop().await;
}

async fn enter(place: &Place, browser: &mut Browser) -> Page {
    let login = browser.open(&place.at("/login?return_to=%2Faccount")).await;
    place.sign_in(browser, &login).await
}
