//! Hashes of scrypt ([RFC 7914](https://www.rfc-editor.org/rfc/rfc7914)), `$scrypt$ln=16,r=8,p=1$salt$hash`.

use scrypt::{Params, scrypt};
use towergate_core::{Secret, secret::constant_time_eq};

use super::phc;
use crate::rules::password::{Password, VerifyFailure};

pub(super) const PREFIX: &str = "$scrypt$";

/// The most memory that is filled, in bytes: 128 MiB, which `ln=17,r=8` takes.
const MAX_MEMORY: u64 = 128 << 20;

/// The most memory that waits its turn to be mixed, in bytes.
const MAX_LANES: u64 = 1 << 20;

/// The size of a block, in bytes.
const BLOCK: u64 = 128;

/// The most blocks that are mixed, twice each: 2^21 take about a second.
const MAX_BLOCKS: u64 = 1 << 21;

/// Whether what follows the prefix is whole and within bounds.
pub(super) fn is_workable(rest: &str) -> bool {
    read(rest).is_some()
}

/// Compares `password` with what follows the prefix.
pub(super) fn verify(password: &Password, rest: &str) -> Result<(), VerifyFailure> {
    let Read { params, memory, salt, hash } = read(rest).ok_or(VerifyFailure::Unreadable)?;
    // The work itself would take the program down where memory has run out.
    if Vec::<u8>::new().try_reserve_exact(memory).is_err() {
        return Err(VerifyFailure::Exhausted);
    }
    #[cfg(test)]
    crate::rules::password::hash::count::one_more();
    let mut output = Secret::new(vec![0; hash.len()]);
    scrypt(password.as_bytes(), &salt, &params, output.expose_mut())
        .map_err(|_| VerifyFailure::Unreadable)?;
    if constant_time_eq(output.expose(), &hash) { Ok(()) } else { Err(VerifyFailure::Mismatch) }
}

struct Read {
    params: Params,
    memory: usize,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

fn read(rest: &str) -> Option<Read> {
    let [params, salt, hash] = phc::three(rest)?;
    let (ln, rest) = params.strip_prefix("ln=")?.split_once(",r=")?;
    let (r, p) = rest.split_once(",p=")?;
    let (ln, r, p) = (phc::number(ln)?, phc::number(r)?, phc::number(p)?);
    let rows = 1_u64.checked_shl(ln).filter(|rows| *rows > 1)?;
    let (blocks, lanes) = (rows.checked_mul(u64::from(r))?, u64::from(r).checked_mul(u64::from(p))?);
    let bounded = blocks <= MAX_MEMORY / BLOCK
        && lanes <= MAX_LANES / BLOCK
        && blocks.checked_mul(u64::from(p))? <= MAX_BLOCKS;
    if !bounded {
        return None;
    }
    let memory = usize::try_from(blocks.checked_add(lanes)?.checked_mul(BLOCK)?).ok()?;
    let params = Params::new(u8::try_from(ln).ok()?, r, p).ok()?;
    let (salt, hash) = (phc::unpadded(salt, phc::SALTS)?, phc::unpadded(hash, phc::OUTPUTS)?);
    Some(Read { params, memory, salt, hash })
}

#[cfg(test)]
mod tests {
    use crate::rules::password::{HashParams, Password, VerifyFailure, hash::count, is_workable, verify};
    use towergate_core::Secret;

    /// passlib's own example; and RFC 7914, section 12, as it is written here.
    const VECTORS: [(&str, &str); 2] = [
        (
            "password",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ),
        (
            "pleaseletmein",
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        ),
    ];

    fn password(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    #[test]
    fn a_hash_of_scrypt_verifies_and_is_due_for_one_of_ours() {
        for (text, stored) in VECTORS {
            let verified = verify(&password(text), &Secret::from(stored)).unwrap();
            assert!(verified.rehash_due(HashParams::default()), "{text}");
            assert!(is_workable(&Secret::from(stored)));
            let other = verify(&password("another"), &Secret::from(stored)).unwrap_err();
            assert_eq!(other, VerifyFailure::Mismatch);
        }
    }

    #[test]
    fn what_would_cost_too_much_or_is_torn_is_not_worked_with() {
        let (_, good) = VECTORS[0];
        let with = |params: &str| good.replace("ln=16,r=8,p=1", params);
        for bad in [
            with("ln=18,r=8,p=1"),
            with("ln=63,r=8,p=1"),
            with("ln=64,r=8,p=1"),
            with("ln=300,r=8,p=1"),
            with("ln=16,r=17,p=1"),
            with("ln=16,r=8,p=5"),
            with("ln=1,r=1,p=4294967295"),
            with("ln=1,r=4294967295,p=1"),
            with("ln=1,r=4294967295,p=4294967295"),
            with("ln=0,r=8,p=1"),
            with("ln=16,r=0,p=1"),
            with("ln=16,r=8,p=0"),
            with("ln=016,r=8,p=1"),
            with("ln=+16,r=8,p=1"),
            with("ln=16,r=8"),
            with("r=8,ln=16,p=1"),
            with("ln=16,r=8,p=1,x=1"),
            good.replace("nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "nFNh2CVHVjNldFVKDHDl"),
            good.replace("nFNh", "nF!h"),
            good.replace("aM15713r3Xsvxbi31lqr1Q", ""),
            format!("{good}$"),
            "$scrypt$".to_owned(),
        ] {
            assert!(!is_workable(&Secret::new(bad.clone())), "{bad}");
            count::take();
            let failure = verify(&password("password"), &Secret::new(bad.clone())).unwrap_err();
            assert_eq!((failure, count::take()), (VerifyFailure::Unreadable, 0), "{bad}");
        }
    }
}
