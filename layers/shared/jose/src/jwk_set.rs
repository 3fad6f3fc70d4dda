//! The keys that somebody publishes, [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5).

use serde::{Deserialize, Serialize};

use crate::{Algorithm, Jwk, JwkError, KeyManagement, KeyUse};

/// The most keys that are read from one set.
const MAX_KEYS: usize = 64;

/// A set of public keys.
///
/// Reading skips keys that are malformed or not spoken here, as RFC 7517 asks, so that a publisher may add new
/// kinds. A set that gives a private key away is refused whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Keys")]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

impl JwkSet {
    /// The set of these keys.
    #[must_use]
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set from JSON; bound its size before.
    ///
    /// # Errors
    /// When it is not a set, has more than 64 keys, or holds a private key.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        serde_json::from_slice::<Keys>(json).map_err(|_| JwkError::Malformed)?.try_into()
    }

    /// The keys, in order.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The first key of this name.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }

    /// The keys that may have signed by this algorithm, in order.
    pub fn for_signatures(&self, algorithm: Algorithm) -> impl Iterator<Item = &Jwk> {
        self.keys.iter().filter(move |key| key.allows(algorithm))
    }

    /// The key to encrypt to in this way: the first that is for encryption, or else the first that does not say what
    /// it is for. Any of them reaches its owner, since an encrypted token names its key.
    #[must_use]
    pub fn for_encryption(&self, by: KeyManagement) -> Option<&Jwk> {
        let fitting = || self.keys.iter().filter(|key| key.allows_encryption(by));
        fitting().find(|key| key.key_use() == Some(KeyUse::Encryption)).or_else(|| fitting().next())
    }

    /// The only key that may have signed under this header, or why there is none.
    pub(crate) fn select(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<&Jwk, Selection> {
        let named = || self.keys.iter().filter(|key| kid.is_none_or(|kid| key.kid() == Some(kid)));
        let mut fitting = named().filter(|key| key.allows(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Selection::Ambiguous),
            (None, _) if named().next().is_some() => Err(Selection::WrongAlgorithm),
            (None, _) => Err(Selection::Unknown),
        }
    }
}

/// Why no key was selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    Unknown,
    WrongAlgorithm,
    Ambiguous,
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect() }
    }
}

impl TryFrom<Keys> for JwkSet {
    type Error = JwkError;

    fn try_from(set: Keys) -> Result<Self, JwkError> {
        if set.keys.len() > MAX_KEYS {
            return Err(JwkError::Size);
        }
        let mut keys = Vec::with_capacity(set.keys.len());
        for value in set.keys {
            match Jwk::from_value(value) {
                Ok(key) => keys.push(key),
                Err(JwkError::Private) => return Err(JwkError::Private),
                Err(_) => {}
            }
        }
        Ok(Self { keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn rfc7517_5_keys_that_are_not_understood_are_skipped() {
        let json = format!(r#"{{"more":1,"keys":[{{"kty":"AKP","pub":"AA"}},{{"kty":"EC"}},7,{ED25519}]}}"#);
        assert_eq!(JwkSet::parse(json.as_bytes()).unwrap().keys(), [Jwk::parse(ED25519.as_bytes()).unwrap()]);
    }

    #[test]
    fn a_published_private_key_spoils_the_set() {
        let json = format!(r#"{{"keys":[{ED25519},{{"kty":"oct","k":"AA"}}]}}"#);
        assert_eq!(JwkSet::parse(json.as_bytes()), Err(JwkError::Private));
    }

    #[test]
    fn anything_but_a_set_of_few_keys_is_refused() {
        let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; MAX_KEYS + 1].join(","));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, &many] {
            assert!(JwkSet::parse(bad.as_bytes()).is_err(), "{bad:.40}");
        }
    }

    #[test]
    fn keys_are_found_by_what_they_are_for() {
        const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
        let set = |members: &[&str]| {
            let keys: Vec<_> = members.iter().map(|members| format!("{{{P256}{members}}}")).collect();
            JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
        };
        let named = set(&[r#","kid":"sig","use":"sig""#, r#","kid":"open""#, r#","kid":"enc","use":"enc""#]);
        let uses: Vec<_> = named.keys().iter().map(Jwk::key_use).collect();
        assert_eq!(uses, [Some(KeyUse::Signature), None, Some(KeyUse::Encryption)]);
        let signing: Vec<_> = named.for_signatures(Algorithm::ES256).filter_map(Jwk::kid).collect();
        assert_eq!(signing, ["sig", "open"]);
        assert_eq!(named.for_signatures(Algorithm::RS256).count(), 0);
        assert_eq!(named.for_encryption(KeyManagement::EcdhEs).and_then(Jwk::kid), Some("enc"));
        assert_eq!(named.for_encryption(KeyManagement::RsaOaep256), None);
        let other_way = set(&[r#","kid":"kw","alg":"ECDH-ES+A256KW""#, r#","kid":"open""#]);
        assert_eq!(other_way.for_encryption(KeyManagement::EcdhEs).and_then(Jwk::kid), Some("open"));
        assert_eq!(set(&[r#","use":"sig""#]).for_encryption(KeyManagement::EcdhEs), None);
    }

    #[test]
    fn a_set_reads_back() {
        let set = JwkSet::parse(format!(r#"{{"keys":[{ED25519}]}}"#).as_bytes()).unwrap();
        assert_eq!(JwkSet::parse(&serde_json::to_vec(&set).unwrap()).unwrap(), set);
        assert_eq!(serde_json::from_str::<JwkSet>(&serde_json::to_string(&set).unwrap()).unwrap(), set);
    }
}
