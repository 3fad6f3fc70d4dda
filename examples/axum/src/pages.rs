//! The host's own pages, in the look of the default pages.

use askama::Template;
use bytes::Bytes;
use http::{Response, StatusCode};
use towergate::{core::Timestamp, oauth_server::Issuer, pages::DefaultPages, scope::CurrentScope};

use crate::{accounts::Profiles, config::Config, start::Start};

/// What the front page shows.
#[derive(Debug, Template)]
#[template(path = "front.html")]
pub struct Front {
    framework: &'static str,
    issuer: String,
    origin: String,
    demo: Option<String>,
    starts: Vec<Start>,
    person: Option<Person>,
    registers: bool,
    unconfirmed: bool,
}

/// Who is signed in.
#[derive(Debug)]
struct Person {
    name: String,
    subject: String,
    sid: String,
    since: String,
    since_machine: String,
    methods: String,
}

impl Front {
    /// The front page as `scope` sees it at `now`.
    #[must_use]
    pub fn new(
        framework: &'static str,
        config: &Config,
        issuer: &Issuer,
        profiles: &Profiles,
        scope: &CurrentScope,
        now: Timestamp,
        unconfirmed: bool,
    ) -> Self {
        let person = scope.user().zip(scope.authenticated_at()).map(|(user, at)| Person {
            name: profiles.name_of(user),
            subject: user.to_string(),
            sid: scope.sign_in().map(|id| id.to_string()).unwrap_or_default(),
            since: ago(at, now),
            since_machine: utc(at),
            methods: scope.methods().iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", "),
        });
        Self {
            framework,
            issuer: config.issuer_text(),
            origin: config.origin(),
            demo: config.demo.map(|demo| demo.origin()),
            starts: config.clients.iter().filter_map(|entry| Start::at(&entry.client, issuer)).collect(),
            person,
            registers: config.mail.is_some(),
            unconfirmed,
        }
    }

    /// The whole document.
    #[must_use]
    pub fn html(&self, pages: &DefaultPages) -> String {
        let body = self.render().unwrap_or_else(|_| String::from("<h1>The page could not be drawn</h1>"));
        pages.document("Front page", &body)
    }
}

/// The page for an address that leads nowhere.
#[must_use]
pub fn not_found(pages: &DefaultPages) -> String {
    pages.document("Not found", "<h1>There is nothing here</h1><p><a href=\"/\">Go to the front page</a></p>")
}

/// A page of the host, with the headers that keep it from being framed, kept, or told on.
#[must_use]
pub fn page(status: StatusCode, html: String, pages: &DefaultPages) -> Response<Bytes> {
    towergate::endpoint::page::page(status, html, pages.style_source(), "form-action 'self'")
}

/// How long ago, for people.
fn ago(at: Timestamp, now: Timestamp) -> String {
    let some = |count: u64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match now.since(at).as_secs() {
        0..5 => String::from("just now"),
        seconds @ 5..60 => some(seconds, "second"),
        seconds @ 60..3600 => some(seconds / 60, "minute"),
        seconds => some(seconds / 3600, "hour"),
    }
}

/// The moment in [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), for machines.
fn utc(at: Timestamp) -> String {
    let (days, second) = (at.unix_seconds().div_euclid(86_400), at.unix_seconds().rem_euclid(86_400));
    // Days are counted from 0000-03-01 in eras of 400 years, so that a leap day comes last in its year.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_for_machines() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(Timestamp::from_unix_seconds(seconds)), text);
        }
    }

    #[test]
    fn a_moment_is_told_to_people() {
        let now = Timestamp::from_unix_seconds(10_000);
        for (seconds, text) in
            [(9_999, "just now"), (9_990, "10 seconds ago"), (9_700, "5 minutes ago"), (2_000, "2 hours ago")]
        {
            assert_eq!(ago(Timestamp::from_unix_seconds(seconds), now), text);
        }
    }
}
