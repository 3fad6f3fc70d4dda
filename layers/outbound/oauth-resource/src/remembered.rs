//! JWTs whose signature was found right before, so that it is not computed again for each request that brings them.
//!
//! What is kept is the SHA-256 of the whole text and what the text says: no token can be made of it. Only the signature, the
//! issuer and the form of the claims are taken from memory, since none of them can become wrong while the keys stay the same.
//! Times, audience, scope, sign-in and revocation are looked at for every request.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use towergate_core::Digest;
use towergate_jose::{JwkSet, jwt::Times};

use crate::AccessTokenInfo;

/// The tokens that were verified lately.
pub(crate) struct Remembered {
    generations: RwLock<Generations>,
    most: usize,
}

/// When the younger one is full it takes the place of the older one, which is forgotten.
#[derive(Default)]
struct Generations {
    younger: HashMap<[u8; 32], Kept>,
    older: HashMap<[u8; 32], Kept>,
    /// Those of the token that was kept last: a source that makes its set anew at each call is held once.
    keys: Arc<JwkSet>,
}

struct Kept {
    verified: Verified,
    /// The keys under which it was verified; under others it is unknown.
    keys: Arc<JwkSet>,
}

/// What a token says whose signature is right.
#[derive(Clone)]
pub(crate) struct Verified {
    pub(crate) info: AccessTokenInfo,
    pub(crate) times: Times,
}

impl Remembered {
    /// Room for so many tokens.
    pub(crate) fn room(most: usize) -> Arc<Self> {
        Arc::new(Self { generations: RwLock::default(), most })
    }

    /// As much room, and nothing in it.
    pub(crate) fn emptied(&self) -> Arc<Self> {
        Self::room(self.most)
    }

    /// What the token of this text says, if it was verified under these keys.
    pub(crate) fn find(&self, text: &Digest, keys: &Arc<JwkSet>) -> Option<Verified> {
        let generations = self.read();
        let Generations { younger, older, .. } = &*generations;
        let kept = younger.get(text.as_bytes()).or_else(|| older.get(text.as_bytes()))?;
        // The very same set is seen to be so at once.
        (kept.keys == *keys).then(|| kept.verified.clone())
    }

    /// Keeps what a token says that was verified under these keys.
    pub(crate) fn keep(&self, text: &Digest, keys: Arc<JwkSet>, verified: Verified) {
        let half = self.most / 2;
        if half == 0 {
            return;
        }
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if generations.younger.len() >= half {
            generations.older = mem::take(&mut generations.younger);
        }
        if generations.keys != keys {
            generations.keys = keys;
        }
        let keys = Arc::clone(&generations.keys);
        generations.younger.insert(*text.as_bytes(), Kept { verified, keys });
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.generations.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Generations { younger, older, .. } = &*self.read();
        f.debug_struct("Remembered").field("tokens", &(younger.len() + older.len())).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::{Timestamp, id::Uuid};
    use towergate_jose::{Algorithm, SigningKey, generate};
    use towergate_oauth::rules::client::ClientId;

    use super::*;
    use crate::info::Facts;

    fn verified(seconds: i64) -> Verified {
        let facts = Facts {
            id: Uuid::from_u128(1),
            client: ClientId::parse("app").unwrap(),
            subject: None,
            scope: towergate_oauth_types::Scope::default(),
            audience: Vec::new(),
            expires_at: Timestamp::from_unix_seconds(seconds),
            sid: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
        };
        Verified { info: AccessTokenInfo::new(facts, None), times: Times { exp: None, nbf: None, iat: None } }
    }

    fn keys() -> Arc<JwkSet> {
        Arc::new(JwkSet::default())
    }

    fn one_key() -> Arc<JwkSet> {
        let secret = generate(Algorithm::ES256).unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::ES256, secret.expose(), None).unwrap();
        Arc::new(JwkSet::new(vec![key.public_jwk().clone()]))
    }

    #[test]
    fn a_token_is_known_under_the_keys_it_was_verified_with_and_under_no_others() {
        let one = one_key();
        let (remembered, under) = (Remembered::room(2), Arc::new(JwkSet::clone(&one)));
        let text = Digest::of(b"a token");
        remembered.keep(&text, Arc::clone(&under), verified(1));
        assert!(remembered.find(&text, &under).is_some());
        assert!(remembered.find(&text, &one).is_some(), "the same keys, read again");
        for others in [keys(), one_key()] {
            assert!(remembered.find(&text, &others).is_none());
        }
        assert!(remembered.find(&Digest::of(b"another"), &under).is_none());
    }

    #[test]
    fn a_set_that_is_made_anew_at_each_call_is_held_once() {
        let (remembered, one) = (Remembered::room(100), one_key());
        let sets: Vec<_> = (0..10).map(|_| Arc::new(JwkSet::clone(&one))).collect();
        for (n, keys) in (0_u32..).zip(&sets) {
            remembered.keep(&Digest::of(&n.to_be_bytes()), Arc::clone(keys), verified(1));
        }
        assert!(sets[1..].iter().all(|keys| Arc::strong_count(keys) == 1));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let (remembered, under) = (Remembered::room(8), keys());
        let text = |n: u32| Digest::of(&n.to_be_bytes());
        for n in 0..100 {
            remembered.keep(&text(n), Arc::clone(&under), verified(i64::from(n)));
            assert!(remembered.find(&text(n), &under).is_some());
        }
        let kept = (0..100).filter(|n| remembered.find(&text(*n), &under).is_some()).count();
        assert!((4..=8).contains(&kept), "{kept}");
        let nothing = Remembered::room(0);
        nothing.keep(&text(1), Arc::clone(&under), verified(1));
        assert!(nothing.find(&text(1), &under).is_none());
    }
}
