//! `[development]`: what only a developer's own machine may have.

use super::{keys::duration, reader::Section};

/// How far the clock of the host is from the machine's, in milliseconds. By a clock that is behind, what has ended would be taken; by one that is
/// ahead, what has not would be thrown away.
pub(super) fn read_offset(section: Section<'_>, is_local: bool) -> Option<i64> {
    let key = "insecure_clock_offset";
    let text = section.text(key);
    if text.is_some() && !is_local {
        section.refuse_key(key, "`insecure_clock_offset` is for an `issuer` on this machine alone");
    }
    let offset = text.and_then(|text| {
        let (sign, length) = match text.value.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text.value.as_str()),
        };
        let length = super::reader::Text { value: length.to_owned(), place: text.place };
        let millis = i64::try_from(duration(&section, key, &length)?.as_millis()).ok()?;
        Some(sign * millis)
    });
    section.finish();
    offset.filter(|_| is_local)
}
