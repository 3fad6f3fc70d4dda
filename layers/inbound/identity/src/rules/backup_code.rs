//! Backup codes: the way in for whoever has lost their app.
//!
//! Ten at a time, each good once, each 120 random bits: beyond the 112 from which
//! [NIST SP 800-63B-4 section 3.1.2.2](https://pages.nist.gov/800-63-4/sp800-63b.html#lookupsecretverifiers) is content
//! with a fast hash. So one try costs one digest, whoever makes it, and a stolen table gives nothing away. They are
//! shown once, in six groups of four letters and digits that are not taken for one another.

use towergate_core::{Digest, Random, RandomUnavailable, Secret, random};

use super::user::UserId;

/// How many are made at a time.
pub const COUNT: usize = 10;

/// Letters and digits of a code, five bits each.
const LENGTH: usize = 24;

/// Crockford's alphabet: no i, l, o or u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A backup code in the hands of its person.
#[derive(Debug, Clone)]
pub struct BackupCode(Secret<String>);

impl BackupCode {
    /// A whole new set.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn fresh_set(random: &dyn Random) -> Result<Vec<Self>, RandomUnavailable> {
        (0..COUNT).map(|_| Self::fresh(random)).collect()
    }

    /// Reads what was typed: spaces, dashes and case do not count, and look-alikes are taken for what they look like.
    /// `None` when it cannot be a code.
    #[must_use]
    pub fn parse(typed: &Secret<String>) -> Option<Self> {
        let typed = typed.expose();
        if typed.len() > 4 * LENGTH {
            return None;
        }
        let mut code = String::with_capacity(typed.len());
        for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            code.push(match c.to_ascii_lowercase() {
                'i' | 'l' => '1',
                'o' => '0',
                c => c,
            });
        }
        let code = Secret::new(code);
        let right = code.expose().len() == LENGTH && code.expose().bytes().all(|b| ALPHABET.contains(&b));
        right.then_some(Self(code))
    }

    /// The code as it is shown, once: in groups.
    #[must_use]
    pub fn reveal(&self) -> Secret<String> {
        let mut shown = String::with_capacity(LENGTH + LENGTH / 4);
        for (place, c) in self.0.expose().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                shown.push('-');
            }
            shown.push(c);
        }
        Secret::new(shown)
    }

    /// What a store keeps of the code of `user`.
    #[must_use]
    pub fn digest(&self, user: UserId) -> Digest {
        let parts = [b"backup code of ".as_slice(), user.as_uuid().as_bytes(), self.0.expose().as_bytes()];
        Digest::of(Secret::new(parts.concat()).expose())
    }

    fn fresh(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let drawn: [u8; LENGTH] = random::bytes(random)?;
        let mut code = String::with_capacity(LENGTH);
        code.extend(
            drawn.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|c| char::from(*c)),
        );
        Ok(Self(Secret::new(code)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use towergate_core::{Timestamp, random::InsecureSeededRandom};

    use super::*;

    fn set() -> Vec<BackupCode> {
        BackupCode::fresh_set(&InsecureSeededRandom::new(1)).unwrap()
    }

    #[test]
    fn a_set_has_ten_different_codes_of_120_bits() {
        let codes = set();
        let shown: BTreeSet<_> = codes.iter().map(|code| code.reveal().expose().clone()).collect();
        assert_eq!(shown.len(), 10);
        for code in shown {
            assert_eq!(code.len(), 29);
            assert!(code.split('-').all(|group| group.len() == 4), "{code}");
        }
    }

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let user = UserId::fresh(Timestamp::from_unix_seconds(1), &InsecureSeededRandom::new(2)).unwrap();
        for code in set() {
            let shown = code.reveal().expose().clone();
            for typed in
                [shown.to_uppercase(), shown.replace('-', ""), shown.replace('1', "l").replace('0', "O")]
            {
                let read = BackupCode::parse(&Secret::new(typed)).unwrap();
                assert!(read.digest(user).matches(&code.digest(user)));
            }
        }
        for bad in ["", "123456", "abcd-efgh", &"u".repeat(24), &"0".repeat(25), &"-".repeat(10_000)] {
            assert!(BackupCode::parse(&Secret::from(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_code_belongs_to_its_person() {
        let random = InsecureSeededRandom::new(3);
        let [alice, bob] = [1, 2].map(|_| UserId::fresh(Timestamp::from_unix_seconds(1), &random).unwrap());
        let code = &set()[0];
        assert!(!code.digest(alice).matches(&code.digest(bob)));
    }

    #[test]
    fn a_code_does_not_print() {
        let code = &set()[0];
        assert!(!format!("{code:?}").contains(code.0.expose()));
    }
}
