//! The members of a key as they travel, and what is asked of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{Jwk, JwkError, MAX_KID_LENGTH, PublicKey, Purpose};
use crate::{Algorithm, KeyManagement};

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

    /// `use`, `key_ops` and `alg` must agree; a key that is for nothing spoken here is refused.
    fn purpose(&self, key: &PublicKey) -> Result<Purpose, JwkError> {
        let may = |usage: &str, operations: &[&str]| {
            let by_use = self.usage.as_deref().is_none_or(|own| own == usage);
            let named = |ops: &Vec<String>| ops.iter().any(|op| operations.contains(&op.as_str()));
            by_use && self.key_ops.as_ref().is_none_or(named)
        };
        let signs = may("sig", &["verify"]);
        let encrypts = may("enc", &["wrapKey", "encrypt", "deriveKey", "deriveBits"]);
        let encryption = |by: Option<KeyManagement>| match by {
            Some(by) if !key.fits_encryption(by) => Err(JwkError::Malformed),
            None if matches!(key, PublicKey::Ed25519(_)) => Err(JwkError::Unsupported),
            _ => Ok(Purpose::Encryption(by)),
        };
        let Some(alg) = self.alg.as_deref() else {
            return match (signs, encrypts) {
                (true, true) => Ok(Purpose::Open),
                (true, false) => Ok(Purpose::Signatures(None)),
                (false, true) => encryption(None),
                (false, false) => Err(JwkError::NotForSignatures),
            };
        };
        match (alg.parse::<Algorithm>(), alg.parse::<KeyManagement>()) {
            (Ok(_), _) if !signs => Err(JwkError::NotForSignatures),
            (Ok(algorithm), _) if key.fits(algorithm) => Ok(Purpose::Signatures(Some(algorithm))),
            (Err(_), Ok(by)) if encrypts => encryption(Some(by)),
            (Ok(_), _) | (Err(_), Ok(_)) => Err(JwkError::Malformed),
            (Err(_), Err(_)) => Err(JwkError::Unsupported),
        }
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
        let (usage, alg) = match jwk.purpose {
            Purpose::Open => (None, None),
            Purpose::Signatures(algorithm) => (Some("sig"), algorithm.map(Algorithm::as_str)),
            Purpose::Encryption(by) => (Some("enc"), by.map(KeyManagement::as_str)),
        };
        Self {
            kid: jwk.kid,
            alg: alg.map(str::to_owned),
            usage: usage.map(str::to_owned),
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
        let key = members.key()?;
        let purpose = members.purpose(&key)?;
        let is_name =
            |kid: &str| (1..=MAX_KID_LENGTH).contains(&kid.len()) && !kid.contains(char::is_control);
        if !members.kid.as_deref().is_none_or(is_name) {
            return Err(JwkError::Malformed);
        }
        Ok(Self { key, kid: members.kid, purpose })
    }
}

fn decode(text: Option<&str>) -> Result<Vec<u8>, JwkError> {
    URL_SAFE_NO_PAD.decode(text.ok_or(JwkError::Malformed)?).map_err(|_| JwkError::Malformed)
}

fn exactly_32(text: Option<&str>) -> Result<[u8; 32], JwkError> {
    decode(text)?.try_into().map_err(|_| JwkError::Size)
}
