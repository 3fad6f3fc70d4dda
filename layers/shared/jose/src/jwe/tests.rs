use p256::SecretKey;
use proptest::prelude::*;
use rsa::{pkcs8::DecodePrivateKey, traits::PaddingScheme};
use serde_json::json;
use towergate_core::random::InsecureSeededRandom;

use super::*;
use crate::{Algorithm, SigningKey, generate};

const EC_WAYS: [KeyManagement; 2] = [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw];

/// The token of RFC 7520 section 5.5.
const COOKBOOK_5_5: &str = concat!(
    "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6",
    "IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4",
    "QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5s",
    "Yyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXv",
    "HteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7",
    "-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni",
    "5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.",
    "WCCkNa-x4BeB9hIDIfFuhg",
);

fn secret(d: &str) -> DecryptionKey {
    DecryptionKey::new(SecretKey::from_slice(&decode(d).unwrap()).unwrap()).unwrap()
}

fn ours() -> DecryptionKey {
    secret("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")
}

fn sealed(alg: KeyManagement, enc: ContentEncryption) -> String {
    encrypt(b"hush", ours().public_jwk(), alg, enc, Some("JWT"), &InsecureSeededRandom::new(1)).unwrap()
}

fn refused(compact: &str) -> bool {
    matches!(decrypt(compact, &ours(), &KeyManagement::ALL, &ContentEncryption::ALL), Err(JweError::Refused))
}

fn header_of(compact: &str) -> Map<String, Value> {
    header(compact.split('.').next().unwrap()).unwrap()
}

/// A token whose header is this one, and which is right for it in every other way.
fn with_header(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let enc = ContentEncryption::A128Gcm;
    let random = InsecureSeededRandom::new(2);
    let PublicKey::P256(point) = ours().public_jwk().key().clone() else { unreachable!() };
    let (agreement, epk) = Agreement::with_ephemeral(&point, &random).unwrap();
    let cek = agreement.derive("A128GCM", b"", b"", 16);
    let mut header = Map::new();
    header.insert("alg".into(), "ECDH-ES".into());
    header.insert("enc".into(), "A128GCM".into());
    header.insert("epk".into(), epk);
    change(&mut header);
    let header = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let sealed = enc.seal(&cek, b"hush", header.as_bytes(), &random).unwrap();
    let [iv, text, tag] =
        [&sealed.iv, &sealed.ciphertext, &sealed.tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}..{iv}.{text}.{tag}")
}

#[test]
fn rfc7518_c_agreement_vector_from_both_sides() {
    let alice = secret("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
    for (own, other) in [(&alice, &ours()), (&ours(), &alice)] {
        let PublicKey::P256(point) = other.public_jwk().key() else { unreachable!() };
        let key = own.agree(point).unwrap().derive("A128GCM", b"Alice", b"Bob", 16);
        assert_eq!(URL_SAFE_NO_PAD.encode(key.expose()), "VqqN6vgjbSBcIijNcacQGg");
    }
}

#[test]
fn rfc7520_5_5_vector() {
    let key = secret("r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8");
    let text = decrypt(COOKBOOK_5_5, &key, &EC_WAYS, &[ContentEncryption::A128CbcHs256]).unwrap();
    assert!(text.expose().starts_with(b"You can trust us to stick with you through thick and thin"));
    assert!(decrypt(COOKBOOK_5_5, &key, &EC_WAYS, &[ContentEncryption::A128Gcm]).is_err());
    assert!(decrypt(COOKBOOK_5_5, &ours(), &EC_WAYS, &ContentEncryption::ALL).is_err());
}

#[test]
fn rfc7516_7_1_every_pair_reads_back_and_names_its_key() {
    for alg in EC_WAYS {
        for enc in ContentEncryption::ALL {
            let token = sealed(alg, enc);
            assert_eq!(decrypt(&token, &ours(), &[alg], &[enc]).unwrap().expose(), b"hush", "{alg} {enc}");
            let header = header_of(&token);
            assert_eq!((&header["alg"], &header["enc"]), (&json!(alg.as_str()), &json!(enc.as_str())));
            assert_eq!(header["kid"], json!(ours().public_jwk().kid().unwrap()));
            assert_eq!(header["cty"], "JWT");
            assert!(header["epk"].get("d").is_none());
        }
    }
}

#[test]
fn rfc7516_11_5_any_flipped_character_is_refused_alike() {
    for (alg, enc) in EC_WAYS.into_iter().zip([ContentEncryption::A128CbcHs256, ContentEncryption::A256Gcm]) {
        let token = sealed(alg, enc);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(refused(std::str::from_utf8(&bytes).unwrap()), "{alg} {enc} {at}");
        }
        for length in 0..token.len() {
            assert!(refused(token.get(..length).unwrap()), "{alg} {enc} cut at {length}");
        }
        assert!(refused(&format!("{token}.")) && refused(&format!("{token}AAAA")));
    }
}

#[test]
fn rfc7516_4_1_a_header_that_asks_for_more_is_refused() {
    assert!(!refused(&with_header(|_| {})), "the token these are made from is good");
    assert!(!refused(&with_header(|header| drop(header.insert("jku".into(), "https://x".into())))));
    for (name, value) in [
        ("zip", json!("DEF")),
        ("zip", json!(null)),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("apu", json!(7)),
        ("apv", json!("=")),
        ("apu", json!("QWxpY2U")),
        ("enc", json!("A256CBC-HS512")),
        ("epk", json!(null)),
    ] {
        let token = with_header(|header| drop(header.insert(name.into(), value.clone())));
        assert!(refused(&token), "{name}: {value}");
    }
    for name in ["alg", "enc", "epk"] {
        assert!(refused(&with_header(|header| drop(header.remove(name)))), "{name}");
    }
}

#[test]
fn rfc7516_a_1_and_a_2_other_algorithms_are_not_spoken() {
    for alg in ["RSA-OAEP", "RSA1_5", "RSA-OAEP-256", "dir", "A128KW", "ECDH-ES+A128KW", "none", "ecdh-es"] {
        assert!(refused(&with_header(|header| drop(header.insert("alg".into(), alg.into())))), "{alg}");
    }
    // The header of A.1, with parts of any kind.
    assert!(refused(
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.48V1_ALb6US04U3b.AAAA.XFBoMYUZodetZdvTiFvSkQ"
    ));
}

#[test]
fn rfc7518_4_6_1_1_an_epk_is_a_public_point_on_our_curve() {
    for (name, value) in [
        ("d", "AAAA"),
        ("crv", "P-384"),
        ("crv", "secp256k1"),
        ("kty", "OKP"),
        ("x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"),
        ("y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("x", "AAAA"),
    ] {
        let token = with_header(|header| header["epk"][name] = json!(value));
        assert!(refused(&token), "{name}: {value}");
    }
    assert!(ours().agree(&[4; 65]).is_none(), "off the curve");
}

#[test]
fn a_recipient_must_be_for_encryption_by_this_algorithm_and_on_its_curve() {
    let random = InsecureSeededRandom::new(1);
    let to = |jwk: &Jwk, alg| encrypt(b"", jwk, alg, ContentEncryption::A128Gcm, None, &random);
    let signing =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None);
    assert_eq!(to(signing.unwrap().public_jwk(), KeyManagement::EcdhEs), Err(JweError::Recipient));
    assert_eq!(to(ours().public_jwk(), KeyManagement::RsaOaep256), Err(JweError::Recipient));
    let off = Jwk::for_encryption(PublicKey::p256([4; 65]).unwrap(), "off".into());
    for alg in EC_WAYS {
        assert_eq!(to(&off, alg), Err(JweError::Recipient));
    }
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
