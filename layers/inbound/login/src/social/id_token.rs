//! What an ID token must say before anything in it is believed,
//! [OpenID Connect Core section 3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation).

use std::time::Duration;

use serde::Deserialize;
use towergate_core::Timestamp;
use towergate_jose::{
    Algorithm, JwkSet, at_hash,
    jws::{self, Expected, JwsError, Typ},
    jwt::{Audience, JwtError, NumericDate, Times},
};

use super::provider::TENANT;

/// The algorithms that are taken. `none` and shared secrets are not among them.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256, Algorithm::RS256];

/// How far a provider's clock may be from ours.
const TOLERANCE: Duration = Duration::from_secs(60);

/// What is asked of a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The issuer; with `{tenantid}` in it, that of the token's own tenant.
    pub(super) issuer: &'a str,
    /// Who it must be for.
    pub(super) client_id: &'a str,
    /// What was sent along.
    pub(super) nonce: &'a str,
    /// The access token that came with it.
    pub(super) access_token: Option<&'a str>,
    /// The moment.
    pub(super) now: Timestamp,
}

/// What a good token says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    #[serde(flatten)]
    times: Times,
    nonce: Option<String>,
    at_hash: Option<String>,
    pub(super) auth_time: Option<NumericDate>,
    tid: Option<String>,
    pub(super) hd: Option<String>,
    #[serde(flatten)]
    pub(super) person: Person,
}

/// What is said of somebody, in a token or by the UserInfo endpoint,
/// [OpenID Connect Core section 5.1](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Person {
    email: Option<String>,
    #[serde(default)]
    email_verified: Verified,
    name: Option<String>,
    preferred_username: Option<String>,
}

/// Some write the truth as a text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Verified {
    Is(bool),
    Says(String),
    #[default]
    Nothing,
}

/// Why a token was refused: for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Its signature or its form is wrong.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// It is not for us, or not good now.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// It is for several, and another one asked for it.
    #[error("the ID token was asked for by another")]
    AuthorizedParty,
    /// It answers another request.
    #[error("the ID token answers another request: its nonce is not the one that was sent")]
    Nonce,
    /// It came with another access token.
    #[error("the ID token came with another access token")]
    AccessToken,
}

impl IdTokenError {
    /// Whether the key that it names is not among those that are known.
    pub(super) const fn lacks_key(self) -> bool {
        matches!(self, Self::Jws(JwsError::UnknownKey))
    }
}

/// Reads a token that one of `keys` signed.
pub(super) fn verify(token: &str, keys: &JwkSet, asked: &Asked<'_>) -> Result<Claims, IdTokenError> {
    let expected = Expected { algorithms: &ALGORITHMS, typ: Typ::AbsentOr(&["JWT"]) };
    let verified = jws::verify(token, keys, &expected)?;
    let claims: Claims = verified.claims()?;
    claims.check(asked, verified.header().algorithm)?;
    Ok(claims)
}

impl Person {
    /// What to call the account, for people.
    pub(super) fn label(&self) -> Option<&str> {
        let texts = [&self.email, &self.preferred_username, &self.name];
        texts.into_iter().find_map(|text| text.as_deref())
    }

    /// Whether an address is said, whosever it is.
    pub(super) const fn says_address(&self) -> bool {
        self.email.is_some()
    }

    /// The address, if the provider says that it is theirs.
    pub(super) fn verified_email(&self) -> Option<&str> {
        let verified = match &self.email_verified {
            Verified::Is(verified) => *verified,
            Verified::Says(text) => text == "true",
            Verified::Nothing => false,
        };
        self.email.as_deref().filter(|_| verified)
    }
}

impl Claims {
    fn check(&self, asked: &Asked<'_>, algorithm: Algorithm) -> Result<(), IdTokenError> {
        let issuer = match (asked.issuer.contains(TENANT), self.tid.as_deref()) {
            (false, _) => asked.issuer.to_owned(),
            (true, Some(tid)) if is_tenant(tid) => asked.issuer.replace(TENANT, tid),
            (true, _) => return Err(JwtError::Issuer.into()),
        };
        if self.iss != issuer {
            return Err(JwtError::Issuer.into());
        }
        self.aud.check(asked.client_id)?;
        let asked_for_it = match &self.azp {
            Some(azp) => azp == asked.client_id,
            None => self.aud.0.len() == 1,
        };
        if !asked_for_it {
            return Err(IdTokenError::AuthorizedParty);
        }
        self.times.check(asked.now, TOLERANCE)?;
        if self.nonce.as_deref() != Some(asked.nonce) {
            return Err(IdTokenError::Nonce);
        }
        match (&self.at_hash, asked.access_token) {
            (Some(hash), Some(token)) if *hash != at_hash(algorithm, token) => Err(IdTokenError::AccessToken),
            _ => Ok(()),
        }
    }
}

