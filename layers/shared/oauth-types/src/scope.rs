//! Scope: a set of case-sensitive words, [RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3).

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};

/// The longest scope that is read, in bytes.
pub const MAX_LENGTH: usize = 2048;

/// A set of scope values. Order and repetition carry no meaning.
///
/// It is kept as it is written, each value once and sorted: most scopes are only handed on. To clone it is to point at the same text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Scope(Arc<str>);

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
        let values = || text.split(' ').filter(|value| !value.is_empty());
        if text.split(' ').is_sorted_by(|earlier, later| earlier < later) && !text.starts_with(' ') {
            return Ok(Self(text.into()));
        }
        Ok(Self::of_any(text.len(), values()))
    }

    /// Whether the value is in the set.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.values().any(|held| held == value)
    }

    /// Whether every value of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut held = self.values();
        // Both are sorted, so each is walked through once.
        other.values().all(|value| held.find(|held| *held >= value) == Some(value))
    }

    /// The values that both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if other.covers(self) {
            return self.clone();
        }
        let mut others = other.values().peekable();
        let both = self.values().filter(|value| {
            while others.next_if(|other| other < value).is_some() {}
            others.peek() == Some(value)
        });
        Self::of_sorted(self.0.len(), both)
    }

    /// The values that either holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::of_any(self.0.len() + 1 + other.0.len(), self.values().chain(other.values()))
    }

    /// The set without `value`.
    #[must_use]
    pub fn without(&self, value: &str) -> Self {
        Self::of_sorted(self.0.len(), self.values().filter(|held| *held != value))
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, sorted.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|value| !value.is_empty())
    }

    /// The values as they are written: sorted, with one space between two.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The set of these values, in any order, which make a text of at most `length` bytes.
    fn of_any<'a>(length: usize, values: impl Iterator<Item = &'a str>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values.dedup();
        Self::of_sorted(length, values.into_iter())
    }

    fn of_sorted<'a>(length: usize, values: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::with_capacity(length);
        for value in values {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(value);
        }
        Self(text.into())
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
        f.write_str(&self.0)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
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
