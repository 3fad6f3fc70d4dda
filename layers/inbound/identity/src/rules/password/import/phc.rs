//! What hashes of elsewhere have in common: parameters, salt and output, in base64 without padding
//! ([PHC string format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md)).

use std::ops::RangeInclusive;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};

/// How many bytes a salt may have.
pub(super) const SALTS: RangeInclusive<usize> = 4..=128;

/// How many bytes an output may have: fewer are soon found by chance, more are never made.
pub(super) const OUTPUTS: RangeInclusive<usize> = 16..=64;

/// Three parts between dollar signs, and no more.
pub(super) fn three(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split('$');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// A number without signs, spaces or zeros before it.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// What is written in base64 without padding. Where passlib wrote it, a dot stands for the plus.
pub(super) fn unpadded(text: &str, sizes: RangeInclusive<usize>) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok().filter(|bytes| sizes.contains(&bytes.len()))
}

/// What is written in base64 with padding.
pub(super) fn padded(text: &str, sizes: RangeInclusive<usize>) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| sizes.contains(&bytes.len()))
}
