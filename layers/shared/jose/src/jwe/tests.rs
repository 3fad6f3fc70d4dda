use p256::SecretKey;
use proptest::prelude::*;
use rsa::{pkcs8::DecodePrivateKey, traits::PaddingScheme};
use serde_json::json;
use towergate_core::random::InsecureSeededRandom;

use super::*;
use crate::{Algorithm, SigningKey, generate};

const EC_WAYS: [KeyManagement; 2] = [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw];

fn secret(d: &str) -> DecryptionKey {
    DecryptionKey::new(SecretKey::from_slice(&decode(d).unwrap()).unwrap()).unwrap()
}

fn ours() -> DecryptionKey {
    secret("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")
}

fn refused(compact: &str) -> bool {
    matches!(decrypt(compact, &ours(), &KeyManagement::ALL, &ContentEncryption::ALL), Err(JweError::Refused))
}

fn header_of(compact: &str) -> Map<String, Value> {
    header(compact.split('.').next().unwrap()).unwrap()
}

#[test]
fn a_recipient_must_be_for_encryption_by_this_algorithm() {
    let random = InsecureSeededRandom::new(1);
    let to = |jwk: &Jwk, alg| encrypt(b"", jwk, alg, ContentEncryption::A128Gcm, None, &random);
    let signing =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None);
    assert_eq!(to(signing.unwrap().public_jwk(), KeyManagement::EcdhEs), Err(JweError::Recipient));
    assert_eq!(to(ours().public_jwk(), KeyManagement::RsaOaep256), Err(JweError::Recipient));
}

#[test]
fn a_wrapped_key_is_as_long_as_its_encryption_asks() {
    let PublicKey::P256(point) = ours().public_jwk().key().clone() else { unreachable!() };
    let (agreement, _) = Agreement::with_ephemeral(&point, &InsecureSeededRandom::new(1)).unwrap();
    let alg = KeyManagement::EcdhEsA256Kw;
    let wrapped = agreement.wrap(alg, &[7; 16]).unwrap();
    let unwrapped =
        |length| agreement.unwrap(alg, b"", b"", &wrapped, length).map(|key| key.expose().clone());
    assert_eq!(unwrapped(16), Some(vec![7; 16]));
    assert_eq!((unwrapped(32), unwrapped(8)), (None, None));
}

#[test]
fn of_several_keys_the_one_for_encryption_is_taken() {
    let random = InsecureSeededRandom::new(1);
    let signing =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap();
    let keys = JwkSet::new(vec![signing.public_jwk().clone(), ours().public_jwk().clone()]);
    let to = |keys, alg| encrypt_to(keys, alg, ContentEncryption::A128Gcm, Some("JWT"), b"hush", &random);
    for alg in EC_WAYS {
        let token = to(&keys, alg).unwrap();
        assert_eq!(header_of(&token)["kid"], json!(ours().public_jwk().kid().unwrap()));
        assert!(!refused(&token), "{alg}");
    }
    assert_eq!(to(&keys, KeyManagement::RsaOaep256), Err(JweError::Recipient));
    let only_signing = JwkSet::new(vec![signing.public_jwk().clone()]);
    assert_eq!(to(&only_signing, KeyManagement::EcdhEs), Err(JweError::Recipient));
}

#[test]
fn sizes_and_media_types_are_bounded_before_any_work() {
    let random = InsecureSeededRandom::new(1);
    let (alg, enc, key) = (KeyManagement::EcdhEs, ContentEncryption::A128Gcm, ours());
    let make = |text: &[u8], cty| encrypt(text, key.public_jwk(), alg, enc, cty, &random);
    let longest = make(&vec![7; MAX_PLAINTEXT], None).unwrap();
    assert_eq!(decrypt(&longest, &key, &[alg], &[enc]).unwrap().expose().len(), MAX_PLAINTEXT);
    assert_eq!(make(&vec![7; MAX_PLAINTEXT + 1], None), Err(JweError::TooLong));
    assert_eq!(make(b"", Some("a\"b")), Err(JweError::ContentType));
    assert_eq!(make(b"", Some("")), Err(JweError::ContentType));
    assert!(refused(&"a".repeat(MAX_LENGTH + 1)));
}

/// The private operation is here alone, on a key of this test's own, to prove what the public one made.
#[test]
fn rfc7518_4_3_rsa_oaep_256_reaches_the_owner_of_the_key() {
    let pkcs8 = generate(Algorithm::RS256).unwrap();
    let signing = SigningKey::from_pkcs8(Algorithm::RS256, pkcs8.expose(), None).unwrap();
    let jwk = Jwk::for_encryption(signing.public_jwk().key().clone(), "rsa".into());
    let (alg, enc) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    let token = encrypt(b"hush", &jwk, alg, enc, None, &InsecureSeededRandom::new(1)).unwrap();
    assert!(refused(&token));

    let parts: Vec<&str> = token.split('.').collect();
    let private = rsa::RsaPrivateKey::from_pkcs8_der(pkcs8.expose()).unwrap();
    let none = None::<&mut rand::rngs::SysRng>;
    let key = rsa::Oaep::<sha2::Sha256>::new().decrypt(none, &private, &decode(parts[1]).unwrap()).unwrap();
    let [iv, ciphertext, tag] = [2, 3, 4].map(|part: usize| decode(parts[part]).unwrap());
    let text = enc.open(&Secret::new(key), Sealed { iv, ciphertext, tag }, parts[0].as_bytes()).unwrap();
    assert_eq!(text.expose(), b"hush");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_encrypted_reads_back(
        text in proptest::collection::vec(any::<u8>(), 0..600), seed: u64, kw: bool, which in 0..3_usize,
    ) {
        let (alg, enc) = (EC_WAYS[usize::from(kw)], ContentEncryption::ALL[which]);
        let random = InsecureSeededRandom::new(seed);
        let token = encrypt(&text, ours().public_jwk(), alg, enc, None, &random).unwrap();
        let opened = decrypt(&token, &ours(), &[alg], &[enc]).unwrap();
        prop_assert_eq!(opened.expose(), &text);
    }
}