/// Whether the text is an identifier of a tenant, which goes into an address.
fn is_tenant(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use towergate_jose::{SigningKey, generate};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
    const TID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

    fn key() -> SigningKey {
        let pkcs8 = generate(Algorithm::ES256).unwrap();
        SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap()
    }

    fn claims(changed: &Value) -> Value {
        let mut claims = json!({
            "iss": "https://op.example", "sub": "42", "aud": "us", "exp": 1_700_000_300, "iat": 1_700_000_000,
            "nonce": "n", "auth_time": 1_699_999_991, "email": "a@example.com", "email_verified": true,
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn read(key: &SigningKey, changed: &Value, issuer: &str) -> Result<Claims, IdTokenError> {
        let token = key.sign_jwt("JWT", &claims(changed)).unwrap();
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        let asked = Asked { issuer, client_id: "us", nonce: "n", access_token: Some("access"), now: NOW };
        verify(&token, &keys, &asked)
    }

    #[test]
    fn what_is_for_us_now_and_answers_us_is_believed() {
        let key = key();
        let at = at_hash(Algorithm::ES256, "access");
        for changed in [
            json!({}),
            json!({"aud": ["us"]}),
            json!({"aud": ["us", "b"], "azp": "us"}),
            json!({"at_hash": at}),
        ] {
            let claims = read(&key, &changed, "https://op.example").unwrap();
            assert_eq!(claims.auth_time, Some(NumericDate(NOW.minus(Duration::from_secs(9)))));
            assert_eq!(
                (claims.sub.as_str(), claims.person.verified_email()),
                ("42", Some("a@example.com")),
                "{changed}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let key = key();
        for (changed, error) in [
            (json!({"iss": "https://other.example"}), JwtError::Issuer.into()),
            (json!({"iss": "https://op.example/"}), JwtError::Issuer.into()),
            (json!({"aud": "them"}), JwtError::Audience.into()),
            (json!({"aud": ["us", "them"]}), IdTokenError::AuthorizedParty),
            (json!({"azp": "them"}), IdTokenError::AuthorizedParty),
            (json!({"exp": 1_699_999_900}), JwtError::Expired.into()),
            (json!({"exp": null}), JwtError::NoExpiry.into()),
            (json!({"iat": 1_700_000_100}), JwtError::IssuedInTheFuture.into()),
            (json!({"nonce": "other"}), IdTokenError::Nonce),
            (json!({"nonce": null}), IdTokenError::Nonce),
            (json!({"at_hash": "other"}), IdTokenError::AccessToken),
        ] {
            assert_eq!(read(&key, &changed, "https://op.example").unwrap_err(), error, "{changed}");
        }
        let stranger = self::key();
        let token = stranger.sign_jwt("JWT", &claims(&json!({}))).unwrap();
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        let asked =
            Asked { issuer: "https://op.example", client_id: "us", nonce: "n", access_token: None, now: NOW };
        assert!(verify(&token, &keys, &asked).is_err());
    }

    #[test]
    fn an_address_is_theirs_only_when_the_provider_says_so() {
        let key = key();
        for (verified, theirs) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!(null), false),
        ] {
            let claims = read(&key, &json!({"email_verified": verified}), "https://op.example").unwrap();
            assert_eq!(claims.person.verified_email().is_some(), theirs, "{verified}");
        }
    }

    #[test]
    fn a_tenant_speaks_for_itself_alone() {
        let key = key();
        let template = "https://login.example/{tenantid}/v2.0";
        let own = json!({"tid": TID, "iss": format!("https://login.example/{TID}/v2.0")});
        assert!(read(&key, &own, template).is_ok());
        let other = TID.replace('9', "8");
        for wrong in [
            json!({"iss": format!("https://login.example/{TID}/v2.0")}),
            json!({"tid": other, "iss": format!("https://login.example/{TID}/v2.0")}),
            json!({"tid": "x/../y", "iss": "https://login.example/x/../y/v2.0"}),
        ] {
            assert_eq!(read(&key, &wrong, template).unwrap_err(), JwtError::Issuer.into());
        }
    }
}
