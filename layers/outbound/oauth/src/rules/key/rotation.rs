//! What is to be done about the keys next: a pure function of the keys, the policy and the time.

use towergate_core::Timestamp;
use towergate_jose::Algorithm;

use super::{KeyRecord, KeyState, RotationPolicy};

/// Why the keys are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion<'a> {
    /// It is time to look again.
    Schedule,
    /// An operator wants new keys: each algorithm gets a successor now, however young its key is.
    Command,
    /// The key of this identifier is in wrong hands: it is gone at once, and what it signed is worth nothing.
    Compromise(&'a str),
}

/// All that is to be done, in one step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Keys to be made.
    pub make: Vec<Making>,
    /// Keys that move on.
    pub moves: Vec<Move>,
}

/// A key to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Making {
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Where its life begins.
    pub state: KeyState,
}

/// A key that moves on in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: String,
    /// Where to.
    pub to: KeyState,
}

/// Decides what is to be done about `records`, all the keys that are not retired.
///
/// After the plan was carried out, the schedule has none for the same moment.
#[must_use]
pub fn plan(records: &[KeyRecord], policy: &RotationPolicy, now: Timestamp, occasion: Occasion<'_>) -> Plan {
    let is_lost = |key: &KeyRecord| occasion == Occasion::Compromise(&key.kid);
    let (lost, rest): (Vec<_>, Vec<_>) = records.iter().partition(|key| is_lost(key));
    let mut plan = Plan::default();
    plan.moves.extend(lost.iter().map(|key| Move::of(key, KeyState::Retired)));
    for algorithm in Algorithm::ALL {
        let orphaned = lost.iter().any(|key| key.state == KeyState::Active && is_of(key, algorithm));
        let ring = Ring {
            keys: of(&rest, algorithm),
            algorithm,
            policy,
            now,
            at_once: orphaned || records.is_empty(),
        };
        if policy.wanted().any(|wanted| wanted == algorithm) {
            ring.keep(occasion, &mut plan);
        } else {
            ring.let_go(occasion, &mut plan);
        }
    }
    let over =
        |key: &&&KeyRecord| key.state == KeyState::Retiring && now.since(key.since) >= policy.retiring_for;
    plan.moves.extend(rest.iter().filter(over).map(|key| Move::of(key, KeyState::Retired)));
    plan
}

/// The keys of one algorithm.
struct Ring<'a> {
    keys: Vec<&'a KeyRecord>,
    algorithm: Algorithm,
    policy: &'a RotationPolicy,
    now: Timestamp,
    /// Nobody has a copy of the JWKS yet; or the key that signed is lost, and a token that some cannot verify for a
    /// while is better than one that a thief can sign.
    at_once: bool,
}

impl Ring<'_> {
    /// An algorithm that is wanted.
    fn keep(&self, occasion: Occasion<'_>, plan: &mut Plan) {
        let next = self.in_state(KeyState::Published).next();
        let mut active: Vec<_> = self.in_state(KeyState::Active).collect();
        match next {
            Some(next) if self.at_once || self.age(next) >= self.policy.publish_for => {
                plan.moves.push(Move::of(next, KeyState::Active));
            }
            // Of several, the newest goes on.
            Some(_) => drop(active.pop()),
            None => {
                let state = match active.pop() {
                    Some(newest) if occasion != Occasion::Command && !self.nears_its_end(newest) => None,
                    None if self.at_once => Some(KeyState::Active),
                    _ => Some(KeyState::Published),
                };
                plan.make.extend(state.map(|state| Making { algorithm: self.algorithm, state }));
            }
        }
        plan.moves.extend(active.into_iter().map(|key| Move::of(key, KeyState::Retiring)));
    }

    /// An algorithm that is not wanted any more: its key signs to the end of its time, since another instance may
    /// want it still, while an operator's word ends it now.
    fn let_go(&self, occasion: Occasion<'_>, plan: &mut Plan) {
        let over =
            |key: &&KeyRecord| occasion == Occasion::Command || self.age(key) >= self.policy.active_for;
        let unused = self.in_state(KeyState::Published).filter(over);
        plan.moves.extend(unused.map(|key| Move::of(key, KeyState::Retired)));
        let used = self.in_state(KeyState::Active).filter(over);
        plan.moves.extend(used.map(|key| Move::of(key, KeyState::Retiring)));
    }

    fn nears_its_end(&self, active: &KeyRecord) -> bool {
        self.age(active).saturating_add(self.policy.publish_for) >= self.policy.active_for
    }

    fn age(&self, key: &KeyRecord) -> std::time::Duration {
        self.now.since(key.since)
    }

    /// Oldest first.
    fn in_state(&self, state: KeyState) -> impl Iterator<Item = &KeyRecord> {
        self.keys.iter().copied().filter(move |key| key.state == state)
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.make.is_empty() && self.moves.is_empty()
    }
}

impl Move {
    fn of(key: &KeyRecord, to: KeyState) -> Self {
        Self { kid: key.kid.clone(), algorithm: key.algorithm.clone(), to }
    }
}

fn is_of(key: &KeyRecord, algorithm: Algorithm) -> bool {
    key.algorithm == algorithm.as_str()
}

/// The keys of one algorithm, the one that came to its state first comes first.
fn of<'a>(records: &[&'a KeyRecord], algorithm: Algorithm) -> Vec<&'a KeyRecord> {
    let mut keys: Vec<_> = records.iter().copied().filter(|key| is_of(key, algorithm)).collect();
    keys.sort_by(|a, b| (a.since, a.created_at, &a.kid).cmp(&(b.since, b.created_at, &b.kid)));
    keys
}
