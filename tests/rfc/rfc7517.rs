//! JSON Web Key, [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517).

use towergate::jose::{Algorithm, Jwk, JwkError, JwkSet, KeyManagement, KeyUse};

const A_1_EC: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;
const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn a_1_rsa(more: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{N}","e":"AQAB","alg":"RS256","kid":"2011-04-29"{more}}}"#)
}

#[test]
fn a_1_public_keys() {
    let set = format!(r#"{{"keys":[{A_1_EC},{}]}}"#, a_1_rsa(""));
    let set = JwkSet::parse(set.as_bytes()).unwrap();
    let (ec, rsa) = (set.find("1").unwrap(), set.find("2011-04-29").unwrap());
    assert_eq!((ec.key_use(), rsa.key_use()), (Some(KeyUse::Encryption), Some(KeyUse::Signature)));
    assert_eq!((ec.algorithm(), rsa.algorithm()), (None, Some(Algorithm::RS256)));
    assert_eq!(set.for_encryption(KeyManagement::EcdhEs), Some(ec));
    assert_eq!(set.for_signatures(Algorithm::RS256).collect::<Vec<_>>(), [rsa]);
    assert_eq!(set.for_signatures(Algorithm::ES256).count(), 0, "a key for encryption signs nothing");
}

#[test]
fn a_2_private_keys_never_travel() {
    let ec = A_1_EC.replacen('}', r#","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}"#, 1);
    for private in
        [ec, a_1_rsa(r#","d":"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH""#), a_1_rsa(r#","dp":"G4""#)]
    {
        assert_eq!(Jwk::parse(private.as_bytes()), Err(JwkError::Private), "{private}");
        let set = format!(r#"{{"keys":[{A_1_EC},{private}]}}"#);
        assert_eq!(JwkSet::parse(set.as_bytes()), Err(JwkError::Private), "{private}");
    }
}

#[test]
fn a_3_symmetric_keys_never_travel() {
    let key = r#"{"kty":"oct","alg":"A128KW","k":"GawgguFyGrWKav7AX4VKUg"}"#;
    assert_eq!(Jwk::parse(key.as_bytes()), Err(JwkError::Private));
}

#[test]
fn b_certificates_beside_a_key_are_not_looked_at() {
    let key = a_1_rsa(
        r#","use":"sig","x5c":["MIIDQjCCAiqgAwIBAgIGATz/FuLiMA0GCSqGSIb3DQEB"],"x5u":"https://x.example","x5t":"AA""#,
    );
    assert_eq!(Jwk::parse(key.as_bytes()), Jwk::parse(a_1_rsa("").as_bytes()));
}

#[test]
fn section_5_keys_that_are_not_understood_are_skipped_and_those_that_are_must_be_right() {
    let weak = r#"{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9","e":"AQAB"}"#;
    let others = r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"},{"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{},1,null"#;
    let set = format!(r#"{{"keys":[{others},{weak},{A_1_EC}],"more":{{}}}}"#);
    assert_eq!(JwkSet::parse(set.as_bytes()).unwrap().keys(), [Jwk::parse(A_1_EC.as_bytes()).unwrap()]);
    assert_eq!(Jwk::parse(weak.as_bytes()), Err(JwkError::Size));
}
