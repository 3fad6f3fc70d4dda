//! What everybody met, written down by all who walk and look.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{StatusCode, header};
use towergate::core::system::Stopwatch;

use crate::{
    client::{Lost, Page},
    dead::Dead,
};

/// Longer than any answer may take, whatever happens to what the hosts stand on.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// How many of those that ended are looked at again and again.
const REMEMBERED: usize = 4000;

/// How many breaches are told in full, and how much of each.
const TOLD: usize = 50;
const LONG: usize = 600;

/// Why a way ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No whole answer came.
    Lost,
    /// To come again later.
    Refused,
    /// The account waits, because of sign-ins that broke off before.
    Waits,
}

/// What befalls the hosts at the moment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Weather {
    /// How many faults there have been, and how many of them killed a program.
    faults: usize,
    kills: usize,
    /// Whether the last of them is not healed yet.
    is_bad: bool,
    is_deadly: bool,
}

/// What was met.
#[derive(Default)]
pub(crate) struct Book(Mutex<Pages>);

#[derive(Default)]
pub(crate) struct Pages {
    weather: Weather,
    is_evening: bool,
    pub(crate) steps: BTreeMap<&'static str, Steps>,
    pub(crate) facts: BTreeMap<&'static str, Fact>,
    dead: Vec<Dead>,
    pub(crate) died: usize,
    pub(crate) looked_at: usize,
    mails_owed: BTreeSet<String>,
    mails_here: BTreeSet<String>,
    pub(crate) mails: usize,
    /// Sign-ins whose end an application heard of, and how often it was told.
    pub(crate) logouts_heard: BTreeSet<String>,
    pub(crate) logouts: usize,
    /// Sign-ins whose end was answered.
    pub(crate) signed_out: usize,
    pub(crate) laps: usize,
    pub(crate) waits: usize,
    pub(crate) refused_in_peace: usize,
    breaches: Vec<String>,
    breached: usize,
}

/// How often a kind of step was asked for, and what came of it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) answered: usize,
    pub(crate) refused: usize,
    pub(crate) lost: usize,
    pub(crate) longest: Duration,
}

/// How often a fact must be on the audit record, and how often it may be beyond that.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fact {
    pub(crate) sure: usize,
    pub(crate) perhaps: usize,
}

impl Book {
    /// What came of a step. The whole answer, unless it is to come again.
    ///
    /// # Errors
    /// When no whole answer came, or the word to come again.
    pub(crate) async fn step(
        &self,
        kind: &'static str,
        asked: impl Future<Output = Result<Page, Lost>>,
    ) -> Result<Page, Broken> {
        let (before, took) = (self.pages().weather, Stopwatch::started());
        let answer = tokio::time::timeout(ANSWERED_WITHIN, asked).await;
        let took = took.elapsed();
        let mut pages = self.pages();
        let now = pages.weather;
        let steps = pages.steps.entry(kind).or_default();
        steps.longest = steps.longest.max(took);
        match answer {
            Ok(Ok(page)) if page.status == StatusCode::SERVICE_UNAVAILABLE => {
                steps.refused += 1;
                if !before.is_bad && before == now {
                    pages.refused_in_peace += 1;
                }
                if !page.headers.contains_key(header::RETRY_AFTER) {
                    pages.breach(format!("{kind}: 503 without Retry-After: {}", page.text));
                }
                Err(Broken::Refused)
            }
            Ok(Ok(page)) => {
                steps.answered += 1;
                if page.status.is_server_error() {
                    pages.breach(format!("{kind}: {}: {}", page.status, page.text));
                }
                Ok(page)
            }
            Ok(Err(lost)) => {
                steps.lost += 1;
                if !before.is_deadly && before.kills == now.kills {
                    pages.breach(format!("{kind}: lost though nobody was killed: {lost}"));
                }
                Err(Broken::Lost)
            }
            Err(_) => {
                steps.lost += 1;
                pages.breach(format!("{kind}: not answered within {ANSWERED_WITHIN:?}"));
                Err(Broken::Lost)
            }
        }
    }

