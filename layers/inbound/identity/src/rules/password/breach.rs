//! Looking a password up among those that leaked, without telling it: the service is asked for all digests that begin with the same
//! five digits ([k-anonymity](https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange)), some thousand of them.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use towergate_core::Secret;

use super::Password;

/// How many hexadecimal digits are told.
const TOLD: usize = 5;

/// Where a password would be found.
pub struct BreachRange {
    prefix: String,
    rest: Secret<String>,
}

impl BreachRange {
    /// That of `password`.
    #[must_use]
    pub fn of(password: &Password) -> Self {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let (prefix, rest) = hex.split_at_checked(TOLD).unwrap_or_default();
        Self { prefix: prefix.to_owned(), rest: Secret::new(rest.to_owned()) }
    }

    /// What the service is told.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the password is in the answer: lines of the rest of a digest and how often it was seen. Those that were never
    /// seen are padding, which hides how long the answer is.
    #[must_use]
    pub fn is_in(&self, answer: &str) -> bool {
        answer.lines().filter_map(|line| line.trim().split_once(':')).any(|(rest, seen)| {
            rest.eq_ignore_ascii_case(self.rest.expose())
                && seen.trim().parse::<u64>().is_ok_and(|seen| seen > 0)
        })
    }
}

impl std::fmt::Debug for BreachRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BreachRange").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_by_the_rest_of_its_digest_where_it_was_seen() {
        let range = BreachRange::of(&Password::parse(&Secret::from("password")).unwrap());
        assert_eq!(range.prefix(), "5BAA6");
        let seen =
            "1D72CD07550416C216D8AD296BF5C0AE8E0:10\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n";
        assert!(range.is_in(seen) && range.is_in(&seen.to_lowercase()));
        assert!(!range.is_in(&seen.replace("9545824", "0")), "padding");
        assert!(
            !range.is_in("1E4C9B93F3F0682250B6CF8331B7EE68FD9:5")
                && !range.is_in("")
                && !range.is_in("<html>")
        );
    }
}
