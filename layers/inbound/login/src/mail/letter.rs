//! What the mails say.

mod notice;

pub(crate) use notice::moment;

use towergate_core::Timestamp;
use towergate_identity::rules::{device::Device, notice::Notice};

/// The words of a mail, as text and HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A whole HTML document.
    pub html: String,
}

/// Words the mails. `link` and `login` are whole addresses of this host.
pub trait Letters: Send + Sync + 'static {
    /// An address is to be confirmed, by the link or by typing the code.
    fn confirm_address(&self, link: &str, code: &str) -> Letter;

    /// Somebody asks for an account at an address that has one.
    fn address_taken(&self, login: &str) -> Letter;

    /// Somebody wants to sign in, by the link or by typing the code.
    fn sign_in(&self, link: &str, code: &str) -> Letter;

    /// An address is to become somebody's, by the link or by typing the code, while they are signed in.
    fn change_email(&self, link: &str, code: &str) -> Letter;

    /// A forgotten password is to be set anew by the link.
    fn reset_password(&self, link: &str) -> Letter;

    /// Something was changed of an account at `when`; `page` is where its person looks after it. At
    /// [`Notice::EmailChanged`] it puts the address back, within seven days.
    fn notice(&self, notice: Notice, when: Timestamp, page: &str) -> Letter;

    /// Somebody signed in at `when` on a `device` that is not known; `page` is where its person ends it. Unless worded otherwise it says
    /// of the device nothing but what [`Notice::NewDevice`] says.
    fn new_device(&self, device: &Device, when: Timestamp, page: &str) -> Letter {
        let _ = device;
        self.notice(Notice::NewDevice, when, page)
    }

    /// Somebody has their address back, since `when`, and what was added meanwhile is gone; at `page` they set a new password.
    /// Unless worded otherwise it says of what is gone nothing but what [`Notice::EmailRestored`] says.
    fn email_restored(&self, gone: &AddedSince, when: Timestamp, page: &str) -> Letter {
        let _ = gone;
        self.notice(Notice::EmailRestored, when, page)
    }
}

/// What goes when a change of address is undone, because it was added since. None of it in the words of whoever added it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddedSince {
    /// From when on what was added goes.
    pub since: Timestamp,
    /// Whether an authenticator app goes, and its backup codes.
    pub app: bool,
    /// How many passkeys go.
    pub passkeys: usize,
    /// How many accounts elsewhere go.
    pub linked: usize,
    /// Whether the account was going to be deleted, and now stays.
    pub was_leaving: bool,
}

/// Plain English, with the name of the site.
#[derive(Debug, Clone)]
pub struct PlainLetters {
    site: String,
}

impl PlainLetters {
    /// Letters from `site`, a name for people.
    #[must_use]
    pub fn new(site: impl Into<String>) -> Self {
        Self { site: site.into() }
    }
}

impl Letters for PlainLetters {
    fn confirm_address(&self, link: &str, code: &str) -> Letter {
        let site = &self.site;
        compose(
            format!("Confirm your e-mail address for {site}"),
            &[
                Part::Words(format!(
                    "Somebody, hopefully you, made an account at {site} with this e-mail address."
                )),
                Part::Words(String::from("To confirm that it is yours, open this address within 24 hours:")),
                Part::Link(link.to_owned()),
                Part::Words(String::from("or type this code where you registered:")),
                Part::Code(code.to_owned()),
                Part::Words(String::from(
                    "If it was not you, do nothing: without you the account cannot be confirmed.",
                )),
            ],
        )
    }

    fn address_taken(&self, login: &str) -> Letter {
        let site = &self.site;
        compose(
            format!("You already have an account at {site}"),
            &[
                Part::Words(format!(
                    "Somebody, perhaps you, asked for a new account at {site} with this e-mail address. There is one \
                     already, so nothing has changed."
                )),
                Part::Words(String::from("If it was you, sign in here:")),
                Part::Link(login.to_owned()),
                Part::Words(String::from("If it was not you, there is nothing to do.")),
            ],
        )
    }

    fn sign_in(&self, link: &str, code: &str) -> Letter {
        let site = &self.site;
        compose(
            format!("Sign in to {site}"),
            &[
                Part::Words(format!(
                    "Somebody, hopefully you, wants to sign in to {site} with this e-mail address."
                )),
                Part::Words(String::from("To sign in, open this address within ten minutes:")),
                Part::Link(link.to_owned()),
                Part::Words(String::from("or type this code in the browser where you asked for it:")),
                Part::Code(code.to_owned()),
                Part::Words(String::from(
                    "Never tell the code to anybody, whoever they say they are. If it was not you, do nothing: without you \
                     nobody gets in.",
                )),
            ],
        )
    }

    fn change_email(&self, link: &str, code: &str) -> Letter {
        let site = &self.site;
        compose(
            format!("Confirm your new e-mail address for {site}"),
            &[
                Part::Words(format!(
                    "Somebody, hopefully you, wants to use this e-mail address for their account at {site}."
                )),
                Part::Words(String::from(
                    "To confirm it, open this address within 24 hours where you are signed in:",
                )),
                Part::Link(link.to_owned()),
                Part::Words(String::from("or type this code on the page where you asked for it:")),
                Part::Code(code.to_owned()),
                Part::Words(String::from(
                    "Never tell the code to anybody. If it was not you, do nothing: without you nothing is changed.",
                )),
            ],
        )
    }

