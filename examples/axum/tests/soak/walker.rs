//! Somebody who goes the whole way again and again, each time to another end.

mod endings;
mod keyed;

use std::{future::Future, iter, pin::Pin, sync::Arc, time::Duration};

use http::StatusCode;
use tokio::task::JoinSet;
use towergate::{
    core::{
        random::{self, InsecureSeededRandom},
        system::{OsRandom, Stopwatch},
    },
    test_util::SoftPasskey,
};
use url::Url;

use crate::{
    book::{Book, Broken},
    client::{
        Browser, Client, Code, Lost, PASSWORD, Page, Tokens, code_in, is_invalid_grant, json, tokens_in,
    },
    dead::Dead,
};

pub(crate) use keyed::Signed;

/// How many accounts each has: one that a sign-in broke off at may have to wait.
pub(crate) const ACCOUNTS: usize = 40;

/// What a client rests that was told to come again.
const REST: Duration = Duration::from_millis(100);
/// Whoever is not seen for so long may be signed out soon: half an hour is what the hosts give them.
const IDLE: Duration = Duration::from_secs(25 * 60);
/// How long a step is tried again until it is answered.
const PATIENCE: Duration = Duration::from_secs(50);

/// A request on its way.
type Asked<'a> = Pin<Box<dyn Future<Output = Result<Page, Lost>> + Send + 'a>>;

pub(crate) struct Walker {
    name: String,
    client: Client,
    /// The same hosts, each of them first at one.
    hosts: [Client; 2],
    book: Arc<Book>,
    dice: InsecureSeededRandom,
    turn: usize,
    /// Browsers that are signed in, by account, and since when they were not seen.
    signed_in: Vec<Vec<(Browser, Stopwatch)>>,
    /// By account.
    keys: Vec<Key>,
}

/// What an account has of passkeys.
#[derive(Default)]
enum Key {
    #[default]
    None,
    Here(Box<SoftPasskey>),
    /// One was made, and no answer says whether it was kept.
    Perhaps,
}

/// The address of one account.
pub(crate) fn address(name: &str, account: usize) -> String {
    format!("{name}-{account}@example.com")
}

/// Walks until evening, one after the other where somebody falls.
pub(crate) async fn keep_walking(name: String, client: Client, hosts: [Client; 2], book: Arc<Book>) {
    let mut before = false;
    while !book.is_evening() {
        let mut walker = Walker::new(name.clone(), client.clone(), hosts.clone(), Arc::clone(&book));
        if before {
            // What whoever fell had made is with them.
            walker.keys.fill_with(|| Key::Perhaps);
        }
        before = true;
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
    pub(crate) fn new(name: String, client: Client, hosts: [Client; 2], book: Arc<Book>) -> Self {
        let seed = u64::from_be_bytes(random::bytes(&OsRandom::new()).unwrap());
        let (dice, turn) = (InsecureSeededRandom::new(seed), 0);
        let signed_in = iter::repeat_with(Vec::new).take(ACCOUNTS).collect();
        let keys = iter::repeat_with(Key::default).take(ACCOUNTS).collect();
        Self { name, client, hosts, book, dice, turn, signed_in, keys }
    }

    /// One whole way.
    ///
    /// # Errors
    /// When it ended early.
    pub(crate) async fn lap(&mut self) -> Result<(), Broken> {
        // Whoever has a key may use it again soon.
        if !matches!(self.keys[self.turn], Key::Here(_)) || self.thrown(2) == 0 {
            self.turn = (self.turn + 1) % ACCOUNTS;
        }
        self.signed_in[self.turn].retain(|(_, seen)| seen.elapsed() < IDLE);
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
        if matches!(self.keys[self.turn], Key::None) && self.thrown(2) == 0 {
            self.make_a_key(&email, &mut browser).await?;
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
    async fn code(&mut self, email: &str, browser: &mut Browser) -> Result<Code, Broken> {
        let (url, verifier) = self.client.leave();
        let login = self.book.step("authorize", browser.try_open(url)).await?;
        let back = if matches!(self.keys[self.turn], Key::Here(_)) && self.thrown(3) > 0 {
            self.sign_in_by_key(&login, browser).await?
        } else {
            self.sign_in(email, &login, browser).await?
        };
        let book = &self.book;
        let consent = book.step("ask consent", browser.try_open(back)).await?;
        assert!(consent.text.contains("consent-allow"), "{}: {}", consent.status, consent.text);
        let answer = book.step("consent", browser.try_submit(&consent, &[("decision", "allow")])).await;
        let answer = answer.inspect_err(|_| book.perhaps("code.issued"))?;
        let code = Code { code: code_in(&answer), verifier };
        book.sure("code.issued");
        Ok(code)
    }

    /// Signs in at this page by password. Answers where to go then.
    async fn sign_in(&self, email: &str, login: &Page, browser: &mut Browser) -> Result<Url, Broken> {
        let typed = [("email", email), ("password", PASSWORD)];
        let answer = self.book.step("sign in", browser.try_submit(login, &typed)).await;
        let signed_in = answer.inspect_err(|_| self.book.perhaps("session.created"))?;
        if signed_in.status != StatusCode::SEE_OTHER {
            let waits = [StatusCode::TOO_MANY_REQUESTS, StatusCode::UNPROCESSABLE_ENTITY];
            assert!(waits.contains(&signed_in.status), "{}: {}", signed_in.status, signed_in.text);
            return Err(Broken::Waits);
        }
        self.book.sure("session.created");
        Ok(signed_in.redirect().unwrap())
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
