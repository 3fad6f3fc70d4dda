//! A public key that verifies signatures, as a JSON Web Key, [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
        RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::Algorithm;

/// The longest key identifier, in bytes.
pub(crate) const MAX_KID_LENGTH: usize = 255;

/// The shortest and longest RSA modulus, in bytes.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// Why a JSON Web Key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// It is not a JSON object with the members of its type, each once and of the right form.
    #[error("malformed key")]
    Malformed,
    /// It holds private or symmetric key material, which must never travel.
    #[error("the key holds private material")]
    Private,
    /// Its type, curve or algorithm is not spoken here.
    #[error("the key type, curve or algorithm is not supported")]
    Unsupported,
    /// It is not meant for verifying signatures.
    #[error("the key is not for verifying signatures")]
    NotForSignatures,
    /// A number in it has the wrong length: an RSA modulus has 2048 to 4096 bits, a coordinate exactly 256.
    #[error("the key has the wrong size")]
    Size,
}

/// A public key that verifies signatures.
///
/// Reading is strict: private members, other uses, wrong sizes and non-canonical encodings are refused.
/// Unknown members are left out, [RFC 7517 section 4](https://www.rfc-editor.org/rfc/rfc7517#section-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    algorithm: Option<Algorithm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ed25519([u8; 32]),
}

impl Jwk {
    /// Reads one key from JSON.
    ///
    /// # Errors
    /// When it is malformed, private, not supported, not for signatures, or of the wrong size.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        serde_json::from_slice::<Members>(json).map_err(|_| JwkError::Malformed)?.try_into()
    }

    /// One key of a set.
    pub(crate) fn from_value(json: serde_json::Value) -> Result<Self, JwkError> {
        serde_json::from_value::<Members>(json).map_err(|_| JwkError::Malformed)?.try_into()
    }

    pub(crate) const fn for_signing_key(key: PublicKey, kid: String, algorithm: Algorithm) -> Self {
        Self { key, kid: Some(kid), algorithm: Some(algorithm) }
    }

    /// Its identifier.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm it is meant for, if it says so.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Whether its type, and its `alg` if it has one, allow this algorithm.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// The SHA-256 thumbprint in base64url,
    /// [RFC 7638 section 3](https://www.rfc-editor.org/rfc/rfc7638#section-3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.key.thumbprint()
    }

    /// Whether `signature` is this key's, by `algorithm`, over `message`.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.allows(algorithm) {
            return false;
        }
        match &self.key {
            PublicKey::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            PublicKey::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            PublicKey::Rsa { n, e } => {
                let padding = match algorithm {
                    Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
                    Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(padding, message, signature)
            }
        }
        .is_ok()
    }
}

impl PublicKey {
    /// A point in uncompressed form.
    pub(crate) const fn p256(point: [u8; 65]) -> Option<Self> {
        if point[0] == 4 { Some(Self::P256(point)) } else { None }
    }

    pub(crate) const fn ed25519(point: [u8; 32]) -> Self {
        Self::Ed25519(point)
    }

