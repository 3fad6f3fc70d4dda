use super::*;
use crate::random::InsecureSeededRandom;

fn key(byte: u8) -> SealingKey {
    SealingKey::new(Secret::new([byte; 32]))
}

fn sealed() -> Vec<u8> {
    key(1).seal(b"here", b"hush", &InsecureSeededRandom::new(1)).unwrap()
}

#[test]
fn what_is_sealed_opens_again() {
    assert_eq!(key(1).open(b"here", &sealed()).unwrap().expose(), b"hush");
    let empty = key(1).seal(b"", b"", &InsecureSeededRandom::new(2)).unwrap();
    assert!(key(1).open(b"", &empty).unwrap().expose().is_empty());
}

#[test]
fn it_opens_only_where_it_belongs() {
    assert_eq!(key(1).open(b"there", &sealed()).unwrap_err(), SealError::Broken);
}

#[test]
fn a_flipped_bit_anywhere_keeps_it_shut() {
    for place in 0..sealed().len() {
        let mut altered = sealed();
        altered[place] ^= 1;
        assert!(key(1).open(b"here", &altered).is_err(), "byte {place}");
    }
}

#[test]
fn a_torn_or_stretched_text_stays_shut() {
    for length in 0..sealed().len() {
        assert!(key(1).open(b"here", &sealed()[..length]).is_err(), "{length} bytes");
    }
    let mut stretched = sealed();
    stretched.push(0);
    assert_eq!(key(1).open(b"here", &stretched).unwrap_err(), SealError::Broken);
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    let random = InsecureSeededRandom::new(3);
    let first = key(1).seal(b"here", b"hush", &random).unwrap();
    assert_ne!(first, key(1).seal(b"here", b"hush", &random).unwrap());
}

#[test]
fn an_older_key_of_the_ring_still_opens_and_is_stale() {
    let ring = SealingRing::new(key(2)).with_older(key(1));
    assert_eq!(ring.open(b"here", &sealed()).unwrap().expose(), b"hush");
    assert!(ring.is_stale(&sealed()).unwrap());
    let fresh = ring.seal(b"here", b"hush", &InsecureSeededRandom::new(4)).unwrap();
    assert!(!ring.is_stale(&fresh).unwrap());
    assert_eq!(SealingRing::new(key(2)).open(b"here", &sealed()).unwrap_err(), SealError::UnknownKey);
}

#[test]
fn each_purpose_has_its_own_key() {
    let material = Secret::new([9; 32]);
    let one = SealingKey::derive(&material, "one").unwrap();
    assert_eq!(one.id(), SealingKey::derive(&material, "one").unwrap().id());
    assert_ne!(one.id(), SealingKey::derive(&material, "two").unwrap().id());
    assert_ne!(one.id(), SealingKey::new(material).id());
}

#[test]
fn a_key_does_not_print() {
    assert!(!format!("{:?}", key(0x41)).contains("65, 65, 65, 65, 65"));
}

#[test]
fn the_key_of_a_tokens_secret_is_nobody_elses() {
    let secret = Secret::new([7; 32]);
    let one = SealingKey::expand(&secret, "one").unwrap();
    assert_eq!(one.id(), SealingKey::expand(&secret, "one").unwrap().id());
    for other in [
        SealingKey::expand(&secret, "two"),
        SealingKey::expand(&Secret::new([8; 32]), "one"),
        SealingKey::derive(&secret, "one"),
    ] {
        assert_ne!(one.id(), other.unwrap().id());
    }
    assert_ne!(one.id(), SealingKey::new(secret).id(), "what is kept of the secret is no key");
}
