//! Somebody who goes the whole way again and again, each time to another end.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use http::{Method, StatusCode};
use tokio::task::JoinSet;
use towergate::core::{
    random::{self, InsecureSeededRandom},
    system::{OsRandom, Stopwatch},
};

use crate::{
    book::{Book, Broken},
    client::{
        Browser, Client, Code, Lost, PASSWORD, Page, Tokens, code_in, is_invalid_grant, json, tokens_in,
    },
    dead::Dead,
};

/// How many accounts each has: one that a sign-in broke off at may have to wait.
pub(crate) const ACCOUNTS: usize = 40;

const CHOSEN: &str = "seven purple ladders";
/// What a client rests that was told to come again.
const REST: Duration = Duration::from_millis(100);
/// How long a step is tried again until it is answered.
const PATIENCE: Duration = Duration::from_secs(50);
/// How many sign-ins of one account are kept.
const KEPT: usize = 3;

/// A request on its way.
type Asked<'a> = Pin<Box<dyn Future<Output = Result<Page, Lost>> + Send + 'a>>;

pub(crate) struct Walker {
    name: String,
    client: Client,
    book: Arc<Book>,
    dice: InsecureSeededRandom,
    turn: usize,
    /// Browsers that are signed in, by account.
    signed_in: Vec<Vec<Browser>>,
}

/// The address of one account.
pub(crate) fn address(name: &str, account: usize) -> String {
    format!("{name}-{account}@example.com")
}

/// Walks until evening, one after the other where somebody falls.
pub(crate) async fn keep_walking(name: String, client: Client, book: Arc<Book>) {
    while !book.is_evening() {
        let mut walker = Walker::new(name.clone(), client.clone(), Arc::clone(&book));
        let mut alone = JoinSet::new();
        alone.spawn(async move {
            while !walker.book.is_evening() {
                match walker.lap().await {
                    Ok(()) => walker.book.lap(),
                    Err(Broken::Waits) => walker.book.waits(),
                    Err(Broken::Lost | Broken::Refused) => tokio::time::sleep(REST).await,
                }
            }
        });
        if let Some(Err(fell)) = alone.join_next().await
            && fell.is_panic()
        {
            let why = fell.into_panic();
            let text = why.downcast_ref::<String>().map_or("", String::as_str);
            book.breach(format!("somebody fell: {text}"));
        }
    }
}

impl Walker {
    pub(crate) fn new(name: String, client: Client, book: Arc<Book>) -> Self {
        let seed = u64::from_be_bytes(random::bytes(&OsRandom::new()).unwrap());
        let (dice, turn) = (InsecureSeededRandom::new(seed), 0);
        Self { name, client, book, dice, turn, signed_in: vec![Vec::new(); ACCOUNTS] }
    }

    /// One whole way.
    ///
    /// # Errors
    /// When it ended early.
    pub(crate) async fn lap(&mut self) -> Result<(), Broken> {
        self.turn = (self.turn + 1) % ACCOUNTS;
        let email = address(&self.name, self.turn);
        let mut browser = Browser::default();
        let code = self.code(&email, &mut browser).await?;
        if self.thrown(6) == 0 {
            self.redeem_twice_at_once(code).await?;
        } else {
            let tokens = self.tokens(&email, &code).await?;
            match tokens {
                Some(tokens) if self.thrown(5) == 0 => self.redeem_again(code, tokens).await?,
                Some(tokens) if self.thrown(2) == 0 => self.revoke(tokens).await?,
                _ => {}
            }
        }
        match self.thrown(5) {
            0 | 1 => self.sign_out(browser).await?,
            2 => self.sign_out_everywhere(browser).await?,
            3 => {
                self.register().await?;
                self.sign_out(browser).await?;
            }
            _ => self.stay(browser).await?,
        }
        Ok(())
    }

