use std::time::Duration;

use proptest::prelude::*;
use towergate_core::Timestamp;
use towergate_jose::Algorithm;

use super::*;

const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn key(kid: &str, algorithm: &str, state: KeyState, since: Timestamp) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        algorithm: algorithm.to_owned(),
        sealed_private: Vec::new(),
        public_jwk: String::new(),
        state,
        created_at: since,
        since,
    }
}

fn es(kid: &str, state: KeyState, age: Duration) -> KeyRecord {
    key(kid, "ES256", state, START.minus(age))
}

/// An ES256 ring under test, beside an RS256 key that nothing is to be done about.
fn planned(records: &[KeyRecord], occasion: Occasion<'_>) -> (Vec<KeyState>, Vec<(String, KeyState)>) {
    let mut records = records.to_vec();
    records.push(key("rs", "RS256", KeyState::Active, START));
    records.push(key("rs next", "RS256", KeyState::Published, START));
    let plan = plan(&records, &RotationPolicy::default(), START, occasion);
    (
        plan.make.iter().map(|making| making.state).collect(),
        plan.moves.into_iter().map(|moved| (moved.kid, moved.to)).collect(),
    )
}

fn moves(expected: &[(&str, KeyState)]) -> Vec<(String, KeyState)> {
    expected.iter().map(|&(kid, to)| (kid.to_owned(), to)).collect()
}

#[test]
fn the_first_keys_sign_at_once() {
    let first = plan(&[], &RotationPolicy::default(), START, Occasion::Schedule);
    let expected =
        [Algorithm::ES256, Algorithm::RS256].map(|algorithm| Making { algorithm, state: KeyState::Active });
    assert_eq!(first, Plan { make: expected.into(), moves: Vec::new() });
}

#[test]
fn an_algorithm_that_comes_later_is_published_first() {
    use KeyState::{Active, Published};
    let records = [key("rs", "RS256", Active, START)];
    let later = plan(&records, &RotationPolicy::default(), START, Occasion::Schedule);
    assert_eq!(later.make, [Making { algorithm: Algorithm::ES256, state: Published }]);
    let policy = RotationPolicy::default();
    let waiting = [es("one", Published, policy.publish_for - SECOND)];
    assert_eq!(planned(&waiting, Occasion::Schedule), (vec![], vec![]));
    let waiting = [es("one", Published, policy.publish_for)];
    assert_eq!(planned(&waiting, Occasion::Schedule), (vec![], moves(&[("one", Active)])));
}

#[test]
fn a_successor_is_published_in_time() {
    use KeyState::{Active, Published};
    let policy = RotationPolicy::default();
    let in_time = policy.active_for - policy.publish_for;
    assert_eq!(planned(&[es("one", Active, in_time - SECOND)], Occasion::Schedule), (vec![], vec![]));
    assert_eq!(planned(&[es("one", Active, in_time)], Occasion::Schedule), (vec![Published], vec![]));
}

#[test]
fn a_successor_signs_when_it_was_published_long_enough() {
    use KeyState::{Active, Published, Retiring};
    let policy = RotationPolicy::default();
    let old = es("old", Active, policy.active_for * 2);
    let early = [old.clone(), es("new", Published, policy.publish_for - SECOND)];
    assert_eq!(planned(&early, Occasion::Schedule), (vec![], vec![]));
    assert_eq!(planned(&early, Occasion::Command), (vec![], vec![]));
    let due = [old, es("new", Published, policy.publish_for)];
    let handed_over = moves(&[("new", Active), ("old", Retiring)]);
    assert_eq!(planned(&due, Occasion::Schedule), (vec![], handed_over));
}

