//! What each level asks for.
//!
//! Where a standard says a number, it is here, as weak as the standard allows and no weaker; where it says none, the default of
//! the house is. What is mailed for another purpose than signing in lives, and may be tried, no longer than the strictest of them
//! allows, under every profile: [`Purpose::lifetime`](crate::rules::email_token::Purpose::lifetime).

use std::time::Duration;

use super::{Assurance, PhishingResistance, SessionCount, Settings};
use crate::rules::totp;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Assurance {
    /// What it asks for.
    pub(super) const fn settings(self) -> Settings {
        match self {
            // Email is no authenticator at any level of NIST (N3.1.3a), and being remembered is no authentication (N5.1b).
            Self::Aal1 => Settings { mail_sign_in: false, remember_me: None, ..FIRST },
            Self::Aal2 => Settings {
                session_idle: HOUR,
                session_absolute: DAY,
                second_factor: true,
                phishing_resistance: PhishingResistance::Offered,
                mail_sign_in: false,
                remember_me: None,
                trusted_browser: None,
                ..FIRST
            },
            Self::AsvsL1 => FIRST,
            // ASVS names no lifetimes and asks to justify what deviates from NIST (7.1.1): its numbers are taken over.
            Self::AsvsL2 => SECOND,
            Self::AsvsL3 => Settings {
                session_idle: Duration::from_secs(15 * 60),
                session_absolute: Duration::from_secs(12 * 60 * 60),
                phishing_resistance: PhishingResistance::Required,
                mail_sign_in: false,
                ..SECOND
            },
        }
    }
}

const FIRST: Settings = Settings {
    session_idle: Duration::from_secs(7 * 24 * 60 * 60),
    session_absolute: Duration::from_secs(30 * 24 * 60 * 60),
    concurrent_sessions: SessionCount::Any,
    step_up_within: Duration::from_secs(5 * 60),
    password_minimum: 15,
    password_minimum_beside_factor: 8,
    password_blocklist: true,
    password_context_words: false,
    password_breach_check: false,
    free_tries: 5,
    first_wait: Duration::from_secs(30),
    failure_limit: 100,
    second_factor: false,
    phishing_resistance: PhishingResistance::NotAsked,
    mail_sign_in: true,
    remember_me: Some(Duration::from_secs(30 * 24 * 60 * 60)),
    trusted_browser: Some(Duration::from_secs(30 * 24 * 60 * 60)),
    mailed_sign_in_lifetime: Duration::from_secs(10 * 60),
    totp_drift: totp::DRIFT,
    change_notices: true,
    sign_in_notices: true,
};

const SECOND: Settings = Settings {
    session_idle: HOUR,
    session_absolute: DAY,
    password_context_words: true,
    password_breach_check: true,
    second_factor: true,
    remember_me: None,
    trusted_browser: None,
    // With a drift of one step a code lives 90 seconds.
    totp_drift: 0,
    ..FIRST
};
