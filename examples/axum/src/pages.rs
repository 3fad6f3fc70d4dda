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
            since_machine: at.to_rfc3339(),
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

#[cfg(test)]
mod tests {
    use super::*;

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
