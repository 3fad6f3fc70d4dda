//! Mail that is kept in the place of being sent.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use towergate_login::mail::{Mail, MailError, Mailer};

/// A mailer that keeps what it is given. Clones are the same mailbox.
///
/// A [`Postman`](towergate_login::mail::Postman) with it carries what waits in the outbox, when the test says so.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<Vec<Mail>>>);

impl Mailbox {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every mail, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().clone()
    }

    /// The newest mail to `address`.
    #[must_use]
    pub fn newest_to(&self, address: &str) -> Option<Mail> {
        self.kept().iter().rev().find(|mail| mail.to == address).cloned()
    }

    /// The first link in the newest mail to `address`: a whole address of the host.
    #[must_use]
    pub fn link_to(&self, address: &str) -> Option<String> {
        let is_link = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
        self.newest_to(address)?.text.split_whitespace().find(is_link).map(str::to_owned)
    }

    /// The code in the newest mail to `address`: six digits on a line of their own.
    #[must_use]
    pub fn code_to(&self, address: &str) -> Option<String> {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.newest_to(address)?.text.lines().map(str::trim).find(is_code).map(str::to_owned)
    }

    /// Throws away what is there.
    pub fn empty(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.kept().push(mail.clone());
        Ok(())
    }
}

// What it keeps may open an account.
impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("mails", &self.kept().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_codes_are_those_of_the_newest_mail() {
        let mailbox = Mailbox::new();
        for (to, text) in [
            ("alice@example.com", "open\n\n    https://h.example/old\n\nor type\n\n    111111\n"),
            (
                "alice@example.com",
                "in 1234567 days open\n\n    https://h.example/new\n\nor type\n\n    222222\n",
            ),
            ("bob@example.com", "nothing"),
        ] {
            let (subject, html, message_id) = Default::default();
            let mail = Mail { to: to.into(), subject, text: text.into(), html, message_id };
            mailbox.kept().push(mail);
        }
        assert_eq!(mailbox.link_to("alice@example.com").as_deref(), Some("https://h.example/new"));
        assert_eq!(mailbox.code_to("alice@example.com").as_deref(), Some("222222"));
        assert_eq!((mailbox.link_to("bob@example.com"), mailbox.code_to("bob@example.com")), (None, None));
        assert_eq!(mailbox.mails().len(), 3);
        mailbox.empty();
        assert!(mailbox.newest_to("bob@example.com").is_none());
    }
}
