//! Signing in by mail, through the mailbox.

use http::StatusCode;
use towergate_example_axum::run::Framework;

use super::{
    browser::Browser,
    place::{EMAIL, Place},
    registering::mailed,
};

pub(crate) async fn a_person_signs_in_by_mail<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/login?return_to=%2F%3Fx")).await;
    assert!(login.text.contains("id=\"login-magic\" href=\"/magic?return_to=%2F%3Fx\""), "{}", login.text);
    let page = browser.open(&place.at("/magic")).await;
    assert!(page.text.contains("id=\"magic-submit\""), "{}", page.text);
    let waiting = browser.submit(&page, &[("email", EMAIL)]).await;
    assert!(waiting.says("are on their way there") && browser.holds("tgmb"), "{}", waiting.text);

    // Elsewhere the link asks whose it is, and nobody is signed in by looking at it or by a wrong answer.
    let (link, _) = mailed(&place, EMAIL).await;
    let elsewhere = &mut Browser::default();
    let page = elsewhere.open(&link).await;
    assert!(page.says("asked for in another browser"), "{}", page.text);
    let wrong = elsewhere.submit(&page, &[("email", "somebody@example.com")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && !elsewhere.holds("tgs"), "{}", wrong.text);
    let front = elsewhere.submit(&wrong, &[("email", EMAIL)]).await;
    assert!(front.says("You are Alice <Adams>") && front.says("email"), "{}", front.text);

    // The browser that asked has nothing of that, and asks again.
    assert!(browser.open(&place.at("/")).await.says("You are not signed in"));
    let again = browser.submit(&waiting, &[("email", EMAIL), ("action", "resend"), ("code", "")]).await;
    assert!(again.says("are on their way there"), "{}", again.text);
    let mut newest = mailed(&place, EMAIL).await;
    for _ in 0..2000 {
        if newest.0 != link {
            break;
        }
        newest = mailed(&place, EMAIL).await;
    }
    let front = browser.submit(&again, &[("email", EMAIL), ("code", &newest.1)]).await;
    assert!(front.says("You are Alice <Adams>"), "{}", front.text);
    place.running.stop().await;
}
