//! `[limits]`: whose word about addresses counts, and how often an address may post each form.

use towergate::{
    client_address::{ForwardedBy, TrustedProxies},
    login::SignInLimits,
    rate_limit::Limit,
};

use super::reader::Section;

/// Whose word about addresses counts, and how often an address may post each form.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The proxies in front of the host.
    pub proxies: TrustedProxies,
    /// By which header they say who asked them.
    pub header: ForwardedBy,
    /// How often.
    pub sign_in: SignInLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let (proxies, header) = (TrustedProxies::none(), ForwardedBy::Forwarded);
        Self { proxies, header, sign_in: SignInLimits::default() }
    }
}

pub(super) fn read(section: Section<'_>) -> Limits {
    let usual = SignInLimits::default();
    let most = |key, limit: Limit| {
        let number = section.number(key).map(|number| match u32::try_from(number) {
            Ok(number @ 1..=1_000_000) => number,
            _ => {
                section.refuse_value(key, None, &format!("[limits] `{key}` must be 1 to 1000000"));
                1
            }
        });
        number.map_or(limit, |number| limit.most(number))
    };
    let sign_in = SignInLimits {
        login: most("login", usual.login),
        second_factor: most("mfa", usual.second_factor),
        passkey: most("passkey", usual.passkey),
        register: most("register", usual.register),
        confirm: most("confirm", usual.confirm),
        forgot: most("forgot", usual.forgot),
        reset: most("reset", usual.reset),
        magic: most("magic", usual.magic),
        account: most("account", usual.account),
    };
    let (proxies, header) = (proxies(&section), header(&section));
    if !proxies.is_empty() && header.is_none() {
        section.refuse_value(
            "trusted_proxies",
            None,
            "[limits] `header` must say by which header the proxies name who asked them: \"forwarded\" or \"x-forwarded-for\"",
        );
    }
    section.finish();
    Limits { proxies, header: header.unwrap_or(ForwardedBy::Forwarded), sign_in }
}

fn proxies(section: &Section<'_>) -> TrustedProxies {
    let networks = section.texts("trusted_proxies").unwrap_or_default();
    let read = TrustedProxies::parse(networks.iter().map(|text| &text.value));
    read.unwrap_or_else(|error| {
        section.refuse_value("trusted_proxies", None, &format!("[limits] `trusted_proxies`: {error}"));
        TrustedProxies::none()
    })
}

fn header(section: &Section<'_>) -> Option<ForwardedBy> {
    let text = section.text("header")?;
    match text.value.as_str() {
        "forwarded" => Some(ForwardedBy::Forwarded),
        "x-forwarded-for" => Some(ForwardedBy::XForwardedFor),
        _ => {
            section.refuse(&text.place, "[limits] `header` must be \"forwarded\" or \"x-forwarded-for\"");
            None
        }
    }
}
