//! How encrypted tokens have fooled others. Each token is right in every way but the one that it is here for.

use serde_json::{Value, json};
use towergate::{
    core::{random::InsecureSeededRandom, system::OsRandom},
    jose::{
        Jwk, KeyManagement,
        jwe::{self, ContentEncryption, JweError},
    },
};

use crate::{
    alice_and_bob::{bob, refused, seal, to_bob},
    keys::{P256, decode, encode},
};

fn with(name: &str, value: &Value) -> bool {
    refused(&to_bob(|header| drop(header.insert(name.into(), value.clone()))))
}

/// The good token with one of its five parts replaced.
fn with_part(part: usize, replace: impl FnOnce(&str) -> String) -> String {
    let token = to_bob(|_| {});
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts[part] = replace(&parts[part]);
    parts.join(".")
}

#[test]
fn the_token_that_these_are_made_of_is_good() {
    assert!(!refused(&to_bob(|_| {})));
}

#[test]
fn no_other_algorithm_is_spoken_however_it_is_spelt() {
    for alg in [
        "none",
        "dir",
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "A128KW",
        "A256GCMKW",
        "ECDH-ES+A128KW",
        "ECDH-ES+A256KW",
        "PBES2-HS256+A128KW",
        "ecdh-es",
        "ECDH-ES ",
        "",
    ] {
        assert!(with("alg", &json!(alg)), "{alg}");
    }
    for enc in ["none", "A256GCM", "A192GCM", "A128CBC-HS256", "A256CBC-HS512", "a128gcm", ""] {
        assert!(with("enc", &json!(enc)), "{enc}");
    }
    for name in ["alg", "enc"] {
        assert!(with(name, &json!(null)) && with(name, &json!(["ECDH-ES"])), "{name}");
        assert!(refused(&to_bob(|header| drop(header.remove(name)))), "{name}");
    }
}

#[test]
fn only_expected_algorithms_pass() {
    let token = to_bob(|_| {});
    let outcome = |alg, enc| jwe::decrypt(&token, &bob(), alg, enc).is_ok();
    assert!(outcome(&[KeyManagement::EcdhEs], &[ContentEncryption::A128Gcm]));
    assert!(!outcome(
        &[KeyManagement::EcdhEsA256Kw, KeyManagement::RsaOaep256],
        &[ContentEncryption::A128Gcm]
    ));
    assert!(!outcome(
        &[KeyManagement::EcdhEs],
        &[ContentEncryption::A256Gcm, ContentEncryption::A128CbcHs256]
    ));
    assert!(!outcome(&[], &[]));
}

/// CVE-2024-28176, CVE-2022-36083 and their like: a small token that grows, a count of rounds that never ends.
#[test]
fn nothing_in_a_header_makes_work() {
    assert!(with("zip", &json!("DEF")) && with("zip", &json!(null)));
    let token = to_bob(|header| {
        header.insert("alg".into(), json!("PBES2-HS512+A256KW"));
        header.insert("p2c".into(), json!(u32::MAX));
        header.insert("p2s".into(), json!("AAAA"));
    });
    assert!(refused(&token));
}

#[test]
fn crit_refuses_whatever_it_names() {
    for crit in [json!(["exp"]), json!(["alg"]), json!([]), json!(null), json!("exp")] {
        assert!(with("crit", &crit), "{crit}");
    }
}

#[test]
fn keys_inside_the_token_are_not_looked_at() {
    let jwk: Value = serde_json::from_str(P256).unwrap();
    for (name, value) in
        [("jwk", jwk), ("jku", json!("https://evil.example")), ("x5u", json!("https://evil.example"))]
    {
        assert!(!with(name, &value), "{name} changes nothing");
    }
}

