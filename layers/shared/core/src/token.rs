//! Opaque tokens: looked up by identifier, proven by secret.
//!
//! The text is `prefix_` + 22 characters (a time-ordered identifier) + `.` + 43 characters (32 random bytes), both
//! base64url without padding. A store keeps the identifier and the SHA-256 of the secret: whoever reads the store
//! holds nothing that can be presented. The prefix lets secret scanners find a token that leaked.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{Digest, Random, RandomUnavailable, Secret, Timestamp, id, random};

/// What an opaque token is for, as the greppable beginning of its text, without the underscore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix(&'static str);

impl Prefix {
    /// A prefix of lower-case letters.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text without its underscore.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The random bytes of a token: for its name, and for its secret.
const DRAWN: usize = 10 + 32;

/// An opaque token in the hands of the one who may present it.
#[derive(Clone)]
pub struct OpaqueToken {
    prefix: Prefix,
    id: Uuid,
    secret: Secret<[u8; 32]>,
}

impl OpaqueToken {
    /// Makes a token that nobody can guess.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn mint(prefix: Prefix, now: Timestamp, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        // One draw for both: each is a call to the system.
        let drawn = Secret::new(random::bytes::<DRAWN>(random)?);
        Self::of_drawn(prefix, now, drawn.expose()).ok_or(RandomUnavailable)
    }

    /// Makes two tokens that nobody can guess, in one draw.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn mint_two(
        prefixes: [Prefix; 2],
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<[Self; 2], RandomUnavailable> {
        let drawn = Secret::new(random::bytes::<{ 2 * DRAWN }>(random)?);
        let [first, second] = prefixes;
        let (of_first, of_second) = drawn.expose().split_at(DRAWN);
        let first = Self::of_drawn(first, now, of_first).ok_or(RandomUnavailable)?;
        Ok([first, Self::of_drawn(second, now, of_second).ok_or(RandomUnavailable)?])
    }

    fn of_drawn(prefix: Prefix, now: Timestamp, drawn: &[u8]) -> Option<Self> {
        let (name, secret) = drawn.split_first_chunk()?;
        let secret = Secret::new(*secret.first_chunk()?);
        Some(Self { prefix, id: id::of_moment(now, name), secret })
    }

    /// Makes the token that takes this one's place: under the same identifier, with another secret.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn successor(&self, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        Ok(Self { prefix: self.prefix, id: self.id, secret: Secret::new(random::bytes(random)?) })
    }

    /// Reads a presented token; `None` when it cannot be one of ours. Work is bounded: the length is checked first.
    #[must_use]
    pub fn parse(prefix: Prefix, text: &(impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let rest = text.as_ref().strip_prefix(prefix.0.as_bytes())?.strip_prefix(b"_")?;
        if rest.len() != 22 + 1 + 43 {
            return None;
        }
        let (id, secret) = rest.split_at_checked(22)?;
        let secret = secret.strip_prefix(b".")?;
        Some(Self { prefix, id: Uuid::from_bytes(decode(id)?), secret: Secret::new(decode(secret)?) })
    }

    /// The identifier to look the token up by; public knowledge.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// What a store keeps instead of the secret.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.secret.expose())
    }

    /// The 32 secret bytes, as key material for what only the bearer may open.
    #[must_use]
    pub const fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }

    /// The text to hand to its bearer, once.
    #[must_use]
    pub fn reveal(&self) -> Secret<String> {
        let mut text = String::with_capacity(self.prefix.0.len() + 67);
        text.push_str(self.prefix.0);
        text.push('_');
        URL_SAFE_NO_PAD.encode_string(self.id.as_bytes(), &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(self.secret.expose(), &mut text);
        Secret::new(text)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueToken")
            .field("prefix", &self.prefix.0)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (written == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::InsecureSeededRandom;

    const PREFIX: Prefix = Prefix::new("tgtest");

    fn minted() -> OpaqueToken {
        OpaqueToken::mint(PREFIX, Timestamp::from_unix_seconds(1_700_000_000), &InsecureSeededRandom::new(1))
            .unwrap()
    }

    #[test]
    fn two_tokens_made_at_once_have_nothing_in_common() {
        let (now, random) = (Timestamp::from_unix_seconds(1_700_000_000), InsecureSeededRandom::new(1));
        let [one, other] = OpaqueToken::mint_two([PREFIX, Prefix::new("other")], now, &random).unwrap();
        assert_ne!(one.id(), other.id());
        assert!(!one.digest().matches(&other.digest()));
        assert!(OpaqueToken::parse(Prefix::new("other"), other.reveal().expose()).is_some());
    }

    #[test]
    fn a_token_survives_the_round_trip() {
        let token = minted();
        let read = OpaqueToken::parse(PREFIX, token.reveal().expose()).unwrap();
        assert_eq!(read.id(), token.id());
        assert!(read.digest().matches(&token.digest()));
    }

    #[test]
    fn another_prefix_is_another_kind_of_token() {
        assert!(OpaqueToken::parse(Prefix::new("other"), minted().reveal().expose()).is_none());
    }

    #[test]
    fn torn_and_stretched_tokens_are_none() {
        let text = minted().reveal();
        for cut in 0..text.expose().len() {
            assert!(OpaqueToken::parse(PREFIX, text.expose().get(..cut).unwrap()).is_none());
        }
        assert!(OpaqueToken::parse(PREFIX, &format!("{}A", text.expose())).is_none());
        assert!(OpaqueToken::parse(PREFIX, "tgtest_é").is_none());
    }

    #[test]
    fn a_token_does_not_print_its_secret() {
        let token = minted();
        let secret = URL_SAFE_NO_PAD.encode(token.secret().expose());
        assert!(!format!("{token:?}").contains(&secret));
    }
}
