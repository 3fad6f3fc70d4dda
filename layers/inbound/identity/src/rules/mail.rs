//! Mail that waits to be sent: how often it may be written, and when it is tried again.

use std::time::Duration;

use towergate_core::{Random, Timestamp, outbox::Retry, typed_id};

use super::{notice::Notice, user::UserId};

typed_id! {
    /// A mail.
    MailId
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MailKind {
    /// Somebody asks for an account at an address that has one.
    AddressTaken,
    /// A new address of somebody is to be proven.
    ChangeEmail,
    /// A new account's address is to be confirmed.
    ConfirmAddress,
    /// Something was changed of somebody's account.
    Notice(Notice),
    /// A forgotten password is to be set anew.
    ResetPassword,
    /// Somebody signs in by mail.
    SignIn,
}

impl MailKind {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressTaken => "address_taken",
            Self::ChangeEmail => "change_email",
            Self::ConfirmAddress => "confirm_address",
            Self::Notice(notice) => notice.as_str(),
            Self::ResetPassword => "reset_password",
            Self::SignIn => "sign_in",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AddressTaken, Self::ChangeEmail, Self::ConfirmAddress, Self::ResetPassword, Self::SignIn]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .or_else(|| Notice::parse(text).map(Self::Notice))
    }
}

/// A mail in the outbox. Its text is sealed under a key that the store does not hold, and erased once it is sent: a link in it
/// opens nothing for whoever reads the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMail {
    /// Its identifier.
    pub id: MailId,
    /// Whose address it goes to.
    pub user: UserId,
    /// What it is about.
    pub kind: MailKind,
    /// The domain of its address, in lower case: one that is slow holds up no other.
    pub domain: String,
    /// Recipient, subject and text, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When what it says is worth nothing any more.
    pub expires_at: Timestamp,
    /// How often it was tried; the first try is 1.
    pub attempt: u32,
    /// How many of these tries were before an operator had it sent again.
    pub forgiven: u32,
}

/// How many mails of one kind a person gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimit {
    /// At most so many,
    pub most: u32,
    /// within so long.
    pub within: Duration,
}

impl Default for MailLimit {
    /// Five within an hour.
    fn default() -> Self {
        Self { most: 5, within: Duration::from_secs(3600) }
    }
}

/// How a try to send a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailDelivery {
    /// The next server has it.
    Sent,
    /// It is tried again.
    RetryAt {
        /// When.
        at: Timestamp,
        /// Why, as a stable lower-case word.
        reason: &'static str,
    },
    /// It is never sent.
    GivenUp {
        /// Why, as a stable lower-case word.
        reason: &'static str,
    },
}

impl OutboxMail {
    /// What becomes of it after a try that failed at `now` for a `reason` that may pass.
    #[must_use]
    pub fn after_failure(&self, reason: &'static str, now: Timestamp, random: &dyn Random) -> MailDelivery {
        let tries = self.attempt.saturating_sub(self.forgiven);
        match Retry::STANDARD.after(tries, now, Some(self.expires_at), random) {
            Some(at) => MailDelivery::RetryAt { at, reason },
            None => MailDelivery::GivenUp { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::{id::Uuid, random::InsecureSeededRandom};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn mail(attempt: u32, forgiven: u32) -> OutboxMail {
        OutboxMail {
            id: MailId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::nil()),
            kind: MailKind::ConfirmAddress,
            domain: String::from("example.com"),
            sealed: Vec::new(),
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(24 * 3600)),
            attempt,
            forgiven,
        }
    }

    #[test]
    fn the_seventh_failure_is_the_last_counted_from_when_it_was_replayed() {
        let random = InsecureSeededRandom::new(1);
        for (attempt, forgiven, again) in
            [(1, 0, true), (6, 0, true), (7, 0, false), (8, 7, true), (13, 7, true), (14, 7, false)]
        {
            let delivery = mail(attempt, forgiven).after_failure("refused", NOW, &random);
            assert_eq!(matches!(delivery, MailDelivery::RetryAt { .. }), again, "{attempt}");
        }
    }

    #[test]
    fn what_would_come_too_late_is_given_up() {
        let late = NOW.plus(Duration::from_secs(24 * 3600 - 5));
        let delivery = mail(1, 0).after_failure("x", late, &InsecureSeededRandom::new(1));
        assert_eq!(delivery, MailDelivery::GivenUp { reason: "x" });
    }
}
