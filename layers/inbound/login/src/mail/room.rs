//! Where mail is written and sealed.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Notify;
use towergate_core::{
    LocalPath, Random, Secret, Timestamp,
    mac::MacKey,
    seal::{SealError, SealingKey, SealingRing},
};
use towergate_identity::rules::{
    device::Device,
    email::EmailAddress,
    mail::{MailId, MailKind, OutboxMail},
    notice::Notice,
    user::UserId,
};

use super::{Letter, Letters, Mail, PlainLetters};

/// Writes and seals mail, and knows the key of the codes in it. Cheap to clone.
#[derive(Clone)]
pub struct Mailroom {
    shared: Arc<Shared>,
}

struct Shared {
    sealing: SealingRing,
    codes: MacKey,
    origin: String,
    letters: Box<dyn Letters>,
    queued: Notify,
}

/// The text is not the origin of a host: `https://`, or `http://`, a name, perhaps a port, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: expected https://, a name, perhaps a port, and nothing behind it")]
pub struct InvalidOrigin;

/// Why there is no mailroom.
#[derive(Debug, thiserror::Error)]
pub enum NoMailroom {
    /// The host has no address that a link could lead to.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// The keys could not be drawn.
    #[error(transparent)]
    Keys(#[from] SealError),
}

impl Mailroom {
    /// Mail with links to `origin`, such as `https://example.com`; sealed and its codes digested under keys that are drawn
    /// from `material`, 32 random bytes that no store holds. Links never lead where a `Host` header says.
    ///
    /// # Errors
    /// When `origin` is none.
    pub fn new(origin: &str, material: &Secret<[u8; 32]>) -> Result<Self, NoMailroom> {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let bare = |rest: &str| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
        };
        if !rest.is_some_and(bare) {
            return Err(InvalidOrigin.into());
        }
        let shared = Shared {
            sealing: SealingRing::new(SealingKey::derive(material, SEALING)?),
            codes: MacKey::derive(material, "codes in mail")?,
            letters: Box::new(PlainLetters::new(rest.unwrap_or(origin))),
            origin: origin.to_owned(),
            queued: Notify::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The same room, which also opens what was sealed under older material. Codes that were mailed then are no longer good;
    /// their links are. Call it before the room is cloned.
    ///
    /// # Errors
    /// When the keys could not be drawn.
    pub fn with_older(mut self, material: &Secret<[u8; 32]>) -> Result<Self, SealError> {
        let older = SealingKey::derive(material, SEALING)?;
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.sealing = shared.sealing.clone().with_older(older);
        }
        Ok(self)
    }

    /// The same room with other words. Call it before the room is cloned.
    #[must_use]
    pub fn with_letters(mut self, letters: impl Letters) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.letters = Box::new(letters);
        }
        self
    }

    /// Waits until a mail was queued here.
    pub async fn mail_queued(&self) {
        self.shared.queued.notified().await;
    }

    pub(crate) fn codes(&self) -> &MacKey {
        &self.shared.codes
    }

    pub(crate) fn letters(&self) -> &dyn Letters {
        &*self.shared.letters
    }

    /// The whole address of a path of this host.
    pub(crate) fn address(&self, path: &LocalPath) -> String {
        format!("{}{path}", self.shared.origin)
    }

    /// Says that there is something to send.
    pub(crate) fn wake(&self) {
        self.shared.queued.notify_one();
    }

    /// Seals a mail for the outbox.
    pub(crate) fn seal(
        &self,
        letter: Letter,
        kind: MailKind,
        to: (UserId, &EmailAddress),
        (now, lifetime): (Timestamp, Duration),
        random: &dyn Random,
    ) -> Result<OutboxMail, SealError> {
        let id = MailId::fresh(now, random)?;
        let Letter { subject, text, html } = letter;
        let message_id = format!("{id}@{}", self.host());
        let mail = Mail { to: to.1.to_string(), subject, text, html, message_id };
        let plain = Secret::new(serde_json::to_vec(&mail).map_err(|_| SealError::Malformed)?);
        let sealed = self.shared.sealing.seal(&context(id), plain.expose(), random)?;
        let expires_at = now.plus(lifetime);
        let domain = to.1.as_str().rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
        let user = to.0;
        Ok(OutboxMail {
            id,
            user,
            kind,
            domain,
            sealed,
            created_at: now,
            expires_at,
            attempt: 0,
            forgiven: 0,
        })
    }

    /// A mail that tells of a change at `now`, and leads to `page`.
    ///
    /// # Errors
    /// When it could not be sealed.
    pub fn notice(
        &self,
        notice: Notice,
        to: (UserId, &EmailAddress),
        page: &LocalPath,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<OutboxMail, SealError> {
        let letter = self.letters().notice(notice, now, &self.address(page));
        self.seal(letter, MailKind::Notice(notice), to, (now, NOTICE_LIFETIME), random)
    }

    /// A mail that tells of a sign-in at `now` on a `device` that is not known, and leads to `page`.
    ///
    /// # Errors
    /// When it could not be sealed.
    pub fn arrival(
        &self,
        device: &Device,
        to: (UserId, &EmailAddress),
        page: &LocalPath,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<OutboxMail, SealError> {
        let letter = self.letters().new_device(device, now, &self.address(page));
        self.seal(letter, MailKind::Notice(Notice::NewDevice), to, (now, NOTICE_LIFETIME), random)
    }

    /// The name of this host, as it stands behind the `@` of an identifier.
    fn host(&self) -> &str {
        let rest = self.shared.origin.split_once("://").map_or("", |(_, rest)| rest);
        match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            Some(_) | None => rest,
        }
    }

    /// Opens a mail of the outbox.
    pub(crate) fn open(&self, mail: &OutboxMail) -> Result<Mail, SealError> {
        let plain = self.shared.sealing.open(&context(mail.id), &mail.sealed)?;
        serde_json::from_slice(plain.expose()).map_err(|_| SealError::Malformed)
    }
}

