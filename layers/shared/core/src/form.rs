//! Queries and forms, `application/x-www-form-urlencoded`: bounded, no field twice, and nothing unreadable replaced by
//! something else, so that two passwords do not become one.

use std::{fmt, ops::Range, str};

use crate::Secret;

/// The largest query or form that is read, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// The parameters that a reader knows, as they came.
///
/// It prints names only, and wipes the values when dropped: each may be a secret.
///
/// ```
/// use towergate_core::form::{BadParameter, Form};
///
/// let form = Form::parse(b"email=alice%40example.com&hint=&page=1&page=2", &["email", "hint", "page"])?;
/// assert_eq!(form.get("email"), Ok(Some("alice@example.com")));
/// assert_eq!(form.get("hint"), Ok(None));
/// assert_eq!(form.get("page"), Err(BadParameter::Repeated));
/// # Ok::<(), towergate_core::form::TooLarge>(())
/// ```
#[derive(Clone)]
pub struct Form {
    /// Every name and value one behind the other, decoded, in room that never has to grow: to be wiped as one.
    text: Secret<String>,
    values: Vec<Field>,
    lists: Vec<Field>,
    is_torn: bool,
}

/// Where the value of a parameter lies.
type Field = (&'static str, Result<Range<usize>, BadParameter>);

/// The query or form is larger than [`MAX_LENGTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request has more than 65536 bytes of parameters")]
pub struct TooLarge;

/// Why a parameter cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadParameter {
    /// It is there twice.
    #[error("a parameter is there twice")]
    Repeated,
    /// It is not percent-encoded UTF-8.
    #[error("a parameter is not percent-encoded UTF-8")]
    Unreadable,
}

impl Form {
    /// Reads a query or a form and keeps what is in `known`; other names are passed over.
    ///
    /// # Errors
    /// When there are more than [`MAX_LENGTH`] bytes.
    pub fn parse(text: &[u8], known: &[&'static str]) -> Result<Self, TooLarge> {
        Self::parse_with_lists(text, known, &[])
    }

    /// Reads a query or a form and keeps what is in `known`, and what is in `lists`, which may be there several times;
    /// other names are passed over.
    ///
    /// # Errors
    /// When there are more than [`MAX_LENGTH`] bytes.
    pub fn parse_with_lists(
        text: &[u8],
        known: &[&'static str],
        lists: &[&'static str],
    ) -> Result<Self, TooLarge> {
        if text.len() > MAX_LENGTH {
            return Err(TooLarge);
        }
        let mut form = Self { text: Secret::new(String::with_capacity(text.len())), ..Self::default() };
        for pair in text.split(|byte| *byte == b'&') {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = form.decode(halves.next().unwrap_or_default());
            let value = form.decode(halves.next().unwrap_or_default());
            form.is_torn |= name.is_none() || value.is_none();
            let value = value.ok_or(BadParameter::Unreadable);
            let Some(name) = name.as_ref().and_then(|name| form.text.expose().get(name.clone())) else {
                continue;
            };
            let among = |names: &[&'static str]| names.iter().find(|known| **known == name).copied();
            if let Some(name) = among(lists) {
                form.lists.push((name, value));
            } else if let Some(name) = among(known) {
                match form.values.iter_mut().find(|(earlier, _)| *earlier == name) {
                    Some((_, earlier)) => *earlier = Err(BadParameter::Repeated),
                    None => form.values.push((name, value)),
                }
            }
        }
        Ok(form)
    }

    /// The parameter's value; `None` when it is missing or empty.
    ///
    /// # Errors
    /// When it is there twice or cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<&str>, BadParameter> {
        let field = self.values.iter().find(|(known, _)| *known == name);
        Ok(field.map(|(_, value)| self.read(value)).transpose()?.filter(|value| !value.is_empty()))
    }

    /// The values of a parameter that may be there several times, in their order, without empty ones.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, BadParameter> {
        let own = self.lists.iter().filter(|(known, _)| *known == name);
        let values = own.map(|(_, value)| self.read(value));
        values.filter(|value| *value != Ok("")).collect()
    }

    /// Takes the parameter's value out, as it was sent, an empty one too; `None` when it is missing.
    ///
    /// # Errors
    /// When it is there twice or cannot be read.
    pub fn take(&mut self, name: &str) -> Result<Option<Secret<String>>, BadParameter> {
        let Some(place) = self.values.iter().position(|(known, _)| *known == name) else { return Ok(None) };
        let (_, value) = self.values.swap_remove(place);
        self.read(&value).map(|value| Some(Secret::from(value)))
    }

    /// Whether none of the known parameters is there, not even empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.lists.is_empty()
    }

    /// Whether anything at all is not percent-encoded UTF-8, a name that is not known or its value too.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// A known parameter that cannot be read, if there is one: by name the first.
    #[must_use]
    pub fn bad(&self) -> Option<(&'static str, BadParameter)> {
        let all = self.values.iter().chain(&self.lists);
        let bad = all.filter_map(|(name, value)| value.as_ref().err().map(|bad| (*name, *bad)));
        bad.min_by_key(|(name, _)| *name)
    }

    /// Decodes a name or a value behind all others; `None` when it is not percent-encoded UTF-8.
    fn decode(&mut self, text: &[u8]) -> Option<Range<usize>> {
        let all = self.text.expose_mut();
        let start = all.len();
        if text.iter().all(|byte| !matches!(byte, b'+' | b'%')) {
            all.push_str(str::from_utf8(text).ok()?);
        } else {
            all.push_str(decode(text)?.expose());
        }
        Some(start..all.len())
    }

    fn read(&self, value: &Result<Range<usize>, BadParameter>) -> Result<&str, BadParameter> {
        let place = value.clone()?;
        self.text.expose().get(place).ok_or(BadParameter::Unreadable)
    }
}

impl Default for Form {
    fn default() -> Self {
        Self { text: Secret::new(String::new()), values: Vec::new(), lists: Vec::new(), is_torn: false }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.iter().chain(&self.lists).map(|(name, _)| name)).finish()
    }
}

/// One name or value, percent-decoded; `None` when it is not percent-encoded UTF-8.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Secret<String>> {
    let mut bytes = Vec::with_capacity(text.len());
    let plain = text.iter().position(|byte| matches!(byte, b'+' | b'%')).unwrap_or(text.len());
    let (plain, rest) = text.split_at_checked(plain)?;
    bytes.extend_from_slice(plain);
    let mut rest = rest.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            plain => *plain,
        });
    }
    String::from_utf8(bytes).ok().map(Secret::new)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
