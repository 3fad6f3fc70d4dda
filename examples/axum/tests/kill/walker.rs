//! Somebody who goes the whole way again and again, and writes down each answer that came whole.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, Sender, channel},
};

use crate::{
    client::{Browser, Client, Code, Lost, PASSWORD, code_in, json, tokens_in},
    ledger::{Family, Ledger, Stage},
};

/// The steps of one lap.
pub(crate) const STEPS: usize = 8;

/// Tells the killer when so many steps have begun.
pub(crate) struct Fuse {
    left: AtomicUsize,
    burnt: Sender<()>,
}

impl Fuse {
    pub(crate) fn after(steps: usize) -> (Arc<Self>, Receiver<()>) {
        let (burnt, told) = channel();
        (Arc::new(Self { left: AtomicUsize::new(steps), burnt }), told)
    }

    fn burn(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.burnt.send(()).unwrap();
        }
    }
}

/// The address of one walker. Each signs in as somebody else: a sign-in that a kill breaks off stays counted as a try, and
/// a few of those at one account make the next one wait.
pub(crate) fn address(walker: usize) -> String {
    format!("walker-{walker}@example.com")
}

/// The people of the configuration, beside those that every client's test has.
pub(crate) fn people(walkers: usize) -> String {
    let person = |walker| {
        format!("[[users]]\nemail = \"{}\"\npassword = \"{PASSWORD}\"\nname = \"Walker\"\n", address(walker))
    };
    (0..walkers).map(person).collect()
}

/// What was answered until the program was gone, and the step at which it went.
pub(crate) async fn walk_until_lost(
    walker: usize,
    client: Arc<Client>,
    fuse: Arc<Fuse>,
) -> (Ledger, &'static str) {
    let mut walker = Walker { email: address(walker), client, fuse, ledger: Ledger::default(), step: "" };
    loop {
        if walker.lap().await.is_err() {
            return (walker.ledger, walker.step);
        }
    }
}

struct Walker {
    email: String,
    client: Arc<Client>,
    fuse: Arc<Fuse>,
    ledger: Ledger,
    step: &'static str,
}

impl Walker {
    async fn lap(&mut self) -> Result<(), Lost> {
        let client = Arc::clone(&self.client);
        let mut browser = Browser::default();
        self.begin("authorize");
        let (url, verifier) = client.leave();
        let login = browser.try_open(url).await?;
        self.begin("sign in");
        let signed_in = browser.try_submit(&login, &[("email", &self.email), ("password", PASSWORD)]).await?;
        self.ledger.signed_in.push(browser.clone());
        self.begin("ask consent");
        let consent =
            browser.try_open(signed_in.redirect().unwrap_or_else(|| panic!("{signed_in:?}"))).await?;
        self.begin("consent");
        let answer = browser.try_submit(&consent, &[("decision", "allow")]).await?;
        let place = self.ledger.families.len();
        let code = Code { code: code_in(&answer), verifier };
        self.ledger.families.push(Family { code: code.clone(), stage: Stage::CodeAnswered });
        self.begin("redeem");
        self.reached(place, Stage::RedemptionSent);
        let tokens = tokens_in(&client.redeem(&code).await?);
        self.reached(place, Stage::TokensAnswered(tokens.clone()));
        self.begin("refresh");
        self.reached(place, Stage::RefreshSent(tokens.clone()));
        let tokens = tokens_in(&client.refresh(&tokens.refresh).await?);
        self.reached(place, Stage::TokensAnswered(tokens.clone()));
        self.begin("refresh again");
        self.reached(place, Stage::RefreshSent(tokens.clone()));
        let tokens = tokens_in(&client.refresh(&tokens.refresh).await?);
        self.reached(place, Stage::TokensAnswered(tokens.clone()));
        self.begin("userinfo");
        let person = client.userinfo(&tokens.access).await?;
        assert_eq!(json(&person)["email"], self.email, "{}", person.text);
        Ok(())
    }

    fn begin(&mut self, step: &'static str) {
        self.step = step;
        self.fuse.burn();
    }

    fn reached(&mut self, place: usize, stage: Stage) {
        self.ledger.families[place].stage = stage;
    }
}
