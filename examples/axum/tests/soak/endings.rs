//! To what end somebody goes: what they do with a code, with tokens, and with their sign-in.

use http::{Method, StatusCode};
use towergate::core::{
    random,
    system::{OsRandom, Stopwatch},
};

use super::{Asked, Key, Walker};
use crate::{
    book::Broken,
    client::{Browser, Code, Tokens, is_invalid_grant, tokens_in},
    dead::Dead,
};

const CHOSEN: &str = "seven purple ladders";
/// How many sign-ins of one account are kept.
const KEPT: usize = 3;

impl Walker {
    /// Of two that come at once with one code, one gets tokens at most, and then both have nothing.
    pub(super) async fn redeem_twice_at_once(&self, code: Code) -> Result<(), Broken> {
        let (book, client) = (&self.book, &self.client);
        let (one, other) = tokio::join!(
            book.step("redeem at once", client.redeem(&code)),
            book.step("redeem at once", client.redeem(&code))
        );
        let answers: Vec<_> = [one, other].into_iter().flatten().collect();
        let given: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        for answer in &answers {
            let known = answer.status == StatusCode::OK || is_invalid_grant(answer);
            assert!(known, "{}: {}", answer.status, answer.text);
        }
        match given.as_slice() {
            [] => book.perhaps("code.redeemed"),
            _ => book.sure("code.redeemed"),
        }
        if given.len() > 1 {
            book.breach(String::from("a code brought tokens twice"));
        }
        if answers.len() == 2
            && let [given] = given.as_slice()
        {
            book.died(Dead::Code(code));
            self.all_died(tokens_in(given));
        }
        Ok(())
    }

    pub(super) async fn redeem_again(&self, code: Code, tokens: Tokens) -> Result<(), Broken> {
        let (answer, _) = self.until("redeem again", || Box::pin(self.client.redeem(&code))).await?;
        if !is_invalid_grant(&answer) {
            self.book.breach(format!("a code was taken twice: {} {}", answer.status, answer.text));
        }
        self.book.died(Dead::Code(code));
        self.all_died(tokens);
        Ok(())
    }

    pub(super) async fn revoke(&self, tokens: Tokens) -> Result<(), Broken> {
        let (answer, _) = self.until("revoke", || Box::pin(self.client.revoke(&tokens.refresh))).await?;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        self.all_died(tokens);
        Ok(())
    }

    fn all_died(&self, tokens: Tokens) {
        self.book.died(Dead::Access(tokens.access));
        self.book.died(Dead::Refresh(tokens.refresh));
    }

    pub(super) async fn sign_out(&self, browser: Browser) -> Result<(), Broken> {
        let front = self.client.at("/");
        let asked = || -> Asked<'_> {
            let (mut browser, front) = (browser.clone(), front.clone());
            Box::pin(async move { browser.try_open(front).await })
        };
        let (page, _) = self.until("front page", asked).await?;
        assert!(page.text.contains("logout-submit"), "a session that nobody ended: {}", page.text);
        let asked = || -> Asked<'_> {
            let mut browser = browser.clone();
            let page = &page;
            Box::pin(async move { browser.try_submit(page, &[]).await })
        };
        let (answer, _) = self.until("sign out", asked).await?;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        self.book.signed_out();
        self.book.died(Dead::Session(browser));
        Ok(())
    }

    pub(super) async fn sign_out_everywhere(&mut self, browser: Browser) -> Result<(), Broken> {
        let devices = self.client.at("/account/devices");
        let mut here = browser.clone();
        let answer = here.try_send(Method::POST, devices, &[], "action=devices-end-all");
        let ended = std::mem::take(&mut self.signed_in[self.turn]);
        // Where it is not answered, nobody knows which of them are over.
        let answer = self.book.step("sign out everywhere", answer).await?;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        if answer.redirect().unwrap().path() == "/mfa" {
            // Whoever has a key is asked for it before.
            assert!(!matches!(self.keys[self.turn], Key::None), "{}", answer.text);
            self.signed_in[self.turn] = ended;
            return self.sign_out(browser).await;
        }
        assert_eq!(answer.redirect().unwrap().path(), "/", "{}", answer.text);
        for browser in ended.into_iter().map(|(browser, _)| browser).chain([browser]) {
            self.book.signed_out();
            self.book.died(Dead::Session(browser));
        }
        Ok(())
    }

    /// Whoever stays signed in is so the next time.
    pub(super) async fn stay(&mut self, browser: Browser) -> Result<(), Broken> {
        let front = self.client.at("/");
        let others = &mut self.signed_in[self.turn];
        others.push((browser, Stopwatch::started()));
        if others.len() > KEPT {
            others.remove(0);
        }
        for (browser, seen) in others.iter_mut() {
            let page = self.book.step("stay signed in", browser.clone().try_open(front.clone())).await?;
            assert!(page.text.contains("logout-submit"), "a session that nobody ended: {}", page.text);
            *seen = Stopwatch::started();
        }
        Ok(())
    }

    /// Somebody new, to whom a mail goes.
    pub(super) async fn register(&self) -> Result<(), Broken> {
        let drawn = u128::from_be_bytes(random::bytes(&OsRandom::new()).unwrap());
        let email = format!("new-{drawn:032x}@example.com");
        let mut browser = Browser::default();
        let page = self.client.at("/register");
        let page = self.book.step("ask to register", browser.try_open(page)).await?;
        let typed = [("email", email.as_str()), ("password", CHOSEN)];
        let answer = self.book.step("register", browser.try_submit(&page, &typed)).await;
        let answer = answer.inspect_err(|_| self.book.perhaps("user.registered"))?;
        let known = matches!(answer.status, StatusCode::OK | StatusCode::SEE_OTHER);
        assert!(known, "{}: {}", answer.status, answer.text);
        self.book.sure("user.registered");
        self.book.mail_owed(&email);
        Ok(())
    }
}
