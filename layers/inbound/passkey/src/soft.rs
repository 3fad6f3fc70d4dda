//! An authenticator in software, for tests: of this crate and of hosts (feature `test-util`).
//!
//! It does what an honest authenticator and an honest browser do together, and lets a test do it badly.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SecureRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use towergate_core::system::OsRandom;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const NEW_KEY: u8 = 0x40;

/// How an authenticator is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Make {
    /// Whether it verifies its person.
    pub verifies: bool,
    /// Whether it counts its signatures.
    pub counts: bool,
    /// Whether its keys may be copied to other devices.
    pub synced: bool,
    /// What it says that it is.
    pub aaguid: [u8; 16],
}

impl Make {
    /// A phone: it verifies its person, its keys go with them from phone to phone, and it counts nothing.
    pub const PHONE: Self = Self { verifies: true, counts: false, synced: true, aaguid: [1; 16] };

    /// A key on a ring, without a PIN, that counts.
    pub const BARE_KEY: Self = Self { verifies: false, counts: true, synced: false, aaguid: [2; 16] };
}

/// A key in software. Each field may be changed between uses.
pub struct SoftPasskey {
    /// How its authenticator is made.
    pub make: Make,
    /// What it is called.
    pub credential_id: Vec<u8>,
    /// The host that it is bound to.
    pub rp_id: String,
    /// Whose it is.
    pub user_handle: Vec<u8>,
    /// How often it signed.
    pub count: u32,
    key: EcdsaKeyPair,
}

impl SoftPasskey {
    /// Makes a key for the `publicKey` of a [`Challenge`](crate::Challenge), on a page of `origin`, and the JSON that
    /// `PublicKeyCredential.toJSON()` would answer; `None` when this authenticator has such a key already, or the options are
    /// none.
    #[must_use]
    pub fn create(make: Make, options: &Value, origin: &str) -> Option<(Self, Value)> {
        let random = OsRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, random.as_ring()).ok()?;
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), random.as_ring())
                .ok()?;
        let mut credential_id = vec![0; 32];
        random.as_ring().fill(&mut credential_id).ok()?;
        let passkey = Self {
            make,
            credential_id,
            rp_id: options.pointer("/rp/id")?.as_str()?.to_owned(),
            user_handle: URL_SAFE_NO_PAD.decode(options.pointer("/user/id")?.as_str()?).ok()?,
            count: 0,
            key,
        };
        let registered = passkey.register(options, origin)?;
        Some((passkey, registered))
    }

    /// What making this key answers, again or for other options.
    #[must_use]
    pub fn register(&self, options: &Value, origin: &str) -> Option<Value> {
        let client_data = client_data("webauthn.create", options.get("challenge")?.as_str()?, origin);
        let mut data = self.authenticator_data(NEW_KEY);
        data.extend(self.make.aaguid);
        data.extend(u16::try_from(self.credential_id.len()).ok()?.to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.public_key()?);
        let object = Cbor::Map(BTreeMap::from([
            (Cbor::Text(String::from("fmt")), Cbor::Text(String::from("none"))),
            (Cbor::Text(String::from("attStmt")), Cbor::Map(BTreeMap::new())),
            (Cbor::Text(String::from("authData")), Cbor::Bytes(data)),
        ]));
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        Some(json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(serde_cbor_2::to_vec(&object).ok()?),
                "transports": ["internal", "hybrid", "pigeon"],
            },
        }))
    }

    /// Signs the `publicKey` of a [`Challenge`](crate::Challenge), on a page of `origin`; `None` when the options are none.
    #[must_use]
    pub fn sign(&mut self, options: &Value, origin: &str) -> Option<Value> {
        if self.make.counts {
            self.count += 1;
        }
        self.sign_client_data(&client_data("webauthn.get", options.get("challenge")?.as_str()?, origin))
    }

    /// Signs whatever a browser says of the page that asked.
    #[must_use]
    pub fn sign_client_data(&self, client_data: &[u8]) -> Option<Value> {
        let data = self.authenticator_data(0);
        let signed = [data.as_slice(), digest(&SHA256, client_data).as_ref()].concat();
        let signature = self.key.sign(OsRandom::new().as_ring(), &signed).ok()?;
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        Some(json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": URL_SAFE_NO_PAD.encode(&self.user_handle),
            },
        }))
    }

    fn authenticator_data(&self, more: u8) -> Vec<u8> {
        let verified = if self.make.verifies { USER_VERIFIED } else { 0 };
        let synced = if self.make.synced { BACKUP_ELIGIBLE | BACKED_UP } else { 0 };
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(USER_PRESENT | verified | synced | more);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// The key for ES256 in [COSE](https://www.rfc-editor.org/rfc/rfc9053#section-7.1.1).
    fn public_key(&self) -> Option<Vec<u8>> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..65)?.split_at(32);
        let key = Cbor::Map(BTreeMap::from([
            (Cbor::Integer(1), Cbor::Integer(2)),
            (Cbor::Integer(3), Cbor::Integer(-7)),
            (Cbor::Integer(-1), Cbor::Integer(1)),
            (Cbor::Integer(-2), Cbor::Bytes(x.to_vec())),
            (Cbor::Integer(-3), Cbor::Bytes(y.to_vec())),
        ]));
        serde_cbor_2::to_vec(&key).ok()
    }
}

/// What an honest browser says of a page of `origin` that asked with this challenge.
#[must_use]
pub fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
    let data = json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false });
    data.to_string().into_bytes()
}

impl fmt::Debug for SoftPasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftPasskey")
            .field("make", &self.make)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
