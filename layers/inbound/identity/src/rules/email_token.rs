//! What is mailed to prove an address: a link nobody can guess, and a code of six digits that a person can type.
//!
//! 1. The link holds an opaque token; a store keeps its digest. The code is guessable, so a store keeps it under a key that
//!    it does not hold, bound to the person, the address and the purpose; five tries, whoever makes them.
//! 2. Either is good once, until its end, and only while it is the newest of its purpose.
//! 3. Whoever shows it stands on firm ground, or it is not good: it is the browser that asked for it, or the person is signed
//!    in, or they know the password that goes with it. A link that a stranger was made to open does nothing for the one who
//!    had it mailed.

use std::time::Duration;

use towergate_core::{
    Digest, Random, RandomUnavailable, Secret, Timestamp,
    mac::MacKey,
    random,
    token::{OpaqueToken, Prefix},
    typed_id,
};

use super::{email::EmailAddress, user::UserId};

typed_id! {
    /// A mailed proof.
    EmailTokenId
}

/// How the token in a mailed link begins.
pub const PREFIX: Prefix = Prefix::new("tgm");

/// How the secret begins by which a browser is known to have asked for a mail.
pub const BROWSER_PREFIX: Prefix = Prefix::new("tgmb");

/// How often a code may be tried.
pub const MAX_TRIES: u8 = 5;

/// What a proof is mailed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// To show that a new address is its person's, who has another one now.
    ChangeEmail,
    /// To show that the address of a new account is its person's.
    Confirm,
    /// To set a forgotten password anew.
    ResetPassword,
    /// To sign in.
    SignIn,
    /// To have back the address that was changed for another.
    UndoEmailChange,
}

impl Purpose {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangeEmail => "change_email",
            Self::Confirm => "confirm",
            Self::ResetPassword => "reset_password",
            Self::SignIn => "sign_in",
            Self::UndoEmailChange => "undo_email_change",
        }
    }

    /// Every one of them.
    pub const ALL: [Self; 5] =
        [Self::ChangeEmail, Self::Confirm, Self::ResetPassword, Self::SignIn, Self::UndoEmailChange];

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    /// Whether it dies when a forgotten password is set anew. Not what gives back an address that a thief has changed: or the
    /// thief would only have to forget the password at the new one.
    #[must_use]
    pub const fn dies_with_a_reset(self) -> bool {
        !matches!(self, Self::UndoEmailChange)
    }

    /// Whether it dies when a password is changed. Not what proves an address, either: whoever holds an account at an address
    /// that is not theirs does not keep its owner out by changing the password.
    #[must_use]
    pub const fn dies_with_a_change(self) -> bool {
        matches!(self, Self::ChangeEmail | Self::ResetPassword | Self::SignIn)
    }

    /// How long a proof of it is good.
    #[must_use]
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::SignIn => Duration::from_secs(10 * 60),
            Self::ResetPassword => Duration::from_secs(3600),
            Self::ChangeEmail | Self::Confirm => Duration::from_secs(24 * 3600),
            Self::UndoEmailChange => Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// A mailed proof as a store keeps it.
#[derive(Debug, Clone)]
pub struct EmailToken {
    /// Its identifier, the public half of the link's token.
    pub id: EmailTokenId,
    /// The digest of the link's secret half.
    pub digest: Digest,
    /// The digest of the code, under a key that no store holds.
    pub code: Digest,
    /// The digest of the secret of the browser that asked for it.
    pub browser: Option<Digest>,
    /// Whom it was mailed to.
    pub user: UserId,
    /// Where it was mailed to.
    pub email: EmailAddress,
    /// What it is good for.
    pub purpose: Purpose,
    /// The PHC string of the password that comes with it, where one was chosen that does not count yet.
    pub password: Option<Secret<String>>,
    /// When it was mailed. A [way back](Purpose::UndoEmailChange) bears the time from which on it takes back what was added.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// How often its code was tried in vain.
    pub tries: u8,
    /// Whether it is still good.
    pub state: EmailTokenState,
}

/// Whether a mailed proof is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmailTokenState {
    /// Nobody has used it.
    Open,
    /// A newer one took its place.
    Replaced,
    /// It did its work.
    Spent,
}

