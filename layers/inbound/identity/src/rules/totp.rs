//! Codes by time, of an authenticator app: [RFC 6238](https://www.rfc-editor.org/rfc/rfc6238) with HMAC-SHA-1, six digits
//! and steps of 30 seconds, which is what every app speaks.
//!
//! 1. A secret has at least 160 bits, and is kept sealed, under a context that names its person.
//! 2. A code is good in its step, and, where a drift of one step is allowed, in the one before and the one after: clocks differ, and
//!    typing takes time. Without a drift it lives 30 seconds at most (OWASP ASVS 6.5.5).
//! 3. A step counts once. The rule says which step a code is of; the store marks it, and every earlier one, as spent.

use totp_rs::{Algorithm, Builder, Totp};
use towergate_core::{
    Random, RandomUnavailable, Secret, Timestamp, random,
    seal::{SealError, SealingRing},
};

use super::user::UserId;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// How long a step lasts, in seconds.
pub const STEP_SECONDS: u64 = 30;

/// How many steps early or late a code may be by default; also the most.
pub const DRIFT: u32 = 1;

/// The least that a secret has, in bytes: [RFC 4226 section 4](https://www.rfc-editor.org/rfc/rfc4226#section-4), R6.
const MIN_BYTES: usize = 20;

/// The most that a secret has, in bytes: the block of SHA-1.
const MAX_BYTES: usize = 64;

/// What an app and the house both know.
#[derive(Debug, Clone)]
pub struct TotpSecret(Secret<Vec<u8>>);

/// The text or the bytes are no secret of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TOTP secret is base32 without padding, 32 to 103 characters (160 to 512 bits)")]
pub struct InvalidTotpSecret;

/// A step of 30 seconds, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TotpStep(u64);

/// Six digits, as they were typed.
#[derive(Debug, Clone)]
pub struct TotpCode(Secret<String>);

impl TotpSecret {
    /// A new one of 160 bits.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn fresh(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let bytes: [u8; MIN_BYTES] = random::bytes(random)?;
        Ok(Self(Secret::new(bytes.to_vec())))
    }

    /// Reads a secret in base32, as apps show it: spaces and case do not count.
    ///
    /// # Errors
    /// When it is not base32, or less than 160 bits or more than 512.
    pub fn parse(text: &Secret<String>) -> Result<Self, InvalidTotpSecret> {
        let mut spelled = String::with_capacity(text.expose().len());
        spelled.extend(text.expose().chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()));
        let spelled = Secret::new(spelled);
        let read = totp_rs::Secret::try_from_base32(spelled.expose()).map_err(|_| InvalidTotpSecret)?;
        Self::of(read.as_bytes())
    }

    /// The secret in base32, to be typed into an app.
    #[must_use]
    pub fn base32(&self) -> Secret<String> {
        Secret::new(totp_rs::Secret::from(self.0.expose().clone()).to_base32())
    }

    /// The address that an app reads from a picture, for an account named `account` at `issuer`: the
    /// [key URI format](https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
    #[must_use]
    pub fn address(&self, issuer: &str, account: &str) -> Secret<String> {
        let (issuer, account) = (escaped(issuer), escaped(account));
        let secret = self.base32();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            secret.expose()
        ))
    }

    /// The step that `code` is of, if that is no more than `drift` steps away from `now`; more than [`DRIFT`] counts as that.
    #[must_use]
    pub fn step_of(&self, code: &TotpCode, now: Timestamp, drift: u32) -> Option<TotpStep> {
        let seconds = u64::try_from(now.unix_seconds()).ok()?;
        self.totp(drift)?.check(code.0.expose(), seconds).map(TotpStep)
    }

    /// The code at a moment: what an app shows. For tests, and for tools that stand in for an app.
    #[must_use]
    pub fn code_at(&self, at: Timestamp) -> Option<TotpCode> {
        let seconds = u64::try_from(at.unix_seconds()).ok()?;
        Some(TotpCode(Secret::new(self.totp(0)?.generate(seconds).to_string())))
    }

    /// Seals the secret of `user`.
    ///
    /// # Errors
    /// As [`SealingRing::seal`].
    pub fn seal(&self, user: UserId, ring: &SealingRing, random: &dyn Random) -> Result<Vec<u8>, SealError> {
        ring.seal(&context(user), self.0.expose(), random)
    }

    /// Opens what was sealed for `user`.
    ///
    /// # Errors
    /// As [`SealingRing::open`]; [`SealError::Malformed`] when what was sealed is no secret.
    pub fn open(sealed: &[u8], user: UserId, ring: &SealingRing) -> Result<Self, SealError> {
        Self::of(ring.open(&context(user), sealed)?.expose()).map_err(|_| SealError::Malformed)
    }

    fn of(bytes: &[u8]) -> Result<Self, InvalidTotpSecret> {
        let fits = (MIN_BYTES..=MAX_BYTES).contains(&bytes.len());
        fits.then(|| Self(Secret::new(bytes.to_vec()))).ok_or(InvalidTotpSecret)
    }

    /// Always there: the length was checked, and the rest is fixed.
    fn totp(&self, drift: u32) -> Option<Totp> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP_SECONDS)
            .with_skew(u8::from(drift > 0).into())
            .with_secret(self.0.expose().clone())
            .build()
            .ok()
    }
}