    /// Exponents below 65537 are refused, as ring does when it signs.
    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, JwkError> {
        let canonical = |number: &[u8]| number.first().is_some_and(|&byte| byte != 0);
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        if !(canonical(&n) && canonical(&e) && odd(&n) && odd(&e)) {
            return Err(JwkError::Malformed);
        }
        if !RSA_MODULUS.contains(&n.len()) || !(3..=4).contains(&e.len()) {
            return Err(JwkError::Size);
        }
        // 2048 bits are 2048 bits: a leading byte below 128 makes a shorter number.
        if n.len() == *RSA_MODULUS.start() && n.first().is_some_and(|&byte| byte < 0x80) {
            return Err(JwkError::Size);
        }
        Ok(Self::Rsa { n, e })
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::P256(_), Algorithm::ES256)
                | (Self::Rsa { .. }, Algorithm::RS256 | Algorithm::PS256)
                | (Self::Ed25519(_), Algorithm::EdDSA)
        )
    }

    /// The required members in lexicographic order without white space; base64url needs no escaping.
    pub(crate) fn thumbprint(&self) -> String {
        let Members { kty, crv, x, y, n, e, .. } = Members::of(self);
        let crv = crv.unwrap_or_default();
        let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
        let (n, e) = (n.unwrap_or_default(), e.unwrap_or_default());
        let canonical = match self {
            Self::P256(_) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            Self::Rsa { .. } => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
            Self::Ed25519(_) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

/// The members as they travel. Reading refuses a member that is given twice.
#[derive(Default, Serialize, Deserialize)]
struct Members {
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
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
    fn of(key: &PublicKey) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, generate};

    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn with(member: &str) -> Result<Jwk, JwkError> {
        Jwk::parse(P256.replacen('{', &format!("{{{member},"), 1).as_bytes())
    }

    #[test]
    fn rfc7638_3_1_thumbprint_vector() {
        let key = Jwk::parse(
            br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!((key.kid(), key.algorithm()), (Some("2011-04-29"), Some(Algorithm::RS256)));
    }

    #[test]
    fn rfc8037_a_2_and_a_3_public_key_and_thumbprint() {
        let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(Jwk::parse(key).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn what_is_published_reads_back() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), None).unwrap();
            let json = serde_json::to_string(key.public_jwk()).unwrap();
            assert!(json.contains(r#""use":"sig""#) && !json.contains(r#""d":"#), "{json}");
            assert_eq!(&Jwk::parse(json.as_bytes()).unwrap(), key.public_jwk());
        }
    }

    #[test]
    fn rfc7517_4_unknown_members_are_left_out() {
        assert_eq!(with(r#""x5c":["AA"],"hello":{}"#), Jwk::parse(P256.as_bytes()));
    }

    #[test]
    fn private_material_never_enters() {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert_eq!(with(&format!(r#""{member}":"AA""#)), Err(JwkError::Private), "{member}");
        }
        assert_eq!(Jwk::parse(br#"{"kty":"oct","k":"AA"}"#), Err(JwkError::Private));
    }

    #[test]
    fn a_key_for_another_use_is_refused() {
        assert!(with(r#""use":"sig","key_ops":["verify"]"#).is_ok());
        assert_eq!(with(r#""use":"enc""#), Err(JwkError::NotForSignatures));
        assert_eq!(with(r#""key_ops":["sign"]"#), Err(JwkError::NotForSignatures));
        assert_eq!(with(r#""alg":"RS256""#), Err(JwkError::Malformed));
        assert_eq!(with(r#""alg":"ES384""#), Err(JwkError::Unsupported));
    }

    #[test]
    fn another_curve_or_type_is_not_supported() {
        for (from, to) in [("P-256", "P-384"), ("EC", "OKP"), ("EC", "AKP")] {
            assert_eq!(Jwk::parse(P256.replace(from, to).as_bytes()), Err(JwkError::Unsupported), "{to}");
        }
    }

    #[test]
    fn wrong_sizes_and_loose_encodings_are_refused() {
        for (x, error) in [
            ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA", JwkError::Size),
            ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=", JwkError::Malformed),
            ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV", JwkError::Malformed),
            ("", JwkError::Size),
        ] {
            let json = P256.replace("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", x);
            assert_eq!(Jwk::parse(json.as_bytes()), Err(error), "{x}");
        }
        assert_eq!(with(r#""kty":"EC""#), Err(JwkError::Malformed), "a member given twice");
        assert_eq!(with(r#""kid":"""#), Err(JwkError::Malformed));
    }

    #[test]
    fn rfc7518_6_3_1_rsa_numbers_are_canonical_odd_and_long_enough() {
        let n = |length: usize| [vec![0x80], vec![1; length - 1]].concat();
        let e = vec![1, 0, 1];
        assert!(PublicKey::rsa(n(256), e.clone()).is_ok() && PublicKey::rsa(n(512), e.clone()).is_ok());
        for (n, e, error) in [
            (n(255), e.clone(), JwkError::Size),
            (vec![1; 256], e.clone(), JwkError::Size),
            (n(513), e.clone(), JwkError::Size),
            ([vec![0], n(256)].concat(), e.clone(), JwkError::Malformed),
            (vec![0x80; 256], e, JwkError::Malformed),
            (n(256), vec![3], JwkError::Size),
            (n(256), vec![1, 0, 2], JwkError::Malformed),
            (n(256), vec![], JwkError::Malformed),
        ] {
            assert_eq!(PublicKey::rsa(n, e), Err(error));
        }
    }
}
