use towergate_core::random::InsecureSeededRandom;

use argon2::CustomizedPasswordHasher;

use super::*;

fn random() -> InsecureSeededRandom {
    InsecureSeededRandom::new(3)
}

fn cheap() -> HashParams {
    HashParams::insecure_new(16, 1, 1).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(&Secret::from(text)).unwrap()
}

#[test]
fn the_default_is_argon2id_with_19_mib_and_two_passes() {
    let phc = hash(&password("right"), HashParams::default(), &random()).unwrap();
    assert!(phc.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", phc.expose());
    assert!(
        verify(&password("right"), &phc).is_ok_and(|verified| !verified.rehash_due(HashParams::default()))
    );
}

#[test]
fn weaker_parameters_need_the_word_insecure() {
    assert!(HashParams::new(19_455, 2, 1).is_err());
    assert!(HashParams::new(19_456, 1, 1).is_err());
    assert!(HashParams::new(65_536, 3, 4).is_ok());
    assert!(HashParams::insecure_new(8, 1, 1).is_ok());
    assert!(HashParams::insecure_new(0, 0, 0).is_err());
}

#[test]
fn no_hash_is_made_that_would_be_refused_later() {
    assert!(HashParams::new(MAX_MEMORY_KIB, MAX_ITERATIONS, MAX_PARALLELISM).is_ok());
    assert!(HashParams::new(MAX_MEMORY_KIB + 1, 2, 1).is_err());
    assert!(HashParams::new(19_456, MAX_ITERATIONS + 1, 1).is_err());
    assert!(HashParams::new(19_456, 2, MAX_PARALLELISM + 1).is_err());
}

#[test]
fn two_hashes_of_one_password_differ_and_both_verify() {
    let random = random();
    let one = hash(&password("right"), cheap(), &random).unwrap();
    let two = hash(&password("right"), cheap(), &random).unwrap();
    assert_ne!(one.expose(), two.expose());
    for phc in [one, two] {
        assert!(is_workable(&phc));
        assert!(verify(&password("right"), &phc).is_ok());
        assert_eq!(verify(&password("Right"), &phc).unwrap_err(), VerifyFailure::Mismatch);
    }
}

#[test]
fn a_composed_and_a_decomposed_password_verify_alike() {
    let phc = hash(&password("caf\u{e9}"), cheap(), &random()).unwrap();
    assert!(verify(&password("cafe\u{301}"), &phc).is_ok());
}

#[test]
fn absurd_or_torn_hashes_cost_nothing() {
    let salt = "c29tZXNhbHRzb21lc2FsdA";
    let output = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let long = format!("$argon2id$v=19$m=16,t=1,p=1${salt}${}", "A".repeat(600));
    for phc in [
        "",
        "$",
        "password",
        "$2b$12$abcdefghijklmnopqrstuv",
        &format!("$argon2id$v=19$m=262145,t=2,p=1${salt}${output}"),
        &format!("$argon2id$v=19$m=19456,t=11,p=1${salt}${output}"),
        &format!("$argon2id$v=19$m=19456,t=2,p=17${salt}${output}"),
        &format!("$argon2id$v=7$m=19456,t=2,p=1${salt}${output}"),
        &format!("$argon2id$v=19$m=19456,t=2,p=1${salt}"),
        "$argon2id$v=19$m=19456,t=2,p=1",
        &long,
    ] {
        count::take();
        let failure = verify(&password("right"), &Secret::from(phc)).unwrap_err();
        assert_eq!((failure, count::take()), (VerifyFailure::Unreadable, 0), "{phc}");
        assert!(!is_workable(&Secret::from(phc)), "{phc}");
    }
}

#[test]
fn a_hash_of_an_older_kind_verifies_and_is_due_for_a_new_one() {
    let params = cheap().as_argon2().unwrap();
    let older = Argon2::default()
        .hash_password_customized(b"right", b"sixteen-byte-slt", Some("argon2i"), Some(16), params)
        .unwrap();
    let verified = verify(&password("right"), &Secret::new(older.to_string())).unwrap();
    assert!(verified.rehash_due(cheap()));
}
