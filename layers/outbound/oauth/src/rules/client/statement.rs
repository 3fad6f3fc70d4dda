//! What somebody else has signed about a program: software statements,
//! [RFC 7591 section 2.3](https://www.rfc-editor.org/rfc/rfc7591#section-2.3).
//!
//! The rules, in order: a signed JWT; an issuer that the host trusts; one of that issuer's keys; good now, where it says
//! when. What it says then counts for more than what the client says.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use towergate_core::Timestamp;
use towergate_jose::{Algorithm, Expected, JwkSet, Typ, jws, jwt::NumericDate};

/// Somebody who vouches for programs, and the keys that they sign with.
#[derive(Debug, Clone)]
pub struct StatementIssuer {
    /// Their name, as the statements have it in `iss`.
    pub issuer: String,
    /// Their keys.
    pub keys: JwkSet,
}

/// Why a software statement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementProblem {
    /// It is no text, or no signed JWT of this shape.
    #[error("software_statement is not a signed JWT that says who issued it")]
    Malformed,
    /// Nobody whom the host trusts has issued it.
    #[error("software_statement is of an issuer that this server does not trust")]
    Issuer,
    /// The signature is not by a key of its issuer.
    #[error("software_statement is not signed by a key of its issuer")]
    Signature,
    /// It is not good now.
    #[error("software_statement has expired, or is not good yet")]
    Time,
}

/// How far a clock may be ahead or behind.
const TOLERANCE: Duration = Duration::from_secs(10);

/// The claims of a JWT that say nothing of the program.
const OF_THE_TOKEN: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "software_statement"];

#[derive(Deserialize)]
struct Frame {
    iss: String,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

/// Puts what a software statement says in place of what the client says, when there is one and it counts.
///
/// # Errors
/// When it does not count.
pub fn apply(
    fields: &mut Map<String, Value>,
    issuers: &[StatementIssuer],
    now: Timestamp,
) -> Result<(), StatementProblem> {
    let text = match fields.get("software_statement") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(StatementProblem::Malformed),
    };
    let peeked = jws::peek(text).map_err(|_| StatementProblem::Malformed)?;
    let frame: Frame = peeked.unverified_claims().map_err(|_| StatementProblem::Malformed)?;
    let issuer = issuers.iter().find(|issuer| issuer.issuer == frame.iss);
    let keys = &issuer.ok_or(StatementProblem::Issuer)?.keys;
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::AbsentOr(&["JWT"]) };
    let verified = jws::verify(text, keys, &expected).map_err(|_| StatementProblem::Signature)?;
    let good = frame.exp.is_none_or(|exp| now < exp.0.plus(TOLERANCE))
        && frame.nbf.is_none_or(|nbf| nbf.0 <= now.plus(TOLERANCE));
    if !good {
        return Err(StatementProblem::Time);
    }
    let said: Map<String, Value> = verified.claims().map_err(|_| StatementProblem::Malformed)?;
    // What was signed is said in no language otherwise.
    fields.retain(|field, _| field.split_once('#').is_none_or(|(name, _)| !said.contains_key(name)));
    fields.extend(said.into_iter().filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use towergate_jose::{SigningKey, generate};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn key() -> SigningKey {
        let pkcs8 = generate(Algorithm::ES256).unwrap();
        SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap()
    }

    fn issuer(key: &SigningKey) -> StatementIssuer {
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        StatementIssuer { issuer: String::from("https://vouch.example"), keys }
    }

    fn applied(key: &SigningKey, claims: &Value) -> Result<Map<String, Value>, StatementProblem> {
        let statement = key.sign_jwt("JWT", claims).unwrap();
        let mut fields = json!({"software_statement": statement, "client_name": "Mine", "contacts": ["a"]});
        let fields = fields.as_object_mut().unwrap();
        apply(fields, &[issuer(key)], NOW).map(|()| fields.clone())
    }

    #[test]
    fn rfc7591_2_3_what_was_signed_counts_for_more() {
        let claims = json!({"iss": "https://vouch.example", "client_name": "Theirs", "sub": "x", "exp": 1_700_000_060});
        let fields = applied(&key(), &claims).unwrap();
        assert_eq!((&fields["client_name"], &fields["contacts"][0]), (&json!("Theirs"), &json!("a")));
        assert!(fields.get("sub").is_none() && fields["software_statement"].is_string());
    }

    #[test]
    fn what_was_signed_is_said_in_no_language_otherwise() {
        let claims =
            json!({"iss": "https://vouch.example", "client_name": "Theirs", "client_name#nl": "Van hen"});
        let signer = key();
        let mut fields = json!({
            "software_statement": signer.sign_jwt("JWT", &claims).unwrap(),
            "client_name#en": "Your bank", "client_name#nl": "Uw bank", "tos_uri#en": "x",
        });
        let fields = fields.as_object_mut().unwrap();
        apply(fields, &[issuer(&signer)], NOW).unwrap();
        assert_eq!((fields.get("client_name#en"), &fields["client_name#nl"]), (None, &json!("Van hen")));
        assert_eq!(fields["tos_uri#en"], "x", "of that nothing was signed");
    }

    #[test]
    fn a_statement_that_does_not_count_says_why() {
        let iss = "https://vouch.example";
        for (claims, problem) in [
            (json!({"client_name": "x"}), StatementProblem::Malformed),
            (json!({"iss": "https://other.example"}), StatementProblem::Issuer),
            (json!({"iss": iss, "exp": 1_699_999_000}), StatementProblem::Time),
            (json!({"iss": iss, "nbf": 1_700_000_060}), StatementProblem::Time),
        ] {
            assert_eq!(applied(&key(), &claims), Err(problem), "{claims}");
        }
        let forged = key().sign_jwt("JWT", &json!({ "iss": iss })).unwrap();
        let unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3ZvdWNoLmV4YW1wbGUifQ.";
        for (statement, problem) in [
            (json!(forged), StatementProblem::Signature),
            (json!(unsigned), StatementProblem::Signature),
            (json!("a.b.c"), StatementProblem::Malformed),
            (json!(7), StatementProblem::Malformed),
        ] {
            let mut fields = Map::from_iter([(String::from("software_statement"), statement.clone())]);
            assert_eq!(apply(&mut fields, &[issuer(&key())], NOW), Err(problem), "{statement}");
        }
    }

    #[test]
    fn without_a_statement_nothing_changes() {
        let mut fields = Map::from_iter([(String::from("software_statement"), Value::Null)]);
        assert_eq!(apply(&mut fields, &[], NOW), Ok(()));
    }

    #[test]
    fn a_token_of_another_kind_vouches_for_nobody() {
        let signer = key();
        for typ in ["at+jwt", "logout+jwt", "oauth-authz-req+jwt", "token-introspection+jwt"] {
            let token = signer.sign_jwt(typ, &json!({ "iss": "https://vouch.example" })).unwrap();
            let mut fields = Map::from_iter([(String::from("software_statement"), json!(token))]);
            let refused = apply(&mut fields, &[issuer(&signer)], NOW);
            assert_eq!(refused, Err(StatementProblem::Signature), "{typ}");
        }
    }
}