impl TotpStep {
    /// The step with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl TotpCode {
    /// Reads what was typed, spaces aside; `None` when it is not six digits.
    #[must_use]
    pub fn parse(typed: &Secret<String>) -> Option<Self> {
        let typed = typed.expose();
        if typed.len() > 4 * DIGITS {
            return None;
        }
        let mut digits = String::with_capacity(typed.len());
        digits.extend(typed.chars().filter(|c| !c.is_whitespace()));
        let digits = Secret::new(digits);
        let right = digits.expose().len() == DIGITS && digits.expose().bytes().all(|b| b.is_ascii_digit());
        right.then_some(Self(digits))
    }

    /// The six digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The place that a sealed secret belongs to.
fn context(user: UserId) -> Vec<u8> {
    [b"totp secret of ".as_slice(), user.as_uuid().as_bytes()].concat()
}

/// Percent-encoded, all but what is never anything else.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::{random::InsecureSeededRandom, seal::SealingKey};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_010);

    fn secret() -> TotpSecret {
        TotpSecret::fresh(&InsecureSeededRandom::new(1)).unwrap()
    }

    #[test]
    fn a_code_is_good_for_one_step_on_either_side() {
        let (secret, step) = (secret(), Duration::from_secs(STEP_SECONDS));
        let number = TotpStep::new(1_700_000_010 / STEP_SECONDS);
        let code = secret.code_at(NOW).unwrap();
        for now in [NOW.minus(step), NOW, NOW.plus(step)] {
            assert_eq!(secret.step_of(&code, now, 1), Some(number));
        }
        for now in [NOW.minus(2 * step), NOW.plus(2 * step)] {
            assert_eq!(secret.step_of(&code, now, 1), None);
            assert_eq!(secret.step_of(&code, now, u32::MAX), None, "a drift of one step is the most");
        }
        assert_eq!(secret.step_of(&code, Timestamp::from_unix_seconds(-1), 1), None);
    }

    /// ASVS 6.5.5.
    #[test]
    fn without_a_drift_a_code_lives_thirty_seconds() {
        let (secret, begun) = (secret(), Timestamp::from_unix_seconds(1_700_000_010));
        let code = secret.code_at(begun).unwrap();
        let good = |second: u64| secret.step_of(&code, begun.plus(Duration::from_secs(second)), 0).is_some();
        assert_eq!((0..90).filter(|second| good(*second)).count(), 30);
        assert!(
            good(0) && good(29) && secret.step_of(&code, begun.minus(Duration::from_secs(1)), 0).is_none()
        );
    }

    #[test]
    fn a_secret_has_160_bits_and_reads_back() {
        let secret = secret();
        assert_eq!(secret.0.expose().len(), 20);
        let text = secret.base32();
        assert_eq!(text.expose().len(), 32);
        assert_eq!(TotpSecret::parse(&text).unwrap().0.expose(), secret.0.expose());
        let (head, tail) = text.expose().split_at(16);
        let spaced = Secret::new(format!("{} {tail}", head.to_lowercase()));
        assert_eq!(TotpSecret::parse(&spaced).unwrap().0.expose(), secret.0.expose());
        for bad in ["", "JBSWY3DPEHPK3PXP", "not base32!", &"A".repeat(500)] {
            assert!(TotpSecret::parse(&Secret::from(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_own_person_alone() {
        let random = InsecureSeededRandom::new(2);
        let ring = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
        let [alice, bob] = [1, 2].map(|_| UserId::fresh(NOW, &random).unwrap());
        let sealed = secret().seal(alice, &ring, &random).unwrap();
        assert_eq!(TotpSecret::open(&sealed, alice, &ring).unwrap().0.expose(), secret().0.expose());
        assert!(matches!(TotpSecret::open(&sealed, bob, &ring), Err(SealError::Broken)));
    }

    #[test]
    fn a_code_is_six_digits() {
        for good in ["123456", " 123 456 "] {
            assert_eq!(TotpCode::parse(&Secret::from(good)).unwrap().expose(), "123456");
        }
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６", &" ".repeat(1000)] {
            assert!(TotpCode::parse(&Secret::from(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_address_holds_nothing_unescaped() {
        let address = secret().address("Trees & co: one", "a/b?c@example.com");
        let address = address.expose();
        assert!(
            address.starts_with("otpauth://totp/Trees%20%26%20co%3A%20one:a%2Fb%3Fc@example.com?secret=")
        );
        assert!(address.ends_with("&issuer=Trees%20%26%20co%3A%20one&algorithm=SHA1&digits=6&period=30"));
    }

    #[test]
    fn neither_secret_nor_code_prints() {
        let code = secret().code_at(NOW).unwrap();
        let printed = format!("{:?} {code:?}", secret());
        assert!(!printed.contains(code.expose()) && !printed.contains(secret().base32().expose()));
    }
}
