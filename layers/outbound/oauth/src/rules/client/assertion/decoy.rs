//! The work of a verification where there is nothing to verify with.

use serde_json::json;
use towergate_core::Secret;
use towergate_jose::{
    Algorithm, Expected, JwkSet, jws,
    jws::hmac::{self, HmacAlgorithm},
};

use super::{Assertion, AssertionAlgorithm, TYPES};

/// Does all that verifying it would cost, and forgets the verdict.
pub(super) fn verify(assertion: &Assertion) {
    let compact = assertion.compact.expose();
    match assertion.algorithm {
        AssertionAlgorithm::Shared => {
            let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: TYPES };
            let _ = hmac::verify(compact, &Secret::new([0_u8; 32]), &expected);
        }
        AssertionAlgorithm::Public(algorithm) => {
            let expected = Expected { algorithms: &[algorithm], typ: TYPES };
            if let Ok(keys) = keys(algorithm, assertion.kid()) {
                let _ = jws::verify(compact, &keys, &expected);
            }
        }
    }
}

/// A key of the algorithm's kind, under the name that the assertion looks for.
fn keys(algorithm: Algorithm, kid: Option<&str>) -> Result<JwkSet, serde_json::Error> {
    let mut key = match algorithm {
        Algorithm::ES256 => json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }),
        Algorithm::EdDSA => json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }),
        _ => json!({
            "kty": "RSA",
            "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
                  ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn\
                  Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls\
                  1jF44-csFCur-kEgU8awapJzKnqDKgw",
        }),
    };
    if let (Some(kid), Some(key)) = (kid, key.as_object_mut()) {
        key.insert(String::from("kid"), kid.into());
    }
    serde_json::from_value(json!({ "keys": [key] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_for_each_algorithm_and_name() {
        for algorithm in Algorithm::ALL {
            for kid in [None, Some("a \"key\"")] {
                let keys = keys(algorithm, kid).unwrap();
                let fitting: Vec<_> = keys.for_signatures(algorithm).map(towergate_jose::Jwk::kid).collect();
                assert_eq!(fitting, [kid], "{algorithm}");
            }
        }
    }
}
