//! An ID token that comes back to say whom a request is about.
//! [OpenID Connect Core section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)
//!
//! The signature must be ours, of any key that is still published, and so must the issuer. When it expired does not
//! matter: it lets nobody in, it only names somebody.

use serde::Deserialize;
use towergate_jose::{
    Algorithm, Expected, JwkSet, Typ, jws,
    jwt::{Audience, NumericDate},
};

use super::{client::ClientId, issuer::Issuer, token::id_token};

/// What an ID token of ours said when it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    iss: String,
    /// The person, as the client knows them.
    pub sub: String,
    /// The clients it was issued for.
    aud: Audience,
    /// The login session.
    pub sid: Option<String>,
    /// When it expired. Userinfo, which may be signed for the same client under the same `typ`, never does.
    exp: NumericDate,
}

/// It is no ID token of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("id_token_hint is no ID token of this server")]
pub struct ForeignHint;

impl IdTokenHint {
    /// Reads an ID token that `issuer` signed with one of `keys`, expired or not.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn read(text: &str, keys: &JwkSet, issuer: &Issuer) -> Result<Self, ForeignHint> {
        let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::AbsentOr(&[id_token::TYP]) };
        let verified = jws::verify(text, keys, &expected).map_err(|_| ForeignHint)?;
        let hint: Self = verified.claims().map_err(|_| ForeignHint)?;
        if hint.iss == issuer.as_str() { Ok(hint) } else { Err(ForeignHint) }
    }

    /// Whether it was issued for `client`.
    #[must_use]
    pub fn is_for(&self, client: &ClientId) -> bool {
        self.aud.contains(client.as_str())
    }

    /// The client it was issued for, when there is one only.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        match self.aud.0.as_slice() {
            [only] => ClientId::parse(only).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use towergate_jose::{SigningKey, generate};

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap()
    }

    #[test]
    fn oidc_core_3_1_2_1_only_our_own_id_token_names_somebody_expired_or_not() {
        let (ours, foreign) = (key(), key());
        let keys = JwkSet::new(vec![ours.public_jwk().clone()]);
        let issuer = Issuer::https("https://id.example").unwrap();
        let read = |text: &str| IdTokenHint::read(text, &keys, &issuer);
        let claims =
            json!({ "iss": "https://id.example", "sub": "alice", "aud": "shop", "sid": "s", "exp": 1 });
        let hint = read(&ours.sign_jwt("JWT", &claims).unwrap()).unwrap();
        assert_eq!((hint.sub.as_str(), hint.sid.as_deref()), ("alice", Some("s")));
        assert!(hint.is_for(&ClientId::parse("shop").unwrap()));
        assert!(!hint.is_for(&ClientId::parse("other").unwrap()));
        assert_eq!(hint.client(), ClientId::parse("shop").ok());

        let elsewhere = json!({ "iss": "https://evil.example", "sub": "alice", "aud": "shop", "exp": 1 });
        let nobody = json!({ "iss": "https://id.example", "aud": "shop", "exp": 1 });
        let userinfo = json!({ "iss": "https://id.example", "sub": "alice", "aud": "shop", "name": "Alice" });
        for bad in [
            foreign.sign_jwt("JWT", &claims).unwrap(),
            ours.sign_jwt("at+jwt", &claims).unwrap(),
            ours.sign_jwt("logout+jwt", &claims).unwrap(),
            ours.sign_jwt("JWT", &elsewhere).unwrap(),
            ours.sign_jwt("JWT", &nobody).unwrap(),
            ours.sign_jwt("JWT", &userinfo).unwrap(),
            String::from("e30.e30."),
            String::new(),
        ] {
            assert_eq!(read(&bad), Err(ForeignHint), "{bad}");
        }
    }
}
