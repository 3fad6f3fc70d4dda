//! What a person calls a passkey.

use std::fmt;

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// A name of one to 64 characters, without line breaks or anything else that is not shown, and no space at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

/// What is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A name has 1 to {MAX_NAME_CHARS} characters.")]
pub struct BadPasskeyName;

impl PasskeyName {
    /// Reads what was typed; spaces at its ends fall away.
    ///
    /// # Errors
    /// When nothing is left, it is too long, or holds control characters.
    pub fn parse(typed: &str) -> Result<Self, BadPasskeyName> {
        let name = typed.trim();
        let fits = !name.is_empty()
            && name.len() <= MAX_NAME_CHARS * 4
            && name.chars().count() <= MAX_NAME_CHARS
            && !name.chars().any(is_hidden);
        if fits { Ok(Self(name.to_owned())) } else { Err(BadPasskeyName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PasskeyName {
    /// What a passkey is called that nobody has named.
    fn default() -> Self {
        Self(String::from("Passkey"))
    }
}

impl fmt::Display for PasskeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, and what turns the direction of the text around it: neither belongs in a name that people read.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_visible_and_trimmed() {
        assert_eq!(PasskeyName::parse("  Büro 🔑 ").unwrap().as_str(), "Büro 🔑");
        assert!(PasskeyName::parse(&"é".repeat(MAX_NAME_CHARS)).is_ok());
        let long = "é".repeat(MAX_NAME_CHARS + 1);
        for bad in ["", "  ", "a\nb", "a\u{202e}b", "a\u{0}", &long] {
            assert_eq!(PasskeyName::parse(bad), Err(BadPasskeyName), "{bad:?}");
        }
    }
}