/// A fresh proof, and the two secrets in it that go into the mail and nowhere else.
#[derive(Debug)]
pub struct Minted {
    /// What is kept.
    pub token: EmailToken,
    /// What the link carries.
    pub link: Secret<String>,
    /// What can be typed.
    pub code: Secret<String>,
}

/// What a proof is made for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whom it is mailed to.
    pub user: UserId,
    /// Where it is mailed to.
    pub email: EmailAddress,
    /// What it is good for.
    pub purpose: Purpose,
    /// The digest of the secret of the browser that asks.
    pub browser: Option<Digest>,
    /// The PHC string of a password that does not count yet.
    pub password: Option<Secret<String>>,
}

impl Wanted {
    /// Makes the proof.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn mint(
        self,
        codes: &MacKey,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Minted, RandomUnavailable> {
        let Self { user, email, purpose, browser, password } = self;
        let link = OpaqueToken::mint(PREFIX, now, random)?;
        let code = Secret::new(format!("{:06}", draw(random)?));
        let token = EmailToken {
            id: EmailTokenId::from_uuid(link.id()),
            digest: link.digest(),
            code: code_digest(codes, purpose, user, &email, code.expose()),
            browser,
            user,
            email,
            purpose,
            password,
            created_at: now,
            expires_at: now.plus(purpose.lifetime()),
            tries: 0,
            state: EmailTokenState::Open,
        };
        Ok(Minted { token, link: link.reveal(), code })
    }
}

/// One of a million, each as likely as any other.
fn draw(random: &dyn Random) -> Result<u32, RandomUnavailable> {
    const CODES: u32 = 1_000_000;
    const FAIR: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let drawn = u32::from_be_bytes(random::bytes(random)?);
        if drawn < FAIR {
            return Ok(drawn % CODES);
        }
    }
}

/// The digest of a code, for one person, address and purpose.
#[must_use]
pub fn code_digest(
    codes: &MacKey,
    purpose: Purpose,
    user: UserId,
    email: &EmailAddress,
    code: &str,
) -> Digest {
    let user = *user.as_uuid().as_bytes();
    codes.digest(&[purpose.as_str().as_bytes(), &user, email.as_str().as_bytes(), code.as_bytes()])
}

/// Reads a typed code: six digits, with spaces and hyphens wherever people put them.
#[must_use]
pub fn read_code(typed: &str) -> Option<Secret<String>> {
    if typed.len() > 64 {
        return None;
    }
    let mut code = Secret::new(String::with_capacity(typed.len()));
    code.expose_mut().extend(typed.chars().filter(|c| !c.is_whitespace() && *c != '-'));
    let whole = code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit());
    whole.then_some(code)
}

/// What is shown of a proof, as digests.
#[derive(Debug, Clone)]
pub enum Shown {
    /// The link's secret.
    Link(Digest),
    /// The code.
    Code(Digest),
}

impl Shown {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Code(_) => "code",
        }
    }
}

/// What is thought of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is good.
    Good,
    /// It is not good any more, or never was.
    Dead,
    /// The link is right, but whoever shows it stands on no firm ground.
    Stranger,
    /// The code is wrong, or whoever shows it stands on no firm ground; that was one of the tries.
    Wrong,
}

impl EmailToken {
    /// Judges what is shown of it at `now`. `grounded` says whether whoever shows it stands on firm ground.
    #[must_use]
    pub fn judge(&self, shown: &Shown, grounded: bool, now: Timestamp) -> Verdict {
        if self.state != EmailTokenState::Open || now >= self.expires_at {
            return Verdict::Dead;
        }
        match shown {
            Shown::Link(digest) if !self.digest.matches(digest) => Verdict::Dead,
            Shown::Link(_) if grounded => Verdict::Good,
            Shown::Link(_) => Verdict::Stranger,
            Shown::Code(_) if self.tries >= MAX_TRIES => Verdict::Dead,
            // Compared whatever else is wrong, and told apart from nothing.
            Shown::Code(digest) if self.code.matches(digest) & grounded => Verdict::Good,
            Shown::Code(_) => Verdict::Wrong,
        }
    }

    /// Whether this browser is the one that asked for it.
    #[must_use]
    pub fn was_asked_by(&self, browser: &Digest) -> bool {
        self.browser.as_ref().is_some_and(|asked| asked.matches(browser))
    }
}

#[cfg(test)]
mod tests;
