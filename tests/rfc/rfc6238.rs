//! TOTP: the vectors of [RFC 6238 appendix B](https://www.rfc-editor.org/rfc/rfc6238#appendix-B) for SHA-1, and what sections
//! 4 and 5 ask of whoever verifies.

use std::time::Duration;

use towergate::{
    core::{Secret, Timestamp},
    identity::rules::totp::{DIGITS, STEP_SECONDS, TotpCode, TotpSecret},
};

/// `12345678901234567890` in base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Seconds, and the eight digits of the RFC; six digits are the last six of them.
const VECTORS: [(i64, &str); 6] = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
];

fn secret() -> TotpSecret {
    TotpSecret::parse(&Secret::from(SECRET)).unwrap()
}

fn typed(digits: &str) -> TotpCode {
    TotpCode::parse(&Secret::from(digits)).unwrap()
}

#[test]
fn appendix_b_the_codes_are_those_of_the_vectors() {
    for (seconds, eight) in VECTORS {
        let (at, six) = (Timestamp::from_unix_seconds(seconds), eight.split_at(eight.len() - DIGITS).1);
        assert_eq!(secret().code_at(at).unwrap().expose(), six, "{seconds}");
        let step = secret().step_of(&typed(six), at, 0).unwrap();
        assert_eq!(step.number(), u64::try_from(seconds).unwrap() / STEP_SECONDS);
    }
}

#[test]
fn section_4_1_a_step_is_thirty_seconds_from_the_epoch() {
    let code = |seconds| secret().code_at(Timestamp::from_unix_seconds(seconds)).unwrap().expose().to_owned();
    assert_eq!(code(30), code(59));
    assert_ne!(code(29), code(30));
}

#[test]
fn section_5_2_one_step_of_delay_is_allowed_and_no_more() {
    let at = Timestamp::from_unix_seconds(1_234_567_890);
    let step = Duration::from_secs(STEP_SECONDS);
    let code = typed("005924");
    for now in [at.minus(step), at, at.plus(step)] {
        assert!(secret().step_of(&code, now, 1).is_some());
    }
    for now in [at.minus(2 * step), at.plus(2 * step)] {
        assert!(secret().step_of(&code, now, 1).is_none());
    }
}
