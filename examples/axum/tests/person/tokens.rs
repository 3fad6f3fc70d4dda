//! The page of tokens for programs: everybody can use it, and a script that calls with one is let in until it is revoked.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use fantoccini::Locator;
use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    place::{PASSWORD, Place},
};

const READ: &str = "[id='may-reports:read']";

pub(crate) async fn everybody_can_use_the_page_of_tokens<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/login?return_to=%2Faccount%2Ftokens")).await;
    browser.sign_in(PASSWORD).await;
    browser.find("#tokens-none").await;
    browser.looks_right("tokens-none").await;

    // Nothing that it may do is chosen: what was typed stays.
    browser.fill("#token-name", "nightly").await;
    browser.click("#token-submit").await;
    browser.find("#tokens-message").await;
    let kept = browser.find("#token-name").await.prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("nightly"));
    browser.looks_right("tokens-refused").await;

    browser.fill("#token-days", "7").await;
    browser.click(READ).await;
    browser.click("#token-submit").await;
    let token = browser.words("#token-text").await;
    assert!(token.starts_with("tg_api_"), "{token}");
    browser.looks_right("tokens-made").await;
    assert_eq!(call(&place, &token).await, 200);

    // The text is shown once.
    browser.go(&place.at("/account/tokens")).await;
    browser.sees("last used on").await;
    assert!(!browser.source().await.contains(&token));
    browser.looks_right("tokens-one").await;
    let revoke = Locator::Css("button[aria-label='Revoke nightly']");
    browser.client.find(revoke).await.unwrap().click().await.unwrap();
    browser.find("#tokens-none").await;
    assert_eq!(call(&place, &token).await, 401);
    browser.close().await;
    place.close().await;
}

/// What a program is answered that has this token and no cookie.
async fn call(place: &Place, token: &str) -> u16 {
    let address = place.host.replace("http://localhost", "127.0.0.1");
    let question = format!(
        "GET /api/reports HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asking.await.unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}