/// How long a notice is worth sending.
pub(crate) const NOTICE_LIFETIME: Duration = Duration::from_secs(3 * 24 * 3600);

const SEALING: &str = "mail in the outbox";

fn context(id: MailId) -> Vec<u8> {
    [b"towergate mail ".as_slice(), id.as_uuid().as_bytes()].concat()
}

impl fmt::Debug for Mailroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailroom").field("origin", &self.shared.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::{id::Uuid, random::InsecureSeededRandom};

    use super::*;

    fn room(byte: u8) -> Mailroom {
        Mailroom::new("https://h.example", &Secret::new([byte; 32])).unwrap()
    }

    fn sealed(room: &Mailroom) -> OutboxMail {
        let letter = room.letters().confirm_address("https://h.example/confirm?token=hush", "123456");
        let email = EmailAddress::parse("alice@example.com").unwrap();
        let to = (UserId::from_uuid(Uuid::nil()), &email);
        let when = (Timestamp::from_unix_seconds(1_700_000_000), Duration::from_secs(60));
        room.seal(letter, MailKind::ConfirmAddress, to, when, &InsecureSeededRandom::new(1)).unwrap()
    }

    #[test]
    fn only_the_room_reads_what_waits() {
        let mail = sealed(&room(1));
        for hidden in [b"hush".as_slice(), b"123456", b"alice"] {
            assert!(!mail.sealed.windows(hidden.len()).any(|window| window == hidden));
        }
        assert_eq!(room(1).open(&mail).unwrap().to, "alice@example.com");
        assert!(room(2).open(&mail).is_err());
        let moved = OutboxMail { id: MailId::from_uuid(Uuid::nil()), ..mail.clone() };
        assert!(room(1).open(&moved).is_err());
        assert!(room(2).with_older(&Secret::new([1; 32])).unwrap().open(&mail).is_ok());
    }

    #[test]
    fn a_mail_has_one_identifier_however_often_it_is_opened() {
        let mail = sealed(&room(1));
        assert_eq!(room(1).open(&mail).unwrap().message_id, format!("{}@h.example", mail.id));
        assert_eq!(mail.domain, "example.com");
        for (origin, host) in [("http://localhost:3000", "localhost"), ("http://[::1]:3000", "[::1]")] {
            assert_eq!(Mailroom::new(origin, &Secret::new([1; 32])).unwrap().host(), host);
        }
        assert_eq!(Mailroom::new("http://[::1]", &Secret::new([1; 32])).unwrap().host(), "[::1]");
    }

    #[test]
    fn links_lead_to_an_origin_and_nowhere_else() {
        for good in ["https://h.example", "http://localhost:3000", "http://[::1]:3000"] {
            assert!(Mailroom::new(good, &Secret::new([1; 32])).is_ok(), "{good}");
        }
        for bad in
            ["", "h.example", "https://", "https://h.example/", "https://h@x", "ftp://h", "https://h\n"]
        {
            assert!(Mailroom::new(bad, &Secret::new([1; 32])).is_err(), "{bad}");
        }
    }
}
