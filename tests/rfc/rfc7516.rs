//! JSON Web Encryption, [RFC 7516](https://www.rfc-editor.org/rfc/rfc7516).

use serde_json::{Value, json};
use towergate::{
    core::system::OsRandom,
    jose::{
        KeyManagement,
        jwe::{self, ContentEncryption, JweError},
    },
};

use crate::{
    alice_and_bob::{bob, refused, to_bob},
    keys::decode,
};

#[test]
fn a_1_to_a_3_other_ways_to_give_the_key_are_not_spoken() {
    for (header, rest) in [
        (
            "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ",
            "AAAA.48V1_ALb6US04U3b.AAAA.XFBoMYUZodetZdvTiFvSkQ",
        ),
        (
            "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
            "AAAA.AxY8DCtDaGlsbGljb3RoZQ.AAAA.9hH0vgRfYgPnAHOd8stkvw",
        ),
        (
            "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
            "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ",
        ),
    ] {
        assert!(refused(&format!("{header}.{rest}")), "{header}");
    }
}

#[test]
fn a_4_and_a_5_json_serializations_are_not_read() {
    let token = to_bob(|_| {});
    let parts: Vec<&str> = token.split('.').collect();
    let json = json!({ "protected": parts[0], "iv": parts[2], "ciphertext": parts[3], "tag": parts[4] });
    assert!(refused(&json.to_string()));
    assert!(refused(&json!({ "recipients": [{}], "protected": parts[0] }).to_string()));
}

#[test]
fn section_4_1_a_token_names_its_algorithms_its_key_and_its_content() {
    let (alg, enc) = (KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
    let token = jwe::encrypt(b"hush", bob().public_jwk(), alg, enc, Some("JWT"), &OsRandom::new()).unwrap();
    let header: Value = serde_json::from_slice(&decode(token.split('.').next().unwrap())).unwrap();
    assert_eq!((&header["alg"], &header["enc"]), (&json!("ECDH-ES"), &json!("A128GCM")));
    assert_eq!(header["kid"], json!(bob().public_jwk().kid().unwrap()));
    assert_eq!(header["cty"], "JWT");
    assert!(header["epk"].get("d").is_none());
}

#[test]
fn section_4_1_13_an_unknown_critical_header_refuses_the_token() {
    assert!(refused(&to_bob(|header| drop(header.insert("crit".into(), json!(["exp"]))))));
}

#[test]
fn section_7_1_five_parts_and_no_other_number() {
    let token = to_bob(|_| {});
    assert!(!refused(&token));
    let (four, _) = token.rsplit_once('.').unwrap();
    for bad in
        [four.to_owned(), format!("{token}."), format!("{token}.AAAA"), format!(".{token}"), "....".into()]
    {
        assert!(refused(&bad), "{bad}");
    }
}

#[test]
fn section_11_5_every_failure_is_told_alike() {
    let ways = |token: &str| jwe::decrypt(token, &bob(), &KeyManagement::ALL, &ContentEncryption::ALL);
    let token = to_bob(|_| {});
    let (rest, _) = token.rsplit_once('.').unwrap();
    for bad in
        ["", "not a token", &format!("{rest}.AAAAAAAAAAAAAAAAAAAAAA"), &to_bob(|header| header.clear())]
    {
        assert!(matches!(ways(bad), Err(JweError::Refused)), "{bad}");
    }
}
