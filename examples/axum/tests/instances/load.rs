//! People and their client who go the whole way again and again, whatever happens, and write down each answer that came whole.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{StatusCode, header};
use tokio::task::JoinSet;

use crate::{
    client::{
        Browser, Client, Code, Lost, PASSWORD, Page, Tokens, code_in, is_invalid_grant, json, tokens_in,
    },
    ledger::{Family, Ledger, Stage},
    wait::until,
};

const WALKERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);
/// What a client rests that was told to come again.
const REST: Duration = Duration::from_millis(50);

/// Walkers on their way.
pub(crate) struct Load {
    seen: Arc<Seen>,
    walkers: JoinSet<Ledger>,
}

/// What the walkers have met so far.
#[derive(Default)]
struct Seen {
    steps: AtomicUsize,
    laps: AtomicUsize,
    refused: AtomicUsize,
    lost: AtomicUsize,
    is_over: AtomicBool,
}

/// What the walkers met in all.
pub(crate) struct Walked {
    ledger: Ledger,
    /// Refresh tokens that were sent and not answered: long after, nobody is answered the same again.
    unanswered: Vec<(Code, Tokens)>,
    /// How often they were told to come again.
    pub(crate) refused: usize,
    /// How often no whole answer came.
    pub(crate) lost: usize,
}

/// Why a lap ended early.
enum Broken {
    Lost,
    Refused,
}

impl From<Lost> for Broken {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

/// The people of the configuration who walk.
pub(crate) fn people() -> String {
    let person = |walker| {
        format!("[[users]]\nemail = \"{}\"\npassword = \"{PASSWORD}\"\nname = \"Walker\"\n", address(walker))
    };
    (0..WALKERS).map(person).collect()
}

fn address(walker: usize) -> String {
    format!("walker-{walker}@example.com")
}

impl Load {
    pub(crate) fn start(client: &Client) -> Self {
        let (seen, mut walkers) = (Arc::new(Seen::default()), JoinSet::new());
        for walker in 0..WALKERS {
            let (client, seen) = (client.clone(), Arc::clone(&seen));
            walkers.spawn(walk(Walker { email: address(walker), client, seen, ledger: Ledger::default() }));
        }
        Self { seen, walkers }
    }

    /// Waits until whole laps were made that began after this was asked.
    pub(crate) async fn goes_on(&self) {
        self.grows(&self.seen.laps, 2 * WALKERS).await;
    }

    /// Waits until so many more steps have begun.
    pub(crate) async fn steps(&self, steps: usize) {
        self.grows(&self.seen.steps, steps).await;
    }

    /// Waits until somebody was told to come again, and again.
    pub(crate) async fn is_refused(&self) {
        self.grows(&self.seen.refused, 2 * WALKERS).await;
    }

    /// Lets everybody come to the end of their lap.
    pub(crate) async fn end(self) -> Walked {
        self.seen.is_over.store(true, Ordering::SeqCst);
        let (mut ledger, mut unanswered) = (Ledger::default(), Vec::new());
        for walked in self.walkers.join_all().await {
            ledger.take_over(walked);
        }
        for family in mem::take(&mut ledger.families) {
            match family.stage {
                Stage::RefreshSent(tokens) => unanswered.push((family.code, tokens)),
                _ => ledger.families.push(family),
            }
        }
        let [refused, lost] = [&self.seen.refused, &self.seen.lost].map(|count| count.load(Ordering::SeqCst));
        Walked { ledger, unanswered, refused, lost }
    }

    async fn grows(&self, count: &AtomicUsize, by: usize) {
        let enough = count.load(Ordering::SeqCst) + by;
        until(PATIENCE, async || count.load(Ordering::SeqCst) >= enough).await;
    }
}

impl Walked {
    /// Holds the host to all that was answered.
    pub(crate) async fn check(mut self, client: &Client) {
        self.ledger.check(client).await;
        self.ledger.close(client).await;
        for (code, tokens) in self.unanswered {
            let answer = client.refresh(&tokens.refresh).await.unwrap();
            assert!(answer.status == StatusCode::OK || is_invalid_grant(&answer), "{}", answer.text);
            assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()));
        }
    }
}

struct Walker {
    email: String,
    client: Client,
    seen: Arc<Seen>,
    ledger: Ledger,
}

async fn walk(mut walker: Walker) -> Ledger {
    let seen = Arc::clone(&walker.seen);
    while !seen.is_over.load(Ordering::SeqCst) {
        let count = match walker.lap().await {
            Ok(()) => &seen.laps,
            Err(Broken::Lost) => &seen.lost,
            Err(Broken::Refused) => {
                tokio::time::sleep(REST).await;
                &seen.refused
            }
        };
        count.fetch_add(1, Ordering::SeqCst);
    }
    walker.ledger
}

impl Walker {
    async fn lap(&mut self) -> Result<(), Broken> {
        let client = self.client.clone();
        let mut browser = Browser::default();
        let (url, verifier) = client.leave();
        let login = self.answer(browser.try_open(url).await)?;
        let signed_in = browser.try_submit(&login, &[("email", &self.email), ("password", PASSWORD)]).await;
        let signed_in = self.answer(signed_in)?;
        let back = signed_in.redirect().unwrap_or_else(|| panic!("{}: {}", signed_in.status, signed_in.text));
        self.ledger.signed_in.push(browser.clone());
        let consent = self.answer(browser.try_open(back).await)?;
        let answer = self.answer(browser.try_submit(&consent, &[("decision", "allow")]).await)?;
        let place = self.ledger.families.len();
        let code = Code { code: code_in(&answer), verifier };
        self.ledger.families.push(Family { code: code.clone(), stage: Stage::RedemptionSent });
        let mut tokens = tokens_in(&self.answer(client.redeem(&code).await)?);
        for _ in 0..2 {
            self.ledger.families[place].stage = Stage::RefreshSent(tokens.clone());
            tokens = tokens_in(&self.answer(client.refresh(&tokens.refresh).await)?);
        }
        self.ledger.families[place].stage = Stage::TokensAnswered(tokens.clone());
        let person = self.answer(client.userinfo(&tokens.access).await)?;
        assert_eq!(json(&person)["email"], self.email, "{}", person.text);
        Ok(())
    }

    /// What came, unless it is to come again later.
    fn answer(&self, answer: Result<Page, Lost>) -> Result<Page, Broken> {
        self.seen.steps.fetch_add(1, Ordering::SeqCst);
        let answer = answer?;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.headers.contains_key(header::RETRY_AFTER), "{:?}", answer.headers);
            return Err(Broken::Refused);
        }
        Ok(answer)
    }
}
