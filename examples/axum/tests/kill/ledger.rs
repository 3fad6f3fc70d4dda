//! What the clients were told, and whether the host still stands by it.

use std::fmt;

use crate::client::{Browser, Client, Code, Page, Tokens, is_invalid_grant, json, tokens_in};

/// Everything that came whole.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Browsers whose sign-in was answered.
    pub(crate) signed_in: Vec<Browser>,
    /// Codes that were answered, and what came of them since the last kill.
    pub(crate) families: Vec<Family>,
    /// Families whose code is left alone, to be refreshed after every kill.
    kept: Vec<(Code, Tokens)>,
    counts: Counts,
}

/// A code and what grew from it.
pub(crate) struct Family {
    pub(crate) code: Code,
    pub(crate) stage: Stage,
}

/// How far the client knows it came.
pub(crate) enum Stage {
    /// There is a code.
    CodeAnswered,
    /// The code was sent; nobody knows whether it was spent.
    RedemptionSent,
    /// There are tokens.
    TokensAnswered(Tokens),
    /// These tokens' refresh token was sent; nobody knows whether it was rotated.
    RefreshSent(Tokens),
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    families: usize,
    redemptions_lost: usize,
    of_them_spent: usize,
    refreshes_lost: usize,
}

const KEPT_AT_MOST: usize = 4;

impl Ledger {
    pub(crate) fn take_over(&mut self, walked: Self) {
        self.signed_in.extend(walked.signed_in);
        self.families.extend(walked.families);
    }

    /// Holds the host, started anew, to all of it.
    pub(crate) async fn check(&mut self, client: &Client) {
        self.counts.sessions += self.signed_in.len();
        for browser in &mut self.signed_in {
            let front = browser.try_open(client.at("/")).await.unwrap();
            assert!(front.says("You are Walker"), "{}", front.text);
        }
        self.signed_in.truncate(1);
        for (_, tokens) in &mut self.kept {
            *tokens = still_good(client, tokens).await;
        }
        self.counts.families += self.families.len();
        for family in std::mem::take(&mut self.families) {
            self.check_family(client, family).await;
        }
    }

    /// The codes that were left alone cannot be used twice either.
    pub(crate) async fn close(self, client: &Client) {
        assert_eq!(self.kept.len(), KEPT_AT_MOST);
        for (code, _) in &self.kept {
            is_spent(client, code).await;
        }
    }

    async fn check_family(&mut self, client: &Client, Family { code, stage }: Family) {
        match stage {
            Stage::CodeAnswered => {
                let tokens = tokens_in(&client.redeem(&code).await.unwrap());
                still_good(client, &tokens).await;
            }
            Stage::RedemptionSent => {
                self.counts.redemptions_lost += 1;
                let answer = client.redeem(&code).await.unwrap();
                if is_invalid_grant(&answer) {
                    self.counts.of_them_spent += 1;
                } else {
                    still_good(client, &tokens_in(&answer)).await;
                }
            }
            Stage::TokensAnswered(tokens) => {
                let tokens = still_good(client, &tokens).await;
                if self.kept.len() < KEPT_AT_MOST {
                    return self.kept.push((code, tokens));
                }
            }
            Stage::RefreshSent(tokens) => {
                // Rotated or not, the same client asks again soon enough.
                self.counts.refreshes_lost += 1;
                still_good(client, &tokens).await;
            }
        }
        is_spent(client, &code).await;
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.fmt(f)
    }
}

/// The access token is, the refresh token is, and so is what comes of it.
async fn still_good(client: &Client, tokens: &Tokens) -> Tokens {
    is_a_person(&client.userinfo(&tokens.access).await.unwrap());
    let next = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    is_a_person(&client.userinfo(&next.access).await.unwrap());
    next
}

fn is_a_person(answer: &Page) {
    let person = json(answer);
    let known = person["email"].as_str().is_some_and(|email| email.ends_with("@example.com"));
    assert!(known, "{}: {}", answer.status, answer.text);
}

async fn is_spent(client: &Client, code: &Code) {
    let answer = client.redeem(code).await.unwrap();
    assert!(is_invalid_grant(&answer), "{}: {}", answer.status, answer.text);
}
