//! How signatures, and the spelling of tokens, have fooled others.

use towergate::jose::{JwsError, jws};

use crate::{
    keys::{decode, eddsa, encode, es256, message},
    wycheproof_jws::{ES256, by_secret, outcome},
};

/// The good token with another signature.
fn signed_by(signature: impl AsRef<[u8]>) -> String {
    format!("{}.{}", message(ES256, "{}"), encode(signature))
}

#[test]
fn a_signature_has_exactly_its_bytes() {
    let good = es256(ES256, "{}");
    let signature = decode(good.rsplit_once('.').unwrap().1);
    for length in 0..signature.len() {
        assert_eq!(outcome(&signed_by(&signature[..length])), Err(JwsError::Signature), "{length}");
    }
    for other in [
        [signature.as_slice(), &[0]].concat(),
        [&[0], signature.as_slice()].concat(),
        [&[0], &signature[..32], &[0], &signature[32..]].concat(),
        [&signature[32..], &signature[..32]].concat(),
        signature.repeat(2),
    ] {
        assert_eq!(outcome(&signed_by(&other)), Err(JwsError::Signature), "{other:?}");
    }
}

/// CVE-2022-21449: the signature that is good for every message.
#[test]
fn ecdsa_numbers_lie_between_zero_and_the_order() {
    let order = decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
    let field = decode("_____wAAAAEAAAAAAAAAAAAAAAD_______________8");
    let (zero, one, most) = (vec![0; 32], [vec![0; 31], vec![1]].concat(), vec![0xff; 32]);
    for r in [&zero, &one, &order, &field, &most] {
        for s in [&zero, &one, &order, &field, &most] {
            let signature = [r.as_slice(), s].concat();
            assert_eq!(outcome(&signed_by(&signature)), Err(JwsError::Signature), "{signature:?}");
        }
    }
}

/// Ed25519 numbers are below the order, or each token would have a twin of another spelling.
#[test]
fn an_eddsa_signature_has_no_twin() {
    let token = eddsa(r#"{"alg":"EdDSA"}"#, "{}");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let order = decode("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA");
    let mut twin = decode(signature);
    let mut carry = 0;
    for (byte, more) in twin[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert_eq!(outcome(&format!("{message}.{}", encode(&twin))), Err(JwsError::Signature));
    assert_eq!(outcome(&format!("{message}.{}", encode([0; 64]))), Err(JwsError::Signature));
}

#[test]
fn there_is_one_spelling_of_a_token() {
    let good = es256(ES256, "{}");
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for bad in [
        format!("{good}="),
        format!("{good}=="),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{good}\0"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.\n{payload}.{signature}"),
        format!("{header}.{payload}. {signature}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(".{good}"),
        good.replace('.', ".."),
        format!("{message}.{}", "+".repeat(86)),
        format!("{message}.{}", "/".repeat(86)),
        message.to_owned(),
        String::new(),
        String::from("."),
        String::from(".."),
    ] {
        assert_eq!(outcome(&bad), Err(JwsError::Malformed), "{bad}");
    }
    // The last of 86 characters carries two bits; the other sixty-three must not pass as the same signature.
    let shorter = signature.get(..85).unwrap();
    let spellings = ('!'..='~').filter(|last| outcome(&format!("{message}.{shorter}{last}")).is_ok());
    assert_eq!(spellings.count(), 1);
}

#[test]
fn each_changed_character_is_noticed() {
    let good = es256(ES256, r#"{"sub":"alice"}"#);
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(outcome(std::str::from_utf8(&changed).unwrap()).is_err(), "{at}");
    }
}

#[test]
fn what_is_huge_is_not_even_read() {
    let long = es256(ES256, &format!(r#"{{"a":"{}"}}"#, "x".repeat(jws::MAX_LENGTH)));
    assert_eq!(outcome(&long), Err(JwsError::TooLong));
    assert_eq!(by_secret(&long).unwrap_err(), JwsError::TooLong);
    assert_eq!(jws::peek(&long).unwrap_err(), JwsError::TooLong);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(outcome(&es256(ES256, &deep)), Err(JwsError::Claims));
    let dots = ".".repeat(jws::MAX_LENGTH);
    assert_eq!(outcome(&dots), Err(JwsError::Malformed));
}
