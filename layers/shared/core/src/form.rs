//! Queries and forms, `application/x-www-form-urlencoded`: bounded, no field twice, and nothing unreadable replaced by
//! something else, so that two passwords do not become one.

use std::{collections::BTreeMap, fmt};

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
#[derive(Clone, Default)]
pub struct Form {
    values: BTreeMap<&'static str, Result<Secret<String>, BadParameter>>,
    lists: BTreeMap<&'static str, Vec<Result<Secret<String>, BadParameter>>>,
    is_torn: bool,
}

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
        let mut form = Self::default();
        for pair in text.split(|byte| *byte == b'&') {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (pair.get(..at), pair.get(at + 1..)),
                None => (Some(pair), None),
            };
            let (name, value) = (decode(name.unwrap_or_default()), decode(value.unwrap_or_default()));
            form.is_torn |= name.is_none() || value.is_none();
            let value = value.ok_or(BadParameter::Unreadable);
            let among = |names: &[&'static str]| {
                let name = name.as_ref()?;
                names.iter().find(|known| *known == name.expose()).copied()
            };
            if let Some(name) = among(lists) {
                form.lists.entry(name).or_default().push(value);
                continue;
            }
            let Some(name) = among(known) else { continue };
            form.values
                .entry(name)
                .and_modify(|earlier| *earlier = Err(BadParameter::Repeated))
                .or_insert(value);
        }
        Ok(form)
    }

    /// The parameter's value; `None` when it is missing or empty.
    ///
    /// # Errors
    /// When it is there twice or cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<&str>, BadParameter> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value.expose().as_str()).filter(|value| !value.is_empty())),
            Some(Err(bad)) => Err(*bad),
        }
    }

    /// The values of a parameter that may be there several times, in their order, without empty ones.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, BadParameter> {
        let mut values = Vec::new();
        for value in self.lists.get(name).into_iter().flatten() {
            let value = value.as_ref().map_err(|bad| *bad)?.expose().as_str();
            values.extend((!value.is_empty()).then_some(value));
        }
        Ok(values)
    }

    /// Takes the parameter's value out, as it was sent, an empty one too; `None` when it is missing.
    ///
    /// # Errors
    /// When it is there twice or cannot be read.
    pub fn take(&mut self, name: &str) -> Result<Option<Secret<String>>, BadParameter> {
        self.values.remove(name).transpose()
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

    /// The first known parameter that cannot be read, if there is one.
    #[must_use]
    pub fn bad(&self) -> Option<(&'static str, BadParameter)> {
        let lists =
            self.lists.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let mut all = self.values.iter().chain(lists);
        all.find_map(|(name, value)| value.as_ref().err().map(|bad| (*name, *bad)))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).entries(self.lists.keys()).finish()
    }
}

/// One name or value, percent-decoded; `None` when it is not percent-encoded UTF-8.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Secret<String>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
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