    fn reset_password(&self, link: &str) -> Letter {
        let site = &self.site;
        compose(
            format!("Set a new password for {site}"),
            &[
                Part::Words(format!(
                    "Somebody, hopefully you, said that they forgot the password of your account at {site}."
                )),
                Part::Words(String::from("To set a new one, open this address within an hour:")),
                Part::Link(link.to_owned()),
                Part::Words(String::from(
                    "It works once, in any browser. If it was not you, do nothing: your password stays as it is.",
                )),
            ],
        )
    }

    fn email_restored(&self, gone: &AddedSince, when: Timestamp, page: &str) -> Letter {
        let mut parts = self.parts_of(Notice::EmailRestored, when, page);
        parts.insert(2, Part::Words(notice::gone(gone)));
        self.told(Notice::EmailRestored, &parts)
    }

    fn notice(&self, notice: Notice, when: Timestamp, page: &str) -> Letter {
        self.told(notice, &self.parts_of(notice, when, page))
    }

    fn new_device(&self, device: &Device, when: Timestamp, page: &str) -> Letter {
        let mut parts = self.parts_of(Notice::NewDevice, when, page);
        let from: Vec<_> = device.place.iter().chain(&device.network).map(String::as_str).collect();
        let from = if from.is_empty() { String::new() } else { format!(", from {}", from.join(", ")) };
        parts.insert(2, Part::Words(format!("It was {}{from}.", device.in_words())));
        self.told(Notice::NewDevice, &parts)
    }
}

impl PlainLetters {
    fn told(&self, notice: Notice, parts: &[Part]) -> Letter {
        compose(format!("{} at {}", notice::words(notice).subject, self.site), parts)
    }

    fn parts_of(&self, notice: Notice, when: Timestamp, page: &str) -> Vec<Part> {
        let words = notice::words(notice);
        let site = &self.site;
        let mut parts = vec![
            Part::Words(words.happened.to_owned()),
            Part::Words(format!("It happened at {site}, on {} (UTC).", notice::moment(when))),
            Part::Words(words.theirs.to_owned()),
            Part::Words(format!("If it was not you, {}", words.somebody_elses)),
            Part::Link(page.to_owned()),
        ];
        parts.extend(words.otherwise.map(|words| Part::Words(words.to_owned())));
        parts
    }
}

enum Part {
    Code(String),
    Link(String),
    Words(String),
}

fn compose(subject: String, parts: &[Part]) -> Letter {
    let mut text = String::new();
    let mut html = String::from("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    html.extend([&escape(&subject), "</title></head><body>\n"]);
    for part in parts {
        match part {
            Part::Words(words) => {
                text.extend([words, "\n\n"]);
                html.extend(["<p>", &escape(words), "</p>\n"]);
            }
            Part::Link(link) => {
                text.extend(["    ", link, "\n\n"]);
                let link = escape(link);
                html.extend(["<p><a href=\"", &link, "\">", &link, "</a></p>\n"]);
            }
            Part::Code(code) => {
                text.extend(["    ", code, "\n\n"]);
                html.extend(["<p><strong>", &escape(code), "</strong></p>\n"]);
            }
        }
    }
    html.push_str("</body></html>\n");
    Letter { subject, text, html }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_in_text_and_html() {
        let letters = PlainLetters::new("Trees & <co>");
        let letter = letters.confirm_address("https://h.example/confirm?token=a&return_to=%2F", "012345");
        assert!(letter.text.contains("    https://h.example/confirm?token=a&return_to=%2F\n"));
        assert!(letter.text.contains("    012345\n") && letter.html.contains("<strong>012345<"));
        assert!(letter.html.contains("href=\"https://h.example/confirm?token=a&amp;return_to=%2F\""));
        assert!(letter.html.contains("Trees &amp; &lt;co&gt;") && letter.subject.contains("Trees & <co>"));
        let letter = letters.address_taken("https://h.example/login");
        assert!(letter.text.contains("    https://h.example/login\n") && !letter.html.contains("<co>"));
    }

    #[test]
    fn whoever_has_their_address_back_is_told_what_is_gone() {
        let when = Timestamp::from_unix_seconds(951_782_400);
        let nothing = AddedSince { since: when, app: false, passkeys: 0, linked: 0, was_leaving: false };
        let all = AddedSince { app: true, passkeys: 1, linked: 2, was_leaving: true, ..nothing };
        let letter =
            |gone| PlainLetters::new("Trees").email_restored(&gone, when, "https://h.example/forgot").text;
        for said in
            ["since 2000-02-29 00:00", "an authenticator app", "1 passkey,", "2 accounts elsewhere", "stays"]
        {
            assert!(letter(all).contains(said), "{said}");
        }
        assert!(letter(nothing).contains("Nothing else was added") && !letter(nothing).contains("passkeys,"));
    }

    #[test]
    fn every_notice_says_what_happened_when_and_what_to_do() {
        let letters = PlainLetters::new("Trees");
        let page = "https://h.example/account";
        let mut subjects = std::collections::BTreeSet::new();
        for notice in Notice::ALL {
            let Letter { subject, text, html } =
                letters.notice(notice, Timestamp::from_unix_seconds(951_782_400), page);
            assert!(subject.ends_with(" at Trees") && !subject.contains('\n'), "{subject}");
            for said in ["2000-02-29 00:00", "If it was you, ", "If it was not you, ", page] {
                assert!(text.contains(said) && html.contains(said), "{notice:?} lacks {said}");
            }
            assert!(subjects.insert(subject), "{notice:?} says what another one says");
        }
    }
}
