//! Passkeys: each ceremony begins at one host and ends at the other, and what was signed for it is taken once at most.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use towergate::test_util::{Make, SoftPasskey};
use url::{Url, form_urlencoded};

use super::{Key, Walker};
use crate::{
    book::{Book, Broken},
    client::{self, Browser, Client, Lost, Page},
    dead::Dead,
    once::{self, Showing},
};

const NEW: &str = "/account/passkeys/new";
const SIGN_IN: &str = "/login/passkey";

/// What was signed for a sign-in, and the browser that asked for it.
#[derive(Clone)]
pub(crate) struct Signed {
    browser: Browser,
    answer: String,
}

impl Signed {
    /// Shows it at this host: what it is answered, and the browser, which is signed in where it is taken.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn show(
        &self,
        kind: &'static str,
        book: &Book,
        host: &Client,
    ) -> Result<(Page, Browser), Broken> {
        let mut browser = self.browser.clone();
        let answer = book.step(kind, post(host, &mut browser, SIGN_IN, &self.answer)).await;
        let answer = answer.inspect_err(|_| book.perhaps("passkey.refused"))?;
        if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
            book.sure("passkey.refused");
        }
        Ok((answer, browser))
    }
}

impl Walker {
    /// A new key for whoever has just signed in.
    pub(super) async fn make_a_key(&mut self, email: &str, browser: &mut Browser) -> Result<(), Broken> {
        let (book, [one, other]) = (&self.book, self.both_hosts());
        let begun = begin("ask for a key", book, &one, browser, NEW).await?;
        let made = SoftPasskey::create(Make::PHONE, &begun["publicKey"], &self.client.issuer);
        let (key, credential) = made.unwrap();
        let made = json!({ "ceremony": begun["ceremony"], "credential": credential }).to_string();
        self.keys[self.turn] = Key::Perhaps;
        let answer = book.step("make a key", post(&other, browser, NEW, &made)).await;
        let answer = answer.inspect_err(|_| book.perhaps("passkey.added"))?;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        book.sure("passkey.added");
        book.mail_owed(email);
        self.keys[self.turn] = Key::Here(Box::new(key));
        Ok(())
    }

    /// Signs in at this page by the key of the account. Answers where to go then.
    pub(super) async fn sign_in_by_key(
        &mut self,
        login: &Page,
        browser: &mut Browser,
    ) -> Result<Url, Broken> {
        let hosts = self.both_hosts();
        let begun = begin("ask for a signature", &self.book, &hosts[1], browser, SIGN_IN).await?;
        let Key::Here(key) = &mut self.keys[self.turn] else { panic!("a key that is not here") };
        let answer = json!({
            "ceremony": begun["ceremony"],
            "credential": key.sign(&begun["publicKey"], &self.client.issuer).unwrap(),
            "return_to": return_to(login),
        });
        let signed = Signed { browser: browser.clone(), answer: answer.to_string() };
        let book = &self.book;
        let show = |host: usize| -> Showing<'_, (Page, Browser)> {
            let (signed, host) = (&signed, &hosts[host]);
            Box::pin(async move {
                let (answer, browser) = signed.show("sign in by key", book, host).await?;
                let known = [StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status);
                assert!(known, "{}: {}", answer.status, answer.text);
                Ok((answer.status == StatusCode::OK).then_some((answer, browser)))
            })
        };
        let taken = once::shown("a signature", book, self.thrown(3) == 0, show).await;
        let (answer, signed_in) = taken.inspect_err(|_| {
            book.perhaps("passkey.used");
            book.perhaps("session.created");
        })?;
        book.sure("passkey.used");
        book.sure("session.created");
        *browser = signed_in;
        let dead = Dead::Ceremony(signed);
        for host in &hosts {
            let _ = dead.check(host, book).await;
        }
        book.died(dead);
        Ok(login.url.join(client::json(&answer)["location"].as_str().unwrap()).unwrap())
    }

    /// In any order.
    fn both_hosts(&self) -> [Client; 2] {
        let [one, other] = self.hosts.clone();
        if self.thrown(2) == 0 { [one, other] } else { [other, one] }
    }
}

async fn begin(
    kind: &'static str,
    book: &Book,
    host: &Client,
    browser: &mut Browser,
    path: &str,
) -> Result<Value, Broken> {
    let begun = book.step(kind, post(host, browser, &format!("{path}/options"), "{}")).await?;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    Ok(client::json(&begun))
}

async fn post(host: &Client, browser: &mut Browser, path: &str, json: &str) -> Result<Page, Lost> {
    browser.try_send(Method::POST, host.at(path), &[("content-type", "application/json")], json).await
}

/// Where the page says that whoever signs in wants to go.
fn return_to(login: &Page) -> String {
    let (_, form) = login.filled_in(&[]);
    let hidden = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "return_to");
    hidden.unwrap().1.into_owned()
}
