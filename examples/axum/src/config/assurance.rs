//! `[assurance]`: the profile that sets the numbers of signing in, and what the host asks for beyond it.

use std::time::Duration;

use towergate::identity::rules::assurance::{
    Adjust, Assurance, PhishingResistance, Profile, ProfileProblems, Provided,
};

use super::{
    keys::duration,
    reader::{Section, Text},
};

/// For each setting its key, which asks for more than the profile does, and the one that asks for less.
macro_rules! read_settings {
    ($section:ident, $adjust:ident; $($read:ident $stricter_key:literal $stricter:ident $insecure_key:literal $insecure:ident;)*) => {
        $(
            if let Some(value) = $read(&$section, $stricter_key) {
                $adjust = $adjust.$stricter(value);
            }
            if let Some(value) = $read(&$section, $insecure_key) {
                $adjust = $adjust.$insecure(value);
            }
        )*
    };
}

/// The profile, with everything that is wrong with it told.
pub(super) fn read(section: Section<'_>) -> Option<Profile> {
    let levels = levels(&section);
    let profile = levels.and_then(|levels| {
        let mut levels = levels.into_iter();
        let first = levels.next()?;
        Some(levels.fold(first.profile(), Profile::and))
    });
    // Read whatever the profile is, so that all that is wrong is told at once.
    let known = profile.is_some();
    let mut adjust = profile.unwrap_or_else(|| Assurance::AsvsL1.profile()).adjust();
    read_settings! { section, adjust;
        lasting "session_idle" stricter_session_idle "insecure_session_idle" insecure_session_idle;
        lasting "session_absolute" stricter_session_absolute "insecure_session_absolute" insecure_session_absolute;
        lasting "step_up_within" stricter_step_up_within "insecure_step_up_within" insecure_step_up_within;
        count "password_minimum" stricter_password_minimum "insecure_password_minimum" insecure_password_minimum;
        count "password_minimum_beside_factor" stricter_password_minimum_beside_factor "insecure_password_minimum_beside_factor" insecure_password_minimum_beside_factor;
        flag "password_blocklist" stricter_password_blocklist "insecure_password_blocklist" insecure_password_blocklist;
        flag "password_context_words" stricter_password_context_words "insecure_password_context_words" insecure_password_context_words;
        flag "password_breach_check" stricter_password_breach_check "insecure_password_breach_check" insecure_password_breach_check;
        tries "free_tries" stricter_free_tries "insecure_free_tries" insecure_free_tries;
        lasting "first_wait" stricter_first_wait "insecure_first_wait" insecure_first_wait;
        tries "failure_limit" stricter_failure_limit "insecure_failure_limit" insecure_failure_limit;
        flag "second_factor" stricter_second_factor "insecure_second_factor" insecure_second_factor;
        flag "mail_sign_in" stricter_mail_sign_in "insecure_mail_sign_in" insecure_mail_sign_in;
        perhaps "remember_me" stricter_remember_me "insecure_remember_me" insecure_remember_me;
        perhaps "trusted_browser" stricter_trusted_browser "insecure_trusted_browser" insecure_trusted_browser;
        lasting "mailed_sign_in_lifetime" stricter_mailed_sign_in_lifetime "insecure_mailed_sign_in_lifetime" insecure_mailed_sign_in_lifetime;
        tries "totp_drift" stricter_totp_drift "insecure_totp_drift" insecure_totp_drift;
        resistance "phishing_resistance" stricter_phishing_resistance "insecure_phishing_resistance" insecure_phishing_resistance;
        flag "change_notices" stricter_change_notices "insecure_change_notices" insecure_change_notices;
        flag "sign_in_notices" stricter_sign_in_notices "insecure_sign_in_notices" insecure_sign_in_notices;
    }
    let built = known.then(|| build(&section, adjust)).flatten();
    section.finish();
    built
}

/// Tells all that the profile asks for and the rest of the file does not give.
pub(super) fn refuse_unprovided(section: &Section<'_>, profile: &Profile, given: Provided) {
    let problems = profile.check(given).err();
    for problem in problems.iter().flat_map(ProfileProblems::list) {
        let mend = match problem.setting() {
            "password_breach_check" => "set `breach_check = true` in [passwords]",
            "phishing_resistance" => "leave [passkeys] enabled",
            _ => "set [mail]",
        };
        section.refuse_key("assurance", &format!("[assurance] {problem}: {mend}"));
    }
}

fn build(section: &Section<'_>, adjust: Adjust) -> Option<Profile> {
    match adjust.build() {
        Ok(profile) => Some(profile),
        Err(problems) => {
            for problem in problems.list() {
                let stricter = problem.setting();
                let insecure = format!("insecure_{stricter}");
                let key = if section.has(&insecure) { insecure.as_str() } else { stricter };
                // The keys of the file are called as the settings are, without `stricter_`.
                let text = problem.to_string().replace("`stricter_", "`");
                section.refuse_value(key, None, &format!("[assurance] {text}"));
            }
            None
        }
    }
}

/// One level, or several of which the stricter counts; the section needs at least one.
fn levels(section: &Section<'_>) -> Option<Vec<Assurance>> {
    let texts = if section.is_text("profile") {
        section.text("profile").map(|text| vec![text])
    } else if section.has("profile") {
        section.texts("profile")
    } else {
        section.required_text("profile").map(|text| vec![text])
    }?;
    if texts.is_empty() {
        section.refuse_value("profile", None, "`profile` is empty");
        return None;
    }
    let read: Vec<_> = texts.iter().map(|text| level(section, text)).collect();
    read.into_iter().collect()
}

fn level(section: &Section<'_>, text: &Text) -> Option<Assurance> {
    let read = text.value.parse::<Assurance>();
    read.map_err(|problem| section.refuse(&text.place, format!("`profile`: {problem}"))).ok()
}

fn lasting(section: &Section<'_>, key: &'static str) -> Option<Duration> {
    section.text(key).and_then(|text| duration(section, key, &text))
}

/// A time, or `never`.
fn perhaps(section: &Section<'_>, key: &'static str) -> Option<Option<Duration>> {
    let text = section.text(key)?;
    if text.value == "never" { Some(None) } else { duration(section, key, &text).map(Some) }
}

fn resistance(section: &Section<'_>, key: &'static str) -> Option<PhishingResistance> {
    let text = section.text(key)?;
    match text.value.as_str() {
        "not_asked" => Some(PhishingResistance::NotAsked),
        "offered" => Some(PhishingResistance::Offered),
        "required" => Some(PhishingResistance::Required),
        _ => {
            section
                .refuse(&text.place, format!("`{key}` must be \"not_asked\", \"offered\" or \"required\""));
            None
        }
    }
}

fn flag(section: &Section<'_>, key: &'static str) -> Option<bool> {
    section.flag(key)
}

fn count(section: &Section<'_>, key: &'static str) -> Option<usize> {
    section.number(key).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

fn tries(section: &Section<'_>, key: &'static str) -> Option<u32> {
    section.number(key).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}