    /// The way that tells whether all is well.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) async fn probe(&mut self) -> Result<(), Broken> {
        self.turn = (self.turn + 1) % ACCOUNTS;
        let email = address(&self.name, self.turn);
        let mut browser = Browser::default();
        let code = self.code(&email, &mut browser).await?;
        self.tokens(&email, &code).await?;
        self.sign_out(browser).await
    }

    /// From the client to the person, and back with a code.
    async fn code(&self, email: &str, browser: &mut Browser) -> Result<Code, Broken> {
        let (book, client) = (&self.book, &self.client);
        let (url, verifier) = client.leave();
        let login = book.step("authorize", browser.try_open(url)).await?;
        let typed = [("email", email), ("password", PASSWORD)];
        let answer = book.step("sign in", browser.try_submit(&login, &typed)).await;
        let signed_in = answer.inspect_err(|_| book.perhaps("session.created"))?;
        if signed_in.status != StatusCode::SEE_OTHER {
            let waits = [StatusCode::TOO_MANY_REQUESTS, StatusCode::UNPROCESSABLE_ENTITY];
            assert!(waits.contains(&signed_in.status), "{}: {}", signed_in.status, signed_in.text);
            return Err(Broken::Waits);
        }
        book.sure("session.created");
        let back = signed_in.redirect().unwrap();
        let consent = book.step("ask consent", browser.try_open(back)).await?;
        assert!(consent.text.contains("consent-allow"), "{}: {}", consent.status, consent.text);
        let answer = book.step("consent", browser.try_submit(&consent, &[("decision", "allow")])).await;
        let answer = answer.inspect_err(|_| book.perhaps("code.issued"))?;
        let code = Code { code: code_in(&answer), verifier };
        book.sure("code.issued");
        Ok(code)
    }

    /// What the code brings, renewed and looked at; nothing where it was spent by a try that was not answered.
    async fn tokens(&self, email: &str, code: &Code) -> Result<Option<Tokens>, Broken> {
        let (book, client) = (&self.book, &self.client);
        let (answer, is_first) = self
            .until("redeem", || Box::pin(client.redeem(code)))
            .await
            .inspect_err(|_| book.perhaps("code.redeemed"))?;
        if !is_first && is_invalid_grant(&answer) {
            book.perhaps("code.redeemed");
            book.died(Dead::Code(code.clone()));
            return Ok(None);
        }
        let mut tokens = tokens_in(&answer);
        book.sure("code.redeemed");
        for _ in 0..=self.thrown(2) {
            let answer = self.until("refresh", || Box::pin(client.refresh(&tokens.refresh))).await;
            let (answer, is_first) = answer.inspect_err(|_| book.perhaps("token.refreshed"))?;
            if !is_first && is_invalid_grant(&answer) {
                // Rotated by a try that was not answered, too long ago to be answered the same: all of it is over.
                book.perhaps("token.refreshed");
                book.died(Dead::Refresh(tokens.refresh));
                return Ok(None);
            }
            tokens = tokens_in(&answer);
            book.sure("token.refreshed");
        }
        let (person, _) = self.until("userinfo", || Box::pin(client.userinfo(&tokens.access))).await?;
        assert_eq!(json(&person)["email"], email, "{}: {}", person.status, person.text);
        let (told, _) = self.until("introspect", || Box::pin(client.introspect(&tokens.access))).await?;
        assert_eq!(json(&told)["active"], true, "{}: {}", told.status, told.text);
        Ok(Some(tokens))
    }

    /// Of two that come at once with one code, one gets tokens at most, and then both have nothing.
    async fn redeem_twice_at_once(&self, code: Code) -> Result<(), Broken> {
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

    async fn redeem_again(&self, code: Code, tokens: Tokens) -> Result<(), Broken> {
        let (answer, _) = self.until("redeem again", || Box::pin(self.client.redeem(&code))).await?;
        if !is_invalid_grant(&answer) {
            self.book.breach(format!("a code was taken twice: {} {}", answer.status, answer.text));
        }
        self.book.died(Dead::Code(code));
        self.all_died(tokens);
        Ok(())
    }

    async fn revoke(&self, tokens: Tokens) -> Result<(), Broken> {
        let (answer, _) = self.until("revoke", || Box::pin(self.client.revoke(&tokens.refresh))).await?;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        self.all_died(tokens);
        Ok(())
    }

    fn all_died(&self, tokens: Tokens) {
        self.book.died(Dead::Access(tokens.access));
        self.book.died(Dead::Refresh(tokens.refresh));
    }

    async fn sign_out(&self, browser: Browser) -> Result<(), Broken> {
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

    async fn sign_out_everywhere(&mut self, browser: Browser) -> Result<(), Broken> {
        let devices = self.client.at("/account/devices");
        let mut here = browser.clone();
        let answer = here.try_send(Method::POST, devices, &[], "action=devices-end-all");
        let ended = std::mem::take(&mut self.signed_in[self.turn]);
        // Where it is not answered, nobody knows which of them are over.
        let answer = self.book.step("sign out everywhere", answer).await?;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        assert_ne!(answer.redirect().unwrap().path(), "/login", "{}", answer.text);
        for browser in ended.into_iter().chain([browser]) {
            self.book.signed_out();
            self.book.died(Dead::Session(browser));
        }
        Ok(())
    }

    /// Whoever stays signed in is so the next time.
    async fn stay(&mut self, browser: Browser) -> Result<(), Broken> {
        let front = self.client.at("/");
        let others = &mut self.signed_in[self.turn];
        others.push(browser);
        if others.len() > KEPT {
            others.remove(0);
        }
        for browser in others.iter() {
            let page = self.book.step("stay signed in", browser.clone().try_open(front.clone())).await?;
            assert!(page.text.contains("logout-submit"), "a session that nobody ended: {}", page.text);
        }
        Ok(())
    }

    /// Somebody new, to whom a mail goes.
    async fn register(&self) -> Result<(), Broken> {
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

    /// Asks again until it is answered; says whether the first try was.
    async fn until<'a>(
        &self,
        kind: &'static str,
        asked: impl Fn() -> Asked<'a> + Send,
    ) -> Result<(Page, bool), Broken> {
        let (tried, mut is_first) = (Stopwatch::started(), true);
        loop {
            match self.book.step(kind, asked()).await {
                Ok(answer) => return Ok((answer, is_first)),
                Err(broken) if tried.elapsed() > PATIENCE => return Err(broken),
                Err(_) => tokio::time::sleep(REST).await,
            }
            is_first = false;
        }
    }

    /// A number below `sides`.
    fn thrown(&self, sides: u16) -> u16 {
        u16::from_be_bytes(random::bytes(&self.dice).unwrap()) % sides
    }
}