    /// A fault begins; one that kills a program may lose what is under way there.
    pub(crate) fn fault_begins(&self, kills_a_program: bool) {
        let weather = &mut self.pages().weather;
        weather.faults += 1;
        weather.is_bad = true;
        weather.is_deadly = kills_a_program;
        weather.kills += usize::from(kills_a_program);
    }

    /// All is well again.
    pub(crate) fn fault_is_healed(&self) {
        let weather = &mut self.pages().weather;
        weather.is_bad = false;
        weather.is_deadly = false;
    }

    /// From now on nobody sets out any more.
    pub(crate) fn evening_falls(&self) {
        self.pages().is_evening = true;
    }

    /// Whether everybody is to go home.
    pub(crate) fn is_evening(&self) -> bool {
        self.pages().is_evening
    }

    /// The fact must be on the record, once more.
    pub(crate) fn sure(&self, action: &'static str) {
        self.pages().facts.entry(action).or_default().sure += 1;
    }

    /// Nobody knows whether it happened.
    pub(crate) fn perhaps(&self, action: &'static str) {
        self.pages().facts.entry(action).or_default().perhaps += 1;
    }

    /// From now on this is over: it was answered so.
    pub(crate) fn died(&self, dead: Dead) {
        let mut pages = self.pages();
        pages.died += 1;
        if pages.dead.len() < REMEMBERED {
            pages.dead.push(dead);
        } else {
            // Some of all times are kept.
            let place = pages.died.wrapping_mul(2_654_435_761) % REMEMBERED;
            pages.dead[place] = dead;
        }
    }

    /// One of those that are over.
    pub(crate) fn a_dead_one(&self, dice: usize) -> Option<Dead> {
        let mut pages = self.pages();
        let count = pages.dead.len();
        // Every other time one of the last, which would be seen alive most easily.
        let place = if dice.is_multiple_of(2) { dice / 2 } else { count.saturating_sub(1 + dice / 2 % 20) };
        let found = pages.dead.get(place.checked_rem(count)?).cloned();
        pages.looked_at += 1;
        found
    }

    pub(crate) fn all_dead(&self) -> Vec<Dead> {
        self.pages().dead.clone()
    }

    /// A mail was promised to this address.
    pub(crate) fn mail_owed(&self, address: &str) {
        self.pages().mails_owed.insert(address.to_owned());
    }

    pub(crate) fn mail_came(&self, address: &str) {
        let mut pages = self.pages();
        pages.mails += 1;
        pages.mails_here.insert(address.to_owned());
    }

    /// An application was told that this sign-in is over.
    pub(crate) fn logout_heard(&self, sign_in: String) {
        let mut pages = self.pages();
        pages.logouts += 1;
        pages.logouts_heard.insert(sign_in);
    }

    /// The sign-ins of which an application heard, and how many were answered to be over.
    pub(crate) fn logouts(&self) -> (BTreeSet<String>, usize) {
        let pages = self.pages();
        (pages.logouts_heard.clone(), pages.signed_out)
    }

    /// It was answered that a sign-in is over, of which an application must hear.
    pub(crate) fn signed_out(&self) {
        self.pages().signed_out += 1;
    }

    /// How many addresses were promised a mail that has not come.
    pub(crate) fn mails_missing(&self) -> usize {
        self.pages().mails_missing()
    }

    pub(crate) fn lap(&self) {
        self.pages().laps += 1;
    }

    pub(crate) fn waits(&self) {
        self.pages().waits += 1;
    }

    /// Something that must never be.
    pub(crate) fn breach(&self, what: String) {
        self.pages().breach(what);
    }

    /// Everything that must never be and was.
    pub(crate) fn breaches(&self) -> (usize, Vec<String>) {
        let pages = self.pages();
        (pages.breached, pages.breaches.clone())
    }

    pub(crate) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    pub(crate) fn mails_missing(&self) -> usize {
        self.mails_owed.difference(&self.mails_here).count()
    }

    fn breach(&mut self, mut what: String) {
        self.breached += 1;
        what.truncate(what.floor_char_boundary(LONG));
        println!("BREACH (fault {}): {what}", self.weather.faults);
        if self.breaches.len() < TOLD {
            self.breaches.push(what);
        }
    }
}
