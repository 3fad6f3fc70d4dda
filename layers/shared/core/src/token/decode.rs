//! Base64url of a length that is known, read strictly: no padding, no other character, and no bit that says nothing.
//!
//! A token is read at every request. The crate that writes it reads texts of any length, and takes more than twice as long.

/// What each byte stands for; [`NONE`] where it is not of the alphabet.
const SIX_BITS: [u8; 256] = six_bits();
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// A bit that no six bits have.
const NONE: u8 = 0x80;

/// The `N` bytes that `text` stands for; `None` when it is not the one text that does.
pub(super) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != (8 * N).div_ceil(6) {
        return None;
    }
    let mut bytes = [0; N];
    let mut seen = 0;
    let (groups, last) = text.as_chunks();
    let (places, last_place) = bytes.as_chunks_mut();
    for (place, group) in places.iter_mut().zip(groups) {
        *place = three(*group, &mut seen);
    }
    let mut group = [b'A'; 4];
    group.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
    let filled = three(group, &mut seen);
    let (needed, spare) = filled.split_at_checked(last_place.len())?;
    last_place.iter_mut().zip(needed).for_each(|(to, from)| *to = *from);
    (seen & NONE == 0 && spare.iter().all(|byte| *byte == 0)).then_some(bytes)
}

/// The three bytes of four characters. What was seen of all groups is looked at once, at the end.
#[inline(always)]
fn three(group: [u8; 4], seen: &mut u8) -> [u8; 3] {
    let [first, second, third, fourth] =
        group.map(|byte| SIX_BITS.get(usize::from(byte)).copied().unwrap_or(NONE));
    *seen |= first | second | third | fourth;
    let bits = u32::from(first) << 18 | u32::from(second) << 12 | u32::from(third) << 6 | u32::from(fourth);
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes
}

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "made when it is compiled")]
const fn six_bits() -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut place = 0;
    while place < ALPHABET.len() {
        table[ALPHABET[place] as usize] = place as u8;
        place += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn of_crate<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
    }

    /// Every byte at every place of a text, beside what the crate says.
    fn reads_as_the_crate_does<const N: usize>() {
        let mut bytes = [0xf7_u8; N];
        bytes.iter_mut().zip(1..).for_each(|(byte, place)| *byte = byte.wrapping_mul(place));
        let text = URL_SAFE_NO_PAD.encode(bytes).into_bytes();
        assert_eq!(decode(&text), Some(bytes));
        for place in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut text = text.clone();
                *text.get_mut(place).unwrap() = byte;
                assert_eq!(decode::<N>(&text), of_crate(&text), "{byte} at {place} of {N} bytes");
            }
        }
        for length in 0..text.len() + 4 {
            let text = vec![b'A'; length];
            assert_eq!(decode::<N>(&text), of_crate(&text), "{length} characters for {N} bytes");
        }
    }

    #[test]
    fn a_text_is_read_as_the_crate_reads_it() {
        reads_as_the_crate_does::<15>();
        reads_as_the_crate_does::<16>();
        reads_as_the_crate_does::<32>();
    }
}
