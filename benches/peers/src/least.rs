//! What no token endpoint is without: the digests of what is presented, the random bytes of what is given, the seal of an answer
//! that may be asked for again, the signature, and one step under one lock that keeps tokens and events. Nothing is read, judged,
//! written out or told.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::{Arc, Mutex},
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, KeyType, Prk},
    rand::{SecureRandom, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Signature},
};

const SECRET: &[u8] = b"a-machine-made-secret-of-the-bench-0123456789";
const NOW: u64 = 1_800_000_000;

/// Does it.
pub struct Least {
    random: SystemRandom,
    key: EcdsaKeyPair,
    client: Arc<str>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tokens: HashMap<[u8; 16], Token>,
    events: Vec<Event>,
    /// The refresh token that is presented next.
    next: [u8; 16],
}

/// What must be known of a token.
struct Token {
    _digest: [u8; 32],
    _client: Arc<str>,
    _subject: Arc<str>,
    _scope: Arc<str>,
    _audience: Arc<str>,
    _grant: [u8; 16],
    _from: u64,
    _until: u64,
    /// The answer that it was exchanged for.
    answer: Option<Vec<u8>>,
    /// The token that was exchanged for it.
    before: [u8; 16],
}

/// What must be known of what was done.
struct Event {
    _request: [u8; 16],
    _at: u64,
    _action: &'static str,
    _client: Arc<str>,
    _of: [u8; 16],
    _further: [[u8; 16]; 2],
}

impl Default for Least {
    fn default() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        let least =
            Self { random, key: key.expect("a key"), client: Arc::from("bench"), kept: Mutex::default() };
        least.code();
        least
    }
}

impl Least {
    /// A client proves itself, and a token that is kept is given.
    pub fn issue(&self) {
        digest_of(SECRET);
        let id = self.token(1)[0];
        let mut kept = self.kept.lock().expect("nobody panics");
        kept.tokens.insert(id.0, self.row(id, [0; 16]));
        kept.events.push(self.event("token.issued", id.0));
    }

    /// A client proves itself, and a code is exchanged for two tokens: its digest is compared, and that of the PKCE verifier.
    pub fn code(&self) {
        for presented in [SECRET, &[7; 32], &[8; 43]] {
            digest_of(presented);
        }
        let tokens = self.token(2);
        let mut kept = self.kept.lock().expect("nobody panics");
        self.keep(&mut kept, "code.redeemed", &tokens, [0; 16]);
    }

    /// A client proves itself, and a refresh token is exchanged for the next, with an answer that may be asked for again.
    pub fn refresh(&self) {
        for presented in [SECRET, &[7; 32]] {
            digest_of(presented);
        }
        let (tokens, answer) = (self.token(2), sealed());
        let mut kept = self.kept.lock().expect("nobody panics");
        let presented = kept.next;
        let token = kept.tokens.get_mut(&presented).expect("a token");
        token.answer = Some(answer);
        let before = token.before;
        if let Some(before) = kept.tokens.get_mut(&before) {
            before.answer = None;
        }
        self.keep(&mut kept, "token.refreshed", &tokens, presented);
    }

    /// A token is looked up by its name, and its digest compared.
    pub fn find(&self) {
        let found = digest_of(&[7; 32]);
        let kept = self.kept.lock().expect("nobody panics");
        black_box(kept.tokens.get(&kept.next).is_some_and(|token| token._digest == found));
    }

    /// A signature over a token of usual length.
    pub fn sign(&self) -> Signature {
        black_box(self.key.sign(&self.random, &[b'x'; 380]).expect("a signature"))
    }

    /// Names and digests of so many tokens, drawn at once.
    fn token(&self, count: usize) -> Vec<([u8; 16], [u8; 32])> {
        let mut drawn = [0; 84];
        let drawn = &mut drawn[..42 * count];
        self.random.fill(drawn).expect("randomness");
        let token = |drawn: &[u8]| {
            let mut id = [0; 16];
            id[6..].copy_from_slice(&drawn[..10]);
            (id, digest_of(&drawn[10..]))
        };
        drawn.chunks_exact(42).map(token).collect()
    }

    fn keep(&self, kept: &mut Kept, action: &'static str, tokens: &[([u8; 16], [u8; 32])], before: [u8; 16]) {
        for token in tokens {
            kept.tokens.insert(token.0, self.row(*token, before));
            kept.next = token.0;
        }
        kept.events.push(self.event(action, before));
        kept.events.push(self.event("token.issued", tokens[0].0));
    }

    fn row(&self, (_, digest): ([u8; 16], [u8; 32]), before: [u8; 16]) -> Token {
        Token {
            _digest: digest,
            _client: self.client.clone(),
            _subject: self.client.clone(),
            _scope: self.client.clone(),
            _audience: self.client.clone(),
            _grant: [1; 16],
            _from: NOW,
            _until: NOW,
            answer: None,
            before,
        }
    }

    fn event(&self, action: &'static str, of: [u8; 16]) -> Event {
        Event {
            _request: [2; 16],
            _at: NOW,
            _action: action,
            _client: self.client.clone(),
            _of: of,
            _further: [[3; 16]; 2],
        }
    }
}

fn digest_of(secret: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, black_box(secret)).as_ref());
    black_box(bytes)
}

/// What lets an answer be repeated to nobody but the client that lost it: sealed under a key of the token that it was given for.
fn sealed() -> Vec<u8> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }
    let mut key = [0; 32];
    let material = Prk::new_less_safe(HKDF_SHA256, black_box(&[7; 32]));
    material.expand(&[b"refresh answer"], Length).and_then(|key_of| key_of.fill(&mut key)).expect("a key");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("a key"));
    let mut text = vec![b'x'; 800];
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut text).expect("a sealed text");
    text
}
