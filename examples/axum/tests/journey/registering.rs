//! Making an account, through the mailbox.

use http::StatusCode;
use towergate_example_axum::run::Framework;
use url::form_urlencoded;

use super::{
    browser::{Browser, Page},
    place::Place,
};

const NEW: &str = "new.person@example.com";
const CHOSEN: &str = "seven purple ladders";

pub(crate) async fn a_person_registers_confirms_and_signs_in<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let front = browser.open(&place.at("/")).await;
    assert!(front.text.contains("href=\"/register\""), "{}", front.text);
    let page = browser.open(&place.at("/register")).await;
    let short = browser.submit(&page, &[("email", NEW), ("password", "short")]).await;
    assert!(short.status == StatusCode::UNPROCESSABLE_ENTITY && short.text.contains("role=\"alert\""));
    let waiting = register(browser, &page).await;

    // Allowed in, and told what is missing.
    let login = browser.open(&place.at("/login")).await;
    let front = browser.submit(&login, &[("email", NEW), ("password", CHOSEN)]).await;
    assert!(front.text.contains("id=\"unconfirmed\""), "{}", front.text);
    let bearer = format!("Bearer {}", place.access_token(browser, "of-jwts").await);
    let userinfo = url::Url::parse(&place.at("/oauth/userinfo")).unwrap();
    let told = Browser::default().send(http::Method::GET, userinfo, &[("authorization", &bearer)], "").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);

    let confirm = browser.open(&mailed(&place, NEW).await.0).await;
    assert!(confirm.text.contains("id=\"confirm-submit\""), "{}", confirm.text);
    let done = browser.submit(&confirm, &[]).await;
    assert!(done.says("Your e-mail address is confirmed"), "{}", done.text);
    let front = browser.open(&place.at("/")).await;
    assert!(!front.text.contains("id=\"unconfirmed\""), "{}", front.text);
    // The page that was left open is good for nothing any more.
    let late = browser.submit(&waiting, &[("email", NEW), ("code", &mailed(&place, NEW).await.1)]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", late.text);
    place.running.stop().await;
}

pub(crate) async fn an_address_is_confirmed_by_its_code_after_a_restart<F: Framework>() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("towergate.db").display());
    let place = Place::new::<F>(&database).await;
    let browser = &mut Browser::default();
    let page = browser.open(&place.at("/register")).await;
    register(browser, &page).await;
    let (_, code) = mailed(&place, NEW).await;
    place.running.stop().await;
    let place = Place::new::<F>(&database).await;
    let page = browser.open(&place.at("/confirm")).await;
    let done = browser.submit(&page, &[("email", NEW), ("code", &code)]).await;
    assert!(done.says("Your e-mail address is confirmed"), "{}", done.text);
    place.running.stop().await;
}

pub(crate) async fn an_app_asks_for_a_new_account_and_the_person_goes_on<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let request = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "of-jwts"),
            ("scope", "openid"),
            ("state", "s"),
        ])
        .extend_pairs([("redirect_uri", format!("{}/callback", place.app).as_str()), ("prompt", "create")])
        .extend_pairs([("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")])
        .extend_pairs([("code_challenge_method", "S256")])
        .finish();
    let page = browser.open(&place.at(&format!("/oauth/authorize?{request}"))).await;
    assert_eq!(page.url.path(), "/register", "{}", page.text);
    register(browser, &page).await;
    let confirm = browser.open(&mailed(&place, NEW).await.0).await;
    let done = browser.submit(&confirm, &[]).await;
    let next = done.text.split("id=\"confirmed-next\" class=\"button\" href=\"").nth(1);
    let next = next.and_then(|rest| rest.split('"').next()).unwrap().replace("&#38;", "&");
    let login = browser.open(&place.at(&next)).await;
    let consent = browser.submit(&login, &[("email", NEW), ("password", CHOSEN)]).await;
    assert!(consent.text.contains("id=\"consent-allow\""), "{}: {}", consent.url, consent.text);
    let addressed = format!("signed in as <strong>{NEW}</strong>");
    assert!(consent.text.contains(&addressed), "whom the host knows by no name: {}", consent.text);
    place.running.stop().await;
}

pub(crate) async fn whose_mail_cannot_be_sent_makes_no_accounts<F: Framework>() {
    let place = Place::over::<F>("http", "memory:", "[mail]\ndev_mailbox = false\n").await;
    let browser = &mut Browser::default();
    for path in ["/register", "/confirm", "/dev/mailbox"] {
        assert_eq!(browser.open(&place.at(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    place.running.stop().await;
}

async fn register(browser: &mut Browser, page: &Page) -> Page {
    assert!(page.text.contains("id=\"register-submit\""), "{}", page.text);
    let waiting = browser.submit(page, &[("email", NEW), ("password", CHOSEN)]).await;
    assert!(waiting.status == StatusCode::OK && waiting.says(NEW), "{}", waiting.text);
    assert!(browser.holds("tgmb"));
    waiting
}

/// The link and the code of the newest mail to `email`, as soon as it is there.
pub(crate) async fn mailed(place: &Place, email: &str) -> (String, String) {
    let mut mailbox = Browser::default();
    for _ in 0..2000 {
        let page = mailbox.open(&place.at("/dev/mailbox")).await;
        let Some(mail) = page.text.split("<article").find(|mail| mail.contains(email)) else { continue };
        let link = mail.split("class=\"mail-link\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        let code = mail.split("<p>").filter_map(|rest| rest.split("</p>").next());
        let code =
            code.map(str::trim).find(|text| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()));
        return (link.unwrap().replace("&#38;", "&"), code.unwrap().to_owned());
    }
    panic!("no mail came to {email}");
}