/// CVE-2017-16007: points elsewhere betray the private key piece by piece.
#[test]
fn an_ephemeral_key_is_a_public_point_on_our_curve() {
    for (name, value) in [
        ("d", "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"),
        ("crv", "P-384"),
        ("crv", "secp256k1"),
        ("kty", "OKP"),
        ("x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"),
        ("y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("y", "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFppo"),
        ("x", "_____wAAAAEAAAAAAAAAAAAAAAD_______________8"),
        ("x", "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SQ"),
        ("x", ""),
    ] {
        assert!(refused(&to_bob(|header| header["epk"][name] = json!(value))), "{name}: {value}");
    }
    let zero = json!({ "kty": "EC", "crv": "P-256", "x": encode([0; 32]), "y": encode([0; 32]) });
    for epk in [zero, json!(null), json!([]), json!({})] {
        assert!(with("epk", &epk), "{epk}");
    }
    assert!(refused(&to_bob(|header| drop(header.remove("epk")))));
}

#[test]
fn what_the_parties_said_is_part_of_the_key() {
    for (name, value) in [("apu", json!("Qm9i")), ("apu", json!("")), ("apv", json!("=")), ("apv", json!(7))]
    {
        assert!(with(name, &value), "{name}: {value}");
    }
    assert!(refused(&to_bob(|header| drop(header.remove("apu")))));
}

#[test]
fn an_agreed_key_comes_with_no_other() {
    assert!(refused(&with_part(1, |_| "AAAA".into())));
    assert!(refused(&with_part(1, |_| encode([0; 40]))));
}

#[test]
fn a_tag_has_all_of_its_bytes() {
    for length in 0..16 {
        assert!(refused(&with_part(4, |tag| encode(&decode(tag)[..length]))), "{length}");
    }
    assert!(refused(&with_part(4, |tag| encode([decode(tag), vec![0]].concat()))));
    // The bytes of the tag, at the end of the text instead.
    let token = to_bob(|_| {});
    let (rest, tag) = token.rsplit_once('.').unwrap();
    assert!(refused(&format!("{}.", encode_joined(rest, tag))));
}

fn encode_joined(rest: &str, tag: &str) -> String {
    let (head, text) = rest.rsplit_once('.').unwrap();
    format!("{head}.{}", encode([decode(text), decode(tag)].concat()))
}

#[test]
fn an_iv_has_its_own_length() {
    for length in [0, 8, 11, 13, 16] {
        assert!(refused(&with_part(2, |_| encode(vec![7; length]))), "{length}");
    }
}

#[test]
fn the_header_is_authenticated_byte_by_byte() {
    let spaced = |header: &str| encode([decode(header), b" ".to_vec()].concat());
    assert!(refused(&with_part(0, spaced)), "the same JSON, written otherwise");
    assert!(refused(&with_part(0, |header| format!("{header}="))));
    let header = String::from_utf8(decode(to_bob(|_| {}).split('.').next().unwrap())).unwrap();
    assert!(!refused(&seal(&header)));
    for twice in
        [r#""alg":"dir""#, r#""zi\u0070":"DEF","zip":"DEF""#, r#""x":{"y":1,"y":2}"#, r#""\u0061lg":"dir""#]
    {
        assert!(refused(&seal(&header.replacen('{', &format!("{{{twice},"), 1))), "{twice}");
    }
    for header in ["", "[]", "null", "\"ECDH-ES\"", "{", "\u{feff}{}"] {
        assert!(refused(&seal(header)), "{header}");
    }
}

#[test]
fn each_flipped_character_and_each_cut_is_refused() {
    let random = InsecureSeededRandom::new(1);
    let ways = [
        (KeyManagement::EcdhEs, ContentEncryption::A128CbcHs256),
        (KeyManagement::EcdhEsA256Kw, ContentEncryption::A256Gcm),
    ];
    for (alg, enc) in ways {
        let token = jwe::encrypt(b"hush", bob().public_jwk(), alg, enc, None, &random).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(refused(std::str::from_utf8(&bytes).unwrap()), "{alg} {enc} {at}");
            assert!(refused(token.get(..at).unwrap()), "{alg} {enc} cut at {at}");
        }
        for bad in [format!("{token}="), format!("{token}\n"), format!(" {token}"), format!("{token}AA")] {
            assert!(refused(&bad), "{bad}");
        }
    }
}

#[test]
fn what_is_too_long_is_not_even_read() {
    assert!(refused(&"a".repeat(jwe::MAX_LENGTH + 1)));
    assert!(refused(&to_bob(|header| drop(header.insert("x".into(), json!("x".repeat(jwe::MAX_LENGTH)))))));
    assert!(refused(&seal(&format!("{{\"x\":{}1{}}}", "[".repeat(5000), "]".repeat(5000)))));
}

#[test]
fn nobody_encrypts_to_a_point_off_the_curve_or_to_a_key_for_signatures() {
    let off = P256.replace("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", &encode([1; 32]));
    let signing = P256.replacen('{', r#"{"use":"sig","#, 1);
    for key in [off, signing] {
        let key = Jwk::parse(key.as_bytes()).unwrap();
        for alg in KeyManagement::ALL {
            let made = jwe::encrypt(b"", &key, alg, ContentEncryption::A128Gcm, None, &OsRandom::new());
            assert_eq!(made, Err(JweError::Recipient));
        }
    }
}