#[test]
fn of_several_active_keys_the_newest_goes_on() {
    use KeyState::{Active, Published, Retiring};
    let two = [es("newer", Active, SECOND), es("older", Active, 2 * SECOND)];
    assert_eq!(planned(&two, Occasion::Schedule), (vec![], moves(&[("older", Retiring)])));
    let with_next = [two.as_slice(), &[es("next", Published, SECOND)]].concat();
    assert_eq!(planned(&with_next, Occasion::Schedule), (vec![], moves(&[("older", Retiring)])));
}

#[test]
fn a_retiring_key_is_dropped_when_nothing_it_signed_lives() {
    use KeyState::{Active, Retired, Retiring};
    let policy = RotationPolicy::default();
    let ring = |age| [es("new", Active, SECOND), es("old", Retiring, age)];
    assert_eq!(planned(&ring(policy.retiring_for - SECOND), Occasion::Schedule), (vec![], vec![]));
    let over = moves(&[("old", Retired)]);
    assert_eq!(planned(&ring(policy.retiring_for), Occasion::Schedule), (vec![], over));
}

#[test]
fn a_command_publishes_a_successor_once() {
    use KeyState::{Active, Published};
    let young = [es("one", Active, SECOND)];
    assert_eq!(planned(&young, Occasion::Command), (vec![Published], vec![]));
    let again = [es("one", Active, SECOND), es("two", Published, SECOND)];
    assert_eq!(planned(&again, Occasion::Command), (vec![], vec![]));
}

#[test]
fn what_is_wanted_no_more_signs_to_its_end_unless_a_command_ends_it() {
    use KeyState::{Active, Published, Retired, Retiring};
    let policy = RotationPolicy::default();
    let unwanted = |state, age| [es("es", Active, SECOND), key("ed", "EdDSA", state, START.minus(age))];
    for (state, to) in [(Published, Retired), (Active, Retiring)] {
        let young = unwanted(state, policy.active_for - SECOND);
        assert_eq!(planned(&young, Occasion::Schedule), (vec![], vec![]));
        assert_eq!(planned(&young, Occasion::Command).1, moves(&[("ed", to)]));
        let old = unwanted(state, policy.active_for);
        assert_eq!(planned(&old, Occasion::Schedule), (vec![], moves(&[("ed", to)])));
    }
}

#[test]
fn a_key_in_wrong_hands_is_gone_at_once_and_replaced_at_once() {
    use KeyState::{Active, Published, Retired, Retiring};
    let policy = RotationPolicy::default();
    let compromise = Occasion::Compromise("lost");
    let alone = [es("lost", Active, SECOND)];
    assert_eq!(planned(&alone, compromise), (vec![Active], moves(&[("lost", Retired)])));
    let with_next = [es("lost", Active, SECOND), es("next", Published, SECOND)];
    assert_eq!(planned(&with_next, compromise), (vec![], moves(&[("lost", Retired), ("next", Active)])));
    // It was about to sign itself.
    let next_is_lost = [es("old", Active, policy.active_for), es("lost", Published, policy.publish_for)];
    assert_eq!(planned(&next_is_lost, compromise), (vec![Published], moves(&[("lost", Retired)])));
    let retiring = [es("now", Active, SECOND), es("lost", Retiring, SECOND)];
    assert_eq!(planned(&retiring, compromise), (vec![], moves(&[("lost", Retired)])));
    assert_eq!(planned(&[es("now", Active, SECOND)], compromise), (vec![], vec![]));
}

#[test]
fn a_policy_that_would_break_a_token_is_refused() {
    assert_eq!(RotationPolicy::default().check(), Ok(()));
    let mut policy = RotationPolicy { publish_for: Duration::from_secs(360), ..RotationPolicy::default() };
    assert_eq!(policy.check(), Ok(()));
    policy.publish_for -= SECOND;
    assert_eq!(policy.check(), Err(InvalidPolicy::PublishedTooShort));
    let mut policy = RotationPolicy::default();
    policy.active_for = policy.publish_for;
    assert_eq!(policy.check(), Err(InvalidPolicy::ActiveTooShort));
    let mut policy = RotationPolicy { retiring_for: Duration::from_secs(3_660), ..RotationPolicy::default() };
    assert_eq!(policy.check(), Ok(()));
    policy.retiring_for -= SECOND;
    assert_eq!(policy.check(), Err(InvalidPolicy::RetiringTooShort));
}

