//! Hashes of PBKDF2 ([RFC 8018, section 5.2](https://www.rfc-editor.org/rfc/rfc8018#section-5.2)) with HMAC-SHA-256 or HMAC-SHA-512:
//! as a PHC string, as passlib writes them, or as Django does.

use std::num::NonZeroU32;

use ring::{digest, pbkdf2};

use super::phc;
use crate::rules::password::{Password, VerifyFailure};

/// The most rounds that are worked with, over all blocks of the output: they take about a second.
const MAX_ROUNDS: u32 = 2_000_000;

/// How a hash is written, and by which HMAC it was made.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `$pbkdf2-sha256$i=600000,l=32$salt$hash`; or `$pbkdf2-sha256$29000$salt$hash`, as passlib has it.
    Phc(pbkdf2::Algorithm),
    /// `pbkdf2_sha256$600000$salt$hash`, where the salt is the text itself and the output has its padding.
    Django(pbkdf2::Algorithm),
}

impl Kind {
    /// That of a stored hash, and what follows its name.
    pub(super) fn of(stored: &str) -> Option<(Self, &str)> {
        let (sha256, sha512) = (pbkdf2::PBKDF2_HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA512);
        let kinds = [
            ("$pbkdf2-sha256$", Self::Phc(sha256)),
            ("$pbkdf2-sha512$", Self::Phc(sha512)),
            ("pbkdf2_sha256$", Self::Django(sha256)),
        ];
        kinds.into_iter().find_map(|(prefix, kind)| Some((kind, stored.strip_prefix(prefix)?)))
    }

    const fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Self::Phc(algorithm) | Self::Django(algorithm) => algorithm,
        }
    }
}

/// Whether what follows the name of the kind is whole and within bounds.
pub(super) fn is_workable(kind: Kind, rest: &str) -> bool {
    read(kind, rest).is_some()
}

/// Compares `password` with what follows the name of the kind.
pub(super) fn verify(password: &Password, kind: Kind, rest: &str) -> Result<(), VerifyFailure> {
    let (rounds, salt, hash) = read(kind, rest).ok_or(VerifyFailure::Unreadable)?;
    #[cfg(test)]
    crate::rules::password::hash::count::one_more();
    pbkdf2::verify(kind.algorithm(), rounds, &salt, password.as_bytes(), &hash)
        .map_err(|_| VerifyFailure::Mismatch)
}

fn read(kind: Kind, rest: &str) -> Option<(NonZeroU32, Vec<u8>, Vec<u8>)> {
    let [params, salt, hash] = phc::three(rest)?;
    let (rounds, salt, hash) = match kind {
        Kind::Phc(_) => {
            let (rounds, length) = match params.strip_prefix("i=") {
                None => (params, None),
                Some(named) => match named.split_once(",l=") {
                    None => (named, None),
                    Some((rounds, length)) => (rounds, Some(usize::try_from(phc::number(length)?).ok()?)),
                },
            };
            let hash = phc::unpadded(hash, phc::OUTPUTS)?;
            if length.is_some_and(|length| length != hash.len()) {
                return None;
            }
            (rounds, phc::unpadded(salt, phc::SALTS)?, hash)
        }
        Kind::Django(_) => {
            let salt = salt.as_bytes().to_vec();
            (
                params,
                Some(salt).filter(|salt| phc::SALTS.contains(&salt.len()))?,
                phc::padded(hash, phc::OUTPUTS)?,
            )
        }
    };
    let rounds = NonZeroU32::new(phc::number(rounds)?)?;
    let block =
        if kind.algorithm() == pbkdf2::PBKDF2_HMAC_SHA256 { &digest::SHA256 } else { &digest::SHA512 };
    let blocks = u32::try_from(hash.len().div_ceil(block.output_len())).ok()?;
    let bounded = rounds.get().checked_mul(blocks)? <= MAX_ROUNDS;
    bounded.then_some((rounds, salt, hash))
}

#[cfg(test)]
mod tests {
    use crate::rules::password::{HashParams, Password, VerifyFailure, hash::count, is_workable, verify};
    use towergate_core::Secret;

