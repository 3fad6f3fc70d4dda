//! Forgotten and changed passwords, through the mailbox.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use towergate_example_axum::run::Framework;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, PASSWORD, Place},
};

const NEW: &str = "seven purple ladders";
const NEWER: &str = "eight yellow staircases";

pub(crate) async fn a_forgotten_password_is_set_anew_through_the_mailbox<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let (browser, elsewhere) = (&mut Browser::default(), &mut Browser::default());
    let login = elsewhere.open(&place.at("/login")).await;
    place.sign_in(elsewhere, &login).await;

    let login = browser.open(&place.at("/login?return_to=%2Faccount%2Fsecurity")).await;
    assert!(login.text.contains("id=\"login-register\""), "{}", login.text);
    let way = login.text.split("id=\"login-forgot\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let forgot = browser.open(&place.at(way)).await;
    assert!(forgot.text.contains("id=\"forgot-submit\""), "{}", forgot.text);
    let nobody = browser.submit(&forgot, &[("email", "nobody@example.com")]).await;
    let sent = browser.submit(&forgot, &[("email", EMAIL)]).await;
    assert_eq!(nobody.text.replace("nobody@example.com", EMAIL), sent.text);

    // A mail program looks first, in no browser of theirs.
    let link = mailed(&place).await;
    for _ in 0..2 {
        assert_eq!(Browser::default().open(&link).await.status, StatusCode::OK);
    }
    let page = browser.open(&link).await;
    assert!(page.text.contains("id=\"reset-submit\"") && page.says(EMAIL), "{}", page.text);
    assert!(!page.url.as_str().contains("token") && browser.holds("tgpr"), "{}", page.url);
    let short = browser.submit(&page, &[("new_password", "short")]).await;
    assert!(short.status == StatusCode::UNPROCESSABLE_ENTITY && short.text.contains("role=\"alert\""));
    let done = browser.submit(&short, &[("new_password", NEW)]).await;
    assert!(done.says("Your new password counts") && !browser.holds("tgpr"), "{}", done.text);
    let next = done.text.split("id=\"password-next\" class=\"button\" href=\"").nth(1).unwrap();
    let login = browser.open(&place.at(next.split('"').next().unwrap())).await;
    let security = sign_in(browser, &login, NEW).await;
    assert_eq!(security.url.path(), "/account/security", "{}", security.text);
    let again = browser.open(&link).await;
    assert!(again.text.contains("id=\"reset-forgot\""), "{}", again.text);
    assert!(elsewhere.open(&place.at("/")).await.says("You are not signed in"));
    let login = elsewhere.open(&place.at("/login")).await;
    assert!(sign_in(elsewhere, &login, PASSWORD).await.status.is_client_error());
    place.running.stop().await;
}

pub(crate) async fn a_password_is_changed_where_managers_look_for_it<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/.well-known/change-password")).await;
    let page = place.sign_in(browser, &login).await;
    assert_eq!(page.url.path(), "/account/password", "{}", page.text);
    assert!(page.text.contains("id=\"password-submit\"") && page.says(EMAIL), "{}", page.text);
    let wrong = browser.submit(&page, &[("password", "guess"), ("new_password", NEWER)]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("role=\"alert\""));
    let done = browser.submit(&wrong, &[("password", PASSWORD), ("new_password", NEWER)]).await;
    assert!(done.says("Your new password counts"), "{}", done.text);
    assert!(!browser.open(&place.at("/")).await.says("You are not signed in"), "the session goes on");
    let other = &mut Browser::default();
    let login = other.open(&place.at("/login")).await;
    assert!(sign_in(other, &login, NEWER).await.says("You are Alice"));
    place.running.stop().await;
}

pub(crate) async fn whose_mail_cannot_be_sent_changes_passwords_all_the_same<F: Framework>() {
    let place = Place::over::<F>("http", "memory:", "[mail]\ndev_mailbox = false\n").await;
    let browser = &mut Browser::default();
    for path in ["/forgot", "/reset"] {
        assert_eq!(browser.open(&place.at(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let login = browser.open(&place.at("/account/password")).await;
    assert!(!login.text.contains("login-forgot"), "{}", login.text);
    let page = place.sign_in(browser, &login).await;
    let done = browser.submit(&page, &[("password", PASSWORD), ("new_password", NEW)]).await;
    assert!(done.says("Your new password counts"), "{}", done.text);
    place.running.stop().await;
}

/// ASVS 6.2.12: what leaked is taken neither where somebody registers nor where they change it, and five digits are asked about.
pub(crate) async fn a_password_that_leaked_is_refused_where_it_is_looked_up<F: Framework>() {
    let (service, asked) = leaks().await;
    let more = format!(
        "[outbound]\ndanger_allow_loopback = true\n[passwords]\nbreach_check = true\nbreach_service = \"{service}\"\n"
    );
    let place = Place::over::<F>("http", "memory:", &more).await;
    let browser = &mut Browser::default();
    let register = browser.open(&place.at("/register")).await;
    let refused = browser.submit(&register, &[("email", "new@example.com"), ("password", LEAKED)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.says("This password has leaked at another site"), "{}", refused.text);
    let login = browser.open(&place.at("/account/password")).await;
    let page = place.sign_in(browser, &login).await;
    let refused = browser.submit(&page, &[("password", PASSWORD), ("new_password", LEAKED)]).await;
    assert!(refused.says("This password has leaked at another site"), "{}", refused.text);
    let done = browser.submit(&refused, &[("password", PASSWORD), ("new_password", NEW)]).await;
    assert!(done.says("Your new password counts"), "{}", done.text);
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "{asked:?}");
    let is_range =
        |line: &String| line.starts_with("GET /range/") && line.len() == "GET /range/ABCDE HTTP/1.1".len();
    assert!(asked.iter().all(is_range), "{asked:?}");
    place.running.stop().await;
}

const LEAKED: &str = "nine indigo lighthouses";

/// A service that keeps what leaked; and the first lines of what it was asked.
async fn leaks() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            let mut head = [0; 2048];
            let length = peer.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]);
            heard.lock().unwrap().push(head.lines().next().unwrap().to_owned());
            // The same to everybody: the rest of the digest of the one that leaked.
            let body = format!("{LEAKED_REST}:12\r\n{:035}:0\r\n", 0);
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            peer.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (service, asked)
}

/// All but the first five digits of its SHA-1 digest.
const LEAKED_REST: &str = "5FFD8EEC18A7DFBADFB6FD90D089F43A732";

async fn sign_in(browser: &mut Browser, login: &Page, password: &str) -> Page {
    browser.submit(login, &[("email", EMAIL), ("password", password)]).await
}

/// The link of the newest mail that has one to set a password by.
async fn mailed(place: &Place) -> String {
    let mut mailbox = Browser::default();
    for _ in 0..2000 {
        let page = mailbox.open(&place.at("/dev/mailbox")).await;
        let links = page.text.split("class=\"mail-link\" href=\"").skip(1);
        let link = links.filter_map(|rest| rest.split('"').next()).find(|link| link.contains("/reset?"));
        if let Some(link) = link {
            return link.replace("&#38;", "&");
        }
    }
    panic!("no mail came to {EMAIL}");
}
