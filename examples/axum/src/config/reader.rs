//! A table of the file, read key by key; whoever has read it says what was not asked for.

use std::{cell::RefCell, collections::BTreeSet, ops::Range};

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::problem::Problems;

/// One table of the file.
pub(super) struct Section<'a> {
    name: String,
    table: &'a DeTable<'a>,
    place: Range<usize>,
    known: RefCell<BTreeSet<&'static str>>,
    problems: &'a RefCell<Problems>,
}

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) place: Range<usize>,
}

impl<'a> Section<'a> {
    pub(super) const fn new(
        name: String,
        table: &'a DeTable<'a>,
        place: Range<usize>,
        problems: &'a RefCell<Problems>,
    ) -> Self {
        Self { name, table, place, known: RefCell::new(BTreeSet::new()), problems }
    }

    /// Notes a problem with the value at `place`.
    pub(super) fn refuse(&self, place: &Range<usize>, text: impl Into<String>) {
        self.problems.borrow_mut().add(place, text);
    }

    /// Notes a problem with the section as a whole.
    pub(super) fn refuse_all(&self, text: &str) {
        self.refuse(&self.place, format!("{}{text}", self.prefix()));
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    pub(super) fn is_text(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| matches!(value.get_ref(), DeValue::String(_)))
    }

    pub(super) fn text(&self, key: &'static str) -> Option<Text> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.refuse(&value.span(), format!("`{key}` is empty"));
                None
            }
            DeValue::String(text) => Some(Text { value: text.to_string(), place: value.span() }),
            other => self.expected(key, "a text in quotes", other, &value.span()),
        }
    }

    pub(super) fn required_text(&self, key: &'static str) -> Option<Text> {
        if self.table.get(key).is_none() {
            self.known.borrow_mut().insert(key);
            self.refuse_all(&format!("`{key}` is missing"));
        }
        self.text(key)
    }

    /// What nobody has asked for, with the keys; whoever takes it refuses what is not known.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&'a str, &'a Spanned<DeValue<'a>>)> {
        let known = self.known.borrow().clone();
        let entries = self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value));
        entries.filter(move |(key, _)| !known.contains(key))
    }

    /// Notes a problem with the value of `key`, or with one entry of it; with the section as a whole when the key is
    /// not there.
    pub(super) fn refuse_value(&self, key: &str, entry: Option<usize>, text: &str) {
        let Some(value) = self.table.get(key) else {
            return self.refuse_all(text);
        };
        let entry = entry.and_then(|place| value.get_ref().get(place)).map(Spanned::span);
        self.refuse(&entry.unwrap_or_else(|| value.span()), text);
    }

    /// Where the last of the tables under `list` stands whose `key` is `name`.
    pub(super) fn place_in(&self, list: &str, key: &str, name: &str) -> Range<usize> {
        let tables = self.table.get(list).and_then(|value| value.get_ref().as_array());
        let values = tables
            .into_iter()
            .flat_map(|array| array.iter().rev())
            .filter_map(|entry| entry.get_ref().get(key));
        let mut found = values
            .filter(|value| value.get_ref().as_str().is_some_and(|text| text.eq_ignore_ascii_case(name)));
        found.next().map_or(0..0, Spanned::span)
    }

    /// Notes a problem with a key.
    pub(super) fn refuse_key(&self, key: &str, text: &str) {
        let place = self.table.get_key_value(key).map_or(self.place.clone(), |(key, _)| key.span());
        self.refuse(&place, format!("{}{text}", self.prefix()));
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.expected(key, "true or false", other, &value.span()),
        }
    }

    /// The value of `key`, whatever it is.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.take(key).map(Spanned::get_ref)
    }

    pub(super) fn number(&self, key: &'static str) -> Option<u64> {
        self.whole(key, "a whole number")
    }

    pub(super) fn seconds(&self, key: &'static str) -> Option<u64> {
        self.whole(key, "a whole number of seconds since 1970")
    }

    fn whole(&self, key: &'static str, wanted: &str) -> Option<u64> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 && number.as_str().parse::<u64>().is_ok() => {
                number.as_str().parse().ok()
            }
            other => self.expected(key, wanted, other, &value.span()),
        }
    }

    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<Text>> {
        let value = self.take(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            return self.expected(key, "a list of texts", value.get_ref(), &value.span());
        };
        let read = array.iter().filter_map(|entry| match entry.get_ref() {
            DeValue::String(text) => Some(Text { value: text.to_string(), place: entry.span() }),
            other => self.expected(key, "a list of texts", other, &entry.span()),
        });
        Some(read.collect())
    }

    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(format!("[{}]", self.path(key)), table, value.span(), self.problems))
            }
            other => self.expected(key, "a table", other, &value.span()),
        }
    }

    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            let _: Option<()> =
                self.expected(key, &format!("tables under [[{key}]]"), value.get_ref(), &value.span());
            return Vec::new();
        };
        self.tables_of(key, array)
    }

    /// Refuses every key that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.take();
        for key in self.table.keys().filter(|key| !known.contains(key.get_ref().as_ref())) {
            let names: Vec<_> = known.iter().copied().collect();
            self.problems.borrow_mut().add(
                &key.span(),
                format!("{}unknown key `{}`; known are {}", self.prefix(), key.get_ref(), names.join(", ")),
            );
        }
    }

    fn tables_of(&self, key: &'static str, array: &'a DeArray<'a>) -> Vec<Section<'a>> {
        let read = array.iter().filter_map(|entry| match entry.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(format!("[[{key}]]"), table, entry.span(), self.problems))
            }
            other => self.expected(key, &format!("tables under [[{key}]]"), other, &entry.span()),
        });
        read.collect()
    }

    fn take(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn expected<T>(&self, key: &str, wanted: &str, found: &DeValue<'_>, place: &Range<usize>) -> Option<T> {
        let found = match found {
            DeValue::String(_) => "a text",
            DeValue::Integer(number) if number.as_str().starts_with('-') => "a negative one",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a decimal number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.refuse(place, format!("{}`{key}` must be {wanted}, not {found}", self.prefix()));
        None
    }

    fn path(&self, key: &str) -> String {
        let outer = self.name.trim_matches(['[', ']']);
        if outer.is_empty() { key.to_owned() } else { format!("{outer}.{key}") }
    }

    fn prefix(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) }
    }
}
