//! Signing keys, sealed.

use proptest::{collection::vec, prelude::*};
use towergate_core::contract::model::Answers;

use super::{Model, Modelled, world::Breach};
use crate::{
    ports::key::{Changing, KeyChange},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

/// What is done about keys.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum KeyOperation {
    All,
    /// For the ring as it is, unless it is decided for none.
    Change {
        add: Vec<(u8, KeyState)>,
        moves: Vec<(u8, KeyState)>,
        reseal: Vec<u8>,
        for_none: bool,
    },
}

const NAMES: [&str; 4] = ["c", "a", "d", "b"];

pub(super) fn operation() -> impl Strategy<Value = KeyOperation> {
    let state = || proptest::sample::select(KeyState::ALL.to_vec());
    let named = || 0..4_u8;
    let change = (
        vec((named(), proptest::sample::select(vec![KeyState::Published, KeyState::Active])), 0..2),
        vec((named(), state()), 0..3),
        vec(named(), 0..2),
        proptest::bool::weighted(0.1),
    );
    prop_oneof![
        1 => Just(KeyOperation::All),
        6 => change
            .prop_map(|(add, moves, reseal, for_none)| KeyOperation::Change { add, moves, reseal, for_none }),
    ]
}

impl Model {
    pub(super) async fn key<S>(&mut self, store: &S, operation: &KeyOperation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            KeyOperation::All => Answers::of(store.keys().await, self.ring()),
            KeyOperation::Change { add, moves, reseal, for_none } => {
                self.begun.keys += 1;
                let seen = if *for_none { Vec::new() } else { KeyChange::of(&self.ring()).seen };
                let change = KeyChange {
                    seen,
                    add: add.iter().map(|(n, state)| self.new_key(*n, *state)).collect(),
                    moves: moves.iter().map(|(n, state)| (name(*n), *state)).collect(),
                    reseal: reseal.iter().map(|n| (name(*n), vec![self.begun.keys])).collect(),
                };
                let answer = store.change_keys(change.clone(), self.trail.origin()).await;
                Answers::tried(answer, self.change_keys(change))
            }
        }
    }

    fn ring(&self) -> Vec<KeyRecord> {
        let mut ring = self.keys.clone();
        ring.retain(|key| key.state != KeyState::Retired);
        ring.sort_by_key(|key| (key.created_at, key.kid.clone()));
        ring
    }

    fn change_keys(&mut self, change: KeyChange) -> Result<Changing, Breach> {
        if !change.fits(&self.ring()) {
            return Ok(Changing::Overtaken);
        }
        let (now, mut facts) = (self.trail.now(), Vec::new());
        let (mut keys, mut moved) = (self.keys.clone(), Vec::new());
        for (kid, sealed) in change.reseal {
            let key = keys.iter_mut().find(|key| key.kid == kid).ok_or(Breach)?;
            if !key.state.has_private_half() {
                return Err(Breach);
            }
            key.sealed_private = sealed;
            facts.push(OAuthFact::KeyResealed { kid });
        }
        for (kid, state) in change.moves {
            let key = keys.iter_mut().find(|key| key.kid == kid).ok_or(Breach)?;
            if state <= key.state || moved.contains(&kid) {
                return Err(Breach);
            }
            (key.state, key.since) = (state, now);
            if !state.has_private_half() {
                key.sealed_private.clear();
            }
            moved.push(kid.clone());
            facts.push(OAuthFact::KeyMoved { kid, state: state.as_str() });
        }
        for key in change.add {
            if keys.iter().any(|there| there.kid == key.kid) {
                return Err(Breach);
            }
            facts.push(OAuthFact::KeyMoved { kid: key.kid.clone(), state: key.state.as_str() });
            keys.push(key);
        }
        for state in [KeyState::Published, KeyState::Active] {
            if keys.iter().filter(|key| key.state == state).count() > 1 {
                return Err(Breach);
            }
        }
        self.keys = keys;
        facts.iter().for_each(|fact| self.tell(fact));
        Ok(Changing::Changed)
    }

    fn new_key(&self, n: u8, state: KeyState) -> KeyRecord {
        let now = self.trail.now();
        KeyRecord {
            kid: name(n),
            algorithm: String::from("ES256"),
            sealed_private: vec![n],
            public_jwk: String::from("{}"),
            state,
            created_at: now,
            since: now,
        }
    }
}

fn name(n: u8) -> String {
    NAMES.get(usize::from(n)).copied().unwrap_or("z").to_owned()
}
