//! Scope: a set of case-sensitive words, [RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3).

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest scope that is read, in bytes.
pub const MAX_LENGTH: usize = 2048;

/// A set of scope values. Order and repetition carry no meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Scope(BTreeSet<String>);

/// The text is not a scope: a character is outside `%x21 / %x23-5B / %x5D-7E`, or it is longer than [`MAX_LENGTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("scope has a character outside %x21 / %x23-5B / %x5D-7E or is longer than 2048 bytes")]
pub struct InvalidScope;

impl Scope {
    /// Reads space-delimited values; an empty text is the empty scope.
    ///
    /// # Errors
    /// When a character is not allowed or the text is longer than [`MAX_LENGTH`].
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > MAX_LENGTH || !text.bytes().all(allowed) {
            return Err(InvalidScope);
        }
        Ok(Self(text.split(' ').filter(|value| !value.is_empty()).map(String::from).collect()))
    }

    /// Whether the value is in the set.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    /// Whether every value of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// The values that both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The values that either holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The set without `value`.
    #[must_use]
    pub fn without(&self, value: &str) -> Self {
        Self(self.0.iter().filter(|held| *held != value).cloned().collect())
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, sorted.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::parse(text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, value) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(value)?;
        }
        Ok(())
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_carry_no_meaning() {
        assert_eq!(Scope::parse("b a  b").unwrap(), Scope::parse("a b").unwrap());
    }

    #[test]
    fn a_scope_parses_like_any_other_value() {
        assert_eq!("a b".parse(), Scope::parse("a b"));
        assert_eq!("\"".parse::<Scope>(), Err(InvalidScope));
    }

    #[test]
    fn rfc6749_3_3_forbids_quotes_backslashes_and_controls() {
        for bad in ["a\"b", "a\\b", "a\nb", "é", "a\u{7f}"] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(text in "[!#-\\[\\]-~ ]{0,60}") {
            let scope = Scope::parse(&text).unwrap();
            proptest::prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
        }

        #[test]
        fn scopes_are_sets(a in "[a-d ]{0,8}", b in "[a-d ]{0,8}", c in "[a-d ]{0,8}") {
            let [a, b, c] = [a, b, c].map(|text| Scope::parse(&text).unwrap());
            let (both, either) = (a.intersection(&b), a.union(&b));
            proptest::prop_assert!(a.covers(&both) && b.covers(&both) && either.covers(&a) && either.covers(&b));
            proptest::prop_assert_eq!(&both, &b.intersection(&a));
            proptest::prop_assert_eq!(&either, &b.union(&a));
            // The widest that both cover, and the narrowest that covers both.
            proptest::prop_assert_eq!(both.covers(&c), a.covers(&c) && b.covers(&c));
            proptest::prop_assert_eq!(c.covers(&either), c.covers(&a) && c.covers(&b));
            proptest::prop_assert_eq!(a.covers(&b) && b.covers(&a), a == b);
            proptest::prop_assert_eq!(a.intersection(&c).union(&b.intersection(&c)), either.intersection(&c));
            let one = a.values().next().unwrap_or("a");
            let without = a.without(one);
            proptest::prop_assert!(a.covers(&without) && !without.contains(one));
            proptest::prop_assert!(without.union(&Scope::parse(one).unwrap()).covers(&a));
        }
    }
}