    const VECTORS: &[(&str, &str)] = &[
        (
            "password",
            "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdeg$LPrrFPJh8jcG2SFnhbVugOabJz9D.VZsGXS.3wMJQ3A",
        ),
        (
            "caf\u{e9} au lait",
            "$pbkdf2-sha256$i=1000,l=32$//79/Pv6+fgAAQIDBAUGBw$SdioJpMSWzT6kOI/vlz7Tt5Cr2Oet+w/vuFLWEL23/Y",
        ),
        (
            "password",
            "$pbkdf2-sha512$i=1000$//79/Pv6+fgAAQIDBAUGBw$5xAP2qZeZh8bLERQbqrOSm6MqEPbn8WtVYpmeoKXIfBHd1Y8tpidLHvP8s8vrVzuLVK4pp5uE+VxBOTnI3xfxw",
        ),
        (
            "password",
            "$pbkdf2-sha512$1000$//79/Pv6.fgAAQIDBAUGBw$5xAP2qZeZh8bLERQbqrOSm6MqEPbn8WtVYpmeoKXIfBHd1Y8tpidLHvP8s8vrVzuLVK4pp5uE.VxBOTnI3xfxw",
        ),
        ("password", "pbkdf2_sha256$1200$seasalt2$kr6cbEEDBt1FS/Ydpko4GhNiK8Z69wqFrapyb3qiUI0="),
        (
            "Password",
            "$pbkdf2-sha256$i=80000,l=64$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ",
        ),
    ];

    fn password(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    #[test]
    fn a_hash_of_pbkdf2_verifies_and_is_due_for_one_of_ours() {
        for (text, stored) in VECTORS {
            let verified = verify(&password(text), &Secret::from(*stored));
            assert!(verified.is_ok_and(|verified| verified.rehash_due(HashParams::default())), "{stored}");
            assert!(is_workable(&Secret::from(*stored)));
            let other = verify(&password("another"), &Secret::from(*stored)).unwrap_err();
            assert_eq!(other, VerifyFailure::Mismatch);
        }
    }

    #[test]
    fn what_would_cost_too_much_or_is_torn_is_not_worked_with() {
        let salt = "c29tZXNhbHRzb21lc2FsdA";
        let (hash, long) = ("A".repeat(43), "A".repeat(86));
        let padded = format!("{hash}=");
        for bad in [
            format!("$pbkdf2-sha256$i=2000001${salt}${hash}"),
            format!("$pbkdf2-sha256$i=4294967295${salt}${hash}"),
            format!("$pbkdf2-sha256$i=4294967296${salt}${hash}"),
            format!("$pbkdf2-sha256$i=1000001${salt}${long}"),
            format!("$pbkdf2-sha512$2000001${salt}${long}"),
            format!("$pbkdf2-sha256$i=0${salt}${hash}"),
            format!("$pbkdf2-sha256$i=1,l=31${salt}${hash}"),
            format!("$pbkdf2-sha256$i=1,x=31${salt}${hash}"),
            format!("$pbkdf2-sha256$l=32,i=1${salt}${hash}"),
            format!("$pbkdf2-sha256$-1${salt}${hash}"),
            format!("$pbkdf2-sha256$${salt}${hash}"),
            format!("$pbkdf2-sha256$i=1${salt}$AAAAAAAA"),
            format!("$pbkdf2-sha256$i=1$${hash}"),
            format!("$pbkdf2-sha256$i=1${salt}${padded}"),
            format!("$pbkdf2-sha1$i=1${salt}${hash}"),
            format!("pbkdf2_sha256$2000001$salt${padded}"),
            format!("pbkdf2_sha256$1$salt${hash}"),
            format!("pbkdf2_sha256$1$$${padded}"),
            format!("pbkdf2_sha1$1$salt${padded}"),
            "pbkdf2_sha256$".to_owned(),
        ] {
            assert!(!is_workable(&Secret::new(bad.clone())), "{bad}");
            count::take();
            let failure = verify(&password("right"), &Secret::new(bad.clone())).unwrap_err();
            assert_eq!((failure, count::take()), (VerifyFailure::Unreadable, 0), "{bad}");
        }
    }

    #[test]
    fn an_output_that_is_soon_found_by_chance_is_not_worked_with_however_it_is_written() {
        for short in [
            "pbkdf2_sha256$1000$saltsalt$AAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(!is_workable(&Secret::from(short)), "{short}");
        }
        assert!(is_workable(&Secret::from("pbkdf2_sha256$1000$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==")));
    }
}
