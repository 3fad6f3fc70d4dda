//! A JSON object, read field by field; whatever cannot be read is noted under its name.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde_json::{Map, Value};

use super::super::problem::{FieldFault, MetadataProblem};

pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    known: RefCell<BTreeSet<&'static str>>,
    problems: RefCell<Vec<MetadataProblem>>,
}

impl<'a> Object<'a> {
    pub(super) const fn new(fields: &'a Map<String, Value>) -> Self {
        Self { fields, known: RefCell::new(BTreeSet::new()), problems: RefCell::new(Vec::new()) }
    }

    /// The value of a field; `null` says that there is none,
    /// [RFC 7592 section 2.2](https://www.rfc-editor.org/rfc/rfc7592#section-2.2).
    pub(super) fn take(&self, name: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().insert(name);
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn refuse(&self, name: &str, fault: FieldFault) {
        self.problems.borrow_mut().push(MetadataProblem::field(name, fault));
    }

    fn refuse_entry(&self, name: &str, entry: usize, fault: FieldFault) {
        self.problems.borrow_mut().push(MetadataProblem::entry(name, entry, fault));
    }

    /// A text of 1 to `most` bytes.
    pub(super) fn text(&self, name: &'static str, most: usize) -> Option<String> {
        let value = self.take(name)?;
        match text_of(value, most) {
            Ok(text) => Some(text.to_owned()),
            Err(fault) => {
                self.refuse(name, fault);
                None
            }
        }
    }

    pub(super) fn flag(&self, name: &'static str) -> Option<bool> {
        let flag = self.take(name)?.as_bool();
        if flag.is_none() {
            self.refuse(name, FieldFault::Expected("true or false"));
        }
        flag
    }

    pub(super) fn seconds(&self, name: &'static str, most: u64) -> Option<u64> {
        let seconds = self.take(name)?.as_u64();
        match seconds {
            None => self.refuse(name, FieldFault::Expected("a whole number of seconds")),
            Some(seconds) if seconds > most => self.refuse(name, FieldFault::TooGreat(most)),
            Some(seconds) => return Some(seconds),
        }
        None
    }

    /// A list of at most `entries` texts, each of 1 to `most` bytes.
    pub(super) fn texts(&self, name: &'static str, entries: usize, most: usize) -> Option<Vec<String>> {
        self.list(name, entries, |value| text_of(value, most).map(str::to_owned))
    }

    /// One of the values that are offered, by its registered name.
    pub(super) fn choice<T: Copy + Display>(&self, name: &'static str, offered: &[T]) -> Option<T> {
        match chosen(self.take(name)?, offered) {
            Ok(choice) => Some(choice),
            Err(fault) => {
                self.refuse(name, fault);
                None
            }
        }
    }

    /// A list of values that are offered, by their registered names.
    pub(super) fn choices<T: Copy + Display>(&self, name: &'static str, offered: &[T]) -> Option<Vec<T>> {
        self.list(name, MAX_CHOICES, |value| chosen(value, offered))
    }

    /// The texts of every field `name#tag` whose name is among `names`,
    /// [RFC 7591 section 2.2](https://www.rfc-editor.org/rfc/rfc7591#section-2.2).
    pub(super) fn tagged(&self, names: &[&str], most: usize, entries: usize) -> BTreeMap<String, String> {
        let mut tagged = BTreeMap::new();
        for (field, value) in self.fields.iter().filter(|(field, _)| is_tagged(field, names)) {
            match text_of(value, most) {
                _ if value.is_null() => {}
                Ok(_) if tagged.len() == entries => {
                    self.refuse(field, FieldFault::Rule("is one field with a language tag too many"));
                    break;
                }
                Ok(text) => {
                    tagged.insert(field.clone(), text.to_owned());
                }
                Err(fault) => self.refuse(field, fault),
            }
        }
        tagged
    }

    /// The fields that nobody asked for, and what is wrong with those that somebody did.
    pub(super) fn finish(self, tagged: &[&str]) -> (Vec<String>, Vec<MetadataProblem>) {
        let known = self.known.into_inner();
        let unknown = |name: &&String| !known.contains(name.as_str()) && !is_tagged(name, tagged);
        (self.fields.keys().filter(unknown).cloned().collect(), self.problems.into_inner())
    }

    fn list<T>(
        &self,
        name: &'static str,
        most: usize,
        read: impl Fn(&'a Value) -> Result<T, FieldFault>,
    ) -> Option<Vec<T>> {
        let Some(values) = self.take(name)?.as_array() else {
            self.refuse(name, FieldFault::Expected("a list of texts"));
            return None;
        };
        if values.len() > most {
            self.refuse(name, FieldFault::TooMany(most));
            return None;
        }
        let mut all = Vec::with_capacity(values.len());
        for (place, value) in values.iter().enumerate() {
            match read(value) {
                Ok(entry) => all.push(entry),
                Err(fault) => self.refuse_entry(name, place, fault),
            }
        }
        Some(all)
    }
}

/// The most entries of a list of names that the server knows; a name may be there twice.
const MAX_CHOICES: usize = 16;

fn text_of(value: &Value, most: usize) -> Result<&str, FieldFault> {
    let text = value.as_str().ok_or(FieldFault::Expected("a text"))?;
    if text.chars().all(is_unseen) {
        return Err(FieldFault::Empty);
    }
    if text.len() > most {
        return Err(FieldFault::TooLong(most));
    }
    if text.chars().any(steers_text) {
        return Err(FieldFault::ControlCharacter);
    }
    Ok(text)
}

/// Whether nobody sees a character: a name of nothing else would leave a gap in the sentence that people decide by.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{3164}' | '\u{FEFF}')
}

/// Whether a character does nothing but change how those around it are shown: names stand in sentences that people decide
/// by, and `U+202E` turns the rest of a line around.
fn steers_text(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn chosen<T: Copy + Display>(value: &Value, offered: &[T]) -> Result<T, FieldFault> {
    let text = value.as_str().ok_or(FieldFault::Expected("a text"))?;
    let found = offered.iter().find(|choice| choice.to_string() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = offered.iter().map(ToString::to_string).collect();
        FieldFault::NotOffered(names.join(", "))
    })
}

/// Whether it is `name#tag` with a name among `names` and a language tag of
/// [BCP 47](https://www.rfc-editor.org/rfc/rfc5646) by its letters.
fn is_tagged(field: &str, names: &[&str]) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    field.split_once('#').is_some_and(|(name, tag)| {
        names.contains(&name) && (1..=35).contains(&tag.len()) && tag.bytes().all(letters)
    })
}
