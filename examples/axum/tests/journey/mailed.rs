//! Signing in by mail, through the mailbox.

use http::{Method, StatusCode};
use towergate_example_axum::run::Framework;
use url::{Url, form_urlencoded};

use super::{
    browser::{Browser, Page},
    place::{EMAIL, Place},
    registering::mailed,
};

const NEW: &str = "alice@new.example";

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
    assert!(again.text.contains("id=\"remember\""), "{}", again.text);
    let fields = [("email", EMAIL), ("code", newest.1.as_str()), ("remember", "1")];
    let front = browser.submit(&again, &fields).await;
    assert!(front.says("You are Alice <Adams>"), "{}", front.text);
    assert!(browser.holds("tgr") && !elsewhere.holds("tgr"), "whoever ticked the box stays signed in");
    place.running.stop().await;
}

pub(crate) async fn a_person_changes_their_address_and_has_it_back<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/account/email")).await;
    assert_eq!(login.url.path(), "/login", "{}", login.text);
    // Only an address that was proven is told of changes.
    let page = browser.open(&place.at("/magic")).await;
    browser.submit(&page, &[("email", EMAIL)]).await;
    let page = browser.open(&mailed(&place, EMAIL).await.0).await;
    browser.submit(&page, &[]).await;
    let page = browser.open(&place.at("/account/email")).await;
    assert!(page.text.contains("id=\"email-submit\""), "{}", page.text);
    let asked = post(browser, &place, &[("email", NEW)]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    let waiting = browser.open(&place.at("/account/email")).await;
    assert!(waiting.text.contains("id=\"email-pending\""), "{}", waiting.text);
    let (link, _) = mailed(&place, NEW).await;
    let page = browser.open(&link).await;
    assert!(page.text.contains("id=\"email-confirm-submit\""), "{}", page.text);
    let (_, token) = link.split_once("token=").unwrap();
    let done = post(browser, &place, &[("token", token)]).await;
    assert!(done.text.contains("id=\"email-changed\""), "{}", done.text);

    // Somebody at the address before wants it back, wherever they are.
    let owner = &mut Browser::default();
    let page = owner.open(&way_back(&place).await).await;
    assert!(page.text.contains("id=\"email-undo-submit\""), "{}", page.text);
    let back = owner.submit(&page, &[]).await;
    assert!(back.text.contains("id=\"email-undone\""), "{}", back.text);
    assert!(browser.open(&place.at("/")).await.says("You are not signed in"));
    place.running.stop().await;
}

async fn post(browser: &mut Browser, place: &Place, fields: &[(&str, &str)]) -> Page {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let url = Url::parse(&place.at("/account/email")).unwrap();
    browser.send(Method::POST, url, &[], &form).await
}

/// The link in the mail to the address before, as soon as it is there.
async fn way_back(place: &Place) -> String {
    let mut mailbox = Browser::default();
    for _ in 0..2000 {
        let page = mailbox.open(&place.at("/dev/mailbox")).await;
        let links = page.text.split("class=\"mail-link\" href=\"").skip(1);
        let link = links.filter_map(|rest| rest.split('"').next()).find(|link| link.contains("undo="));
        if let Some(link) = link {
            return link.to_owned();
        }
    }
    panic!("no mail tells the address before");
}
