//! An e-mail address as an identifier to sign in with.

use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes: [RFC 5321 section 4.5.3.1.3](https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3).
pub const MAX_LENGTH: usize = 254;

/// An address in the form it is compared in: trimmed, NFC, lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// The text is not an address that mail could reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: expected name@domain, at most 254 bytes, without spaces")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Reads an address. Only a confirmation mail proves it; this refuses what cannot be one.
    ///
    /// # Errors
    /// When there is not exactly one `@` with something on each side, or a space, a control character, or too much.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(InvalidEmail);
        }
        // Text in ASCII, as most is, is composed already.
        let address: String = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            text.nfc().flat_map(char::to_lowercase).collect()
        };
        let plausible = address
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'));
        let clean = !address.chars().any(|c| c.is_whitespace() || c.is_control());
        if !plausible || !clean || address.len() > MAX_LENGTH {
            return Err(InvalidEmail);
        }
        Ok(Self(address))
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse(text)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_case_or_surrounding_space() {
        assert_eq!(EmailAddress::parse(" Alice@Example.COM ").unwrap().as_str(), "alice@example.com");
    }

    #[test]
    fn what_mail_cannot_reach_is_refused() {
        let long = format!("{}@example.com", "a".repeat(MAX_LENGTH));
        for bad in ["", "alice", "@example.com", "alice@", "a@b@c", "a b@c", "a\n@c", long.as_str()] {
            assert_eq!(EmailAddress::parse(bad), Err(InvalidEmail), "{bad:?}");
        }
    }
}
