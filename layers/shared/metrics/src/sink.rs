//! What audit events tell, as counters.

use metrics::counter;
use towergate_core::audit::{Event, Sink};

use crate::{
    counters::Counters,
    names::{EVENTS, SIGN_INS, TOKENS},
};

/// The means by which people sign in, as events name them; each is part of the label `method`.
const METHODS: [&str; 7] = ["email", "fed", "mfa", "otp", "pop", "pwd", "remembered"];

/// The grants that tokens come from, as events name them, and what they are called.
const GRANTS: [(&str, &str); 6] = [
    ("authorization_code", "authorization_code"),
    ("client_credentials", "client_credentials"),
    ("refresh_token", "refresh_token"),
    ("urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "token_exchange"),
    ("urn:openid:params:grant-type:ciba", "ciba"),
];

/// Counts events; goes beside the sink that writes them down.
#[derive(Debug)]
pub struct MetricsSink {
    events: Counters<2>,
    tokens: Counters<1>,
}

impl MetricsSink {
    /// A sink that asks the recorder that is there when it hears its first events.
    #[must_use]
    pub const fn new() -> Self {
        Self { events: Counters::of(EVENTS, ["action", "outcome"]), tokens: Counters::of(TOKENS, ["grant"]) }
    }
}

impl Default for MetricsSink {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for MetricsSink {
    fn record(&self, event: &Event) {
        self.events.count([event.action, event.outcome.as_str()]);
        if let Some((method, outcome)) = sign_in(event) {
            counter!(SIGN_INS, "method" => method, "outcome" => outcome).increment(1);
        }
        if event.action == "token.issued" {
            let named = detail(event, "grant_type").unwrap_or_default();
            let grant = GRANTS.iter().find(|(name, _)| *name == named).map_or("other", |(_, grant)| *grant);
            self.tokens.count([grant]);
        }
    }
}

/// By which means somebody tried to sign in, and what came of it.
fn sign_in(event: &Event) -> Option<(String, &'static str)> {
    let amr = || methods(detail(event, "amr").unwrap_or_default());
    match event.action {
        "login.succeeded" => Some((amr(), "succeeded")),
        "login.half" | "login.enrolment_due" | "login.leaving" => Some((amr(), "half")),
        "login.failed" => Some((String::from("pwd"), "failed")),
        "factor.refused" => Some((String::from("otp"), "failed")),
        "passkey.refused" => Some((String::from("pop"), "failed")),
        "provider.refused" => Some((String::from("fed"), "failed")),
        _ => None,
    }
}

/// The means that the house knows among those, in one order: `otp+pwd`.
fn methods(amr: &str) -> String {
    let named: Vec<_> = amr.split(|byte: char| !byte.is_ascii_alphanumeric()).collect();
    let known: Vec<_> = METHODS.into_iter().filter(|method| named.contains(method)).collect();
    if known.is_empty() { String::from("other") } else { known.join("+") }
}

fn detail<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    event.details.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_a_few_known_words_in_one_order() {
        assert_eq!(methods("pwd otp"), "otp+pwd");
        assert_eq!(methods("otp,pwd"), "otp+pwd");
        assert_eq!(methods("alice@example.com 192.0.2.1"), "other");
        assert_eq!(methods(""), "other");
    }
}
