//! Hashes of bcrypt, as `$2a$`, `$2b$` or `$2y$`.
//!
//! bcrypt looks at the first 72 bytes of a password alone. What it accepted before, it accepts here, once: the hash that takes its
//! place is of the whole password as it was typed.

use crate::rules::password::{Password, VerifyFailure};

/// The costs that are worked with: each one more is twice the work. The highest takes about a second.
const COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// No bcrypt hash is of another length.
const LENGTH: usize = 60;

/// Whether a stored hash is one of bcrypt.
pub(super) fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix))
}

/// Whether a hash of bcrypt is whole and within bounds.
pub(super) fn is_workable(stored: &str) -> bool {
    let cost = stored.get(4..6).and_then(|cost| cost.parse().ok());
    stored.len() == LENGTH && cost.is_some_and(|cost| COSTS.contains(&cost))
}

/// Compares `password` with a bcrypt hash.
pub(super) fn verify(password: &Password, stored: &str) -> Result<(), VerifyFailure> {
    if !is_workable(stored) {
        return Err(VerifyFailure::Unreadable);
    }
    #[cfg(test)]
    crate::rules::password::hash::count::one_more();
    match ::bcrypt::verify(password.as_bytes(), stored) {
        Ok(true) => Ok(()),
        Ok(false) => Err(VerifyFailure::Mismatch),
        Err(_) => Err(VerifyFailure::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::Secret;

    use super::*;
    use crate::rules::password::{HashParams, is_workable, verify};

    /// Published test vectors of bcrypt, of which the last shows that only 72 bytes count.
    const VECTORS: [(&str, &str); 4] = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        (
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        ),
    ];

    fn password(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    #[test]
    fn a_hash_of_bcrypt_verifies_and_is_due_for_one_of_ours() {
        for (text, stored) in VECTORS {
            let verified = verify(&password(text), &Secret::from(stored)).unwrap();
            assert!(verified.rehash_due(HashParams::default()), "{text}");
            assert!(is_workable(&Secret::from(stored)));
            let other = verify(&password("another"), &Secret::from(stored)).unwrap_err();
            assert_eq!(other, VerifyFailure::Mismatch);
        }
    }

    #[test]
    fn a_hash_that_would_cost_too_much_or_is_torn_is_not_worked_with() {
        let (_, good) = VECTORS[0];
        for bad in [
            good.replace("$05$", "$15$"),
            good.replace("$05$", "$31$"),
            good.replace("$05$", "$03$"),
            good.replace("$05$", "$xx$"),
            good.chars().take(59).collect(),
            format!("{good}x"),
            good.replace("CCC", "C!C"),
        ] {
            if !bad.contains('!') {
                assert!(!is_workable(&Secret::new(bad.clone())), "{bad}");
            }
            let failure = verify(&password("U*U"), &Secret::new(bad.clone())).unwrap_err();
            assert_eq!(failure, VerifyFailure::Unreadable, "{bad}");
        }
    }
}