#[test]
fn es256_and_rs256_are_wanted_whatever_the_host_says() {
    let wanted = |algorithms: &[Algorithm]| {
        let policy = RotationPolicy { algorithms: algorithms.to_vec(), ..RotationPolicy::default() };
        policy.wanted().collect::<Vec<_>>()
    };
    assert_eq!(wanted(&[]), [Algorithm::ES256, Algorithm::RS256]);
    assert_eq!(wanted(&[Algorithm::PS256]), [Algorithm::ES256, Algorithm::PS256, Algorithm::RS256]);
}

/// A store that does what it is told, and the whole life of each key.
#[derive(Default)]
struct World {
    records: Vec<KeyRecord>,
    made: usize,
}

impl World {
    fn carry_out(&mut self, plan: &Plan, now: Timestamp) {
        for moved in &plan.moves {
            let key = self.records.iter_mut().find(|key| key.kid == moved.kid).unwrap();
            assert!(key.state < moved.to, "{moved:?} moves back");
            (key.state, key.since) = (moved.to, now);
        }
        for making in &plan.make {
            self.made += 1;
            self.records.push(key(&self.made.to_string(), making.algorithm.as_str(), making.state, now));
        }
        self.records.retain(|key| key.state != KeyState::Retired);
    }
}

fn occasions() -> impl Strategy<Value = Vec<(u64, bool, usize)>> {
    // How long until it happens, whether an operator asks for it, and how many algorithms are wanted.
    prop::collection::vec((1_u64..4_000_000, prop::bool::weighted(0.2), 0_usize..=4), 1..80)
}

proptest! {
    #[test]
    fn whatever_happens_every_token_can_be_verified(occasions in occasions()) {
        let mut policy = RotationPolicy::default();
        let mut world = World::default();
        let mut now = START;
        for (pause, asked, algorithms) in occasions {
            policy.algorithms = Algorithm::ALL.into_iter().take(algorithms).collect();
            let before = world.records.clone();
            let occasion = if asked { Occasion::Command } else { Occasion::Schedule };
            let due = plan(&before, &policy, now, occasion);
            for moved in &due.moves {
                let key = before.iter().find(|key| key.kid == moved.kid).unwrap();
                let age = now.since(key.since);
                match (key.state, moved.to) {
                    (KeyState::Published, KeyState::Active) => prop_assert!(age >= policy.publish_for),
                    (KeyState::Retiring, KeyState::Retired) => prop_assert!(age >= policy.retiring_for),
                    // What never signed may go whenever it likes.
                    (KeyState::Published, KeyState::Retired) | (KeyState::Active, KeyState::Retiring) => {}
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            for making in &due.make {
                prop_assert!(making.state == KeyState::Published || before.is_empty());
            }
            world.carry_out(&due, now);
            for algorithm in Algorithm::ALL {
                let count = |records: &[KeyRecord], state| {
                    let fits = |key: &&KeyRecord| key.state == state && key.algorithm == algorithm.as_str();
                    records.iter().filter(fits).count()
                };
                let (had, has) = (count(&before, KeyState::Active), count(&world.records, KeyState::Active));
                prop_assert!(has <= 1 && count(&world.records, KeyState::Published) <= 1);
                let wanted = policy.wanted().any(|wanted| wanted == algorithm);
                prop_assert!(!wanted || has == 1 || had == 0 && !before.is_empty());
            }
            let again = plan(&world.records, &policy, now, Occasion::Schedule);
            prop_assert!(again.is_empty(), "{again:?}");
            now = now.plus(Duration::from_secs(pause));
        }
    }
}
