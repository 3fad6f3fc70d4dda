//! The members of a key as they travel, and what is asked of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{Jwk, JwkError, MAX_KID_LENGTH, PublicKey};

/// The members as they travel. Reading refuses a member that is given twice.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Members {
    pub(super) kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    // Members that only a private or symmetric key has.
    #[serde(default, skip_serializing)]
    d: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    p: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    q: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    dp: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    dq: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    qi: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    oth: Option<IgnoredAny>,
    #[serde(default, skip_serializing)]
    k: Option<IgnoredAny>,
}

impl Members {
    pub(super) fn of(key: &PublicKey) -> Self {
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        match key {
            PublicKey::P256(point) => {
                let (x, y) = point.split_at(33);
                Self {
                    kty: "EC".into(),
                    crv: Some("P-256".into()),
                    x: x.split_first().and_then(|(_, x)| encode(x)),
                    y: encode(y),
                    ..Self::default()
                }
            }
            PublicKey::Rsa { n, e } => {
                Self { kty: "RSA".into(), n: encode(n), e: encode(e), ..Self::default() }
            }
            PublicKey::Ed25519(x) => {
                Self { kty: "OKP".into(), crv: Some("Ed25519".into()), x: encode(x), ..Self::default() }
            }
        }
    }

    fn holds_private_material(&self) -> bool {
        [self.d, self.p, self.q, self.dp, self.dq, self.qi, self.oth, self.k].iter().any(Option::is_some)
    }

    fn is_for_signatures(&self) -> bool {
        let usage = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let operations = self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        usage && operations
    }

    fn key(&self) -> Result<PublicKey, JwkError> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let mut point = [4; 65];
                let (_, coordinates) = point.split_at_mut(1);
                let (x, y) = coordinates.split_at_mut(32);
                x.copy_from_slice(&exactly_32(self.x.as_deref())?);
                y.copy_from_slice(&exactly_32(self.y.as_deref())?);
                Ok(PublicKey::P256(point))
            }
            ("OKP", Some("Ed25519")) => Ok(PublicKey::Ed25519(exactly_32(self.x.as_deref())?)),
            ("RSA", _) => PublicKey::rsa(decode(self.n.as_deref())?, decode(self.e.as_deref())?),
            _ => Err(JwkError::Unsupported),
        }
    }
}

impl From<Jwk> for Members {
    fn from(jwk: Jwk) -> Self {
        Self {
            kid: jwk.kid,
            alg: jwk.algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            usage: Some("sig".into()),
            ..Self::of(&jwk.key)
        }
    }
}

impl TryFrom<Members> for Jwk {
    type Error = JwkError;

    fn try_from(members: Members) -> Result<Self, JwkError> {
        if members.holds_private_material() {
            return Err(JwkError::Private);
        }
        if !members.is_for_signatures() {
            return Err(JwkError::NotForSignatures);
        }
        let key = members.key()?;
        let algorithm = match members.alg.as_deref().map(str::parse) {
            None => None,
            Some(Ok(algorithm)) if key.fits(algorithm) => Some(algorithm),
            Some(Ok(_)) => return Err(JwkError::Malformed),
            Some(Err(_)) => return Err(JwkError::Unsupported),
        };
        if members.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_LENGTH) {
            return Err(JwkError::Malformed);
        }
        Ok(Self { key, kid: members.kid, algorithm })
    }
}

fn decode(text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    URL_SAFE_NO_PAD.decode(text.ok_or(JwkError::Malformed)?).map_err(|_| JwkError::Malformed)
}

fn exactly_32(text: Option<&str>) -> Result<[u8; 32], JwkError> {
    decode(text)?.try_into().map_err(|_| JwkError::Size)
}
