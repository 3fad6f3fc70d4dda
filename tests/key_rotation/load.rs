//! Two instances that turn as seldom as they may, and relying parties that keep copies as long as they may.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use towergate::{core::clock::ManualClock, oauth::ports::OAuthStore, oauth_server::key_ring::RotationPolicy};

use crate::{
    instance::{ALGORITHMS, Instance, START, register},
    relying_party::{RelyingParty, Tally},
};

const RELYING_PARTIES: usize = 6;
const ROTATIONS: u32 = 3;

/// As tight as is allowed: a second less anywhere, and it is refused.
pub(crate) fn tight() -> RotationPolicy {
    let mut policy = RotationPolicy::default();
    policy.algorithms = ALGORITHMS.to_vec();
    policy.turn_every = Duration::from_secs(120);
    policy.publish_for = policy.cache_for + policy.turn_every;
    policy.active_for = Duration::from_secs(1800);
    policy.retiring_for = Duration::from_secs(3600) + policy.turn_every;
    policy
}

pub(crate) async fn rotate_under_load<S: OAuthStore>(store: S) {
    let clock = Arc::new(ManualClock::at(START));
    register(&store).await;
    let policy = tight();
    let instances = [
        Instance::open(&store, &clock, policy.clone()).await,
        Instance::open(&store, &clock, policy.clone()).await,
    ];
    let (tally, stop) = (Arc::new(Tally::default()), Arc::new(AtomicBool::new(false)));
    let mut at_work = JoinSet::new();
    for number in 0..RELYING_PARTIES {
        let apps = instances.each_ref().map(|instance| instance.app.clone());
        let mut party = RelyingParty::new(number, apps, clock.clone(), store.clone(), tally.clone());
        let stop = stop.clone();
        at_work.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                party.one_round().await;
            }
        });
    }
    // Each instance turns as seldom as it may, and not at the same time as the other.
    let half_a_turn = policy.turn_every / 2;
    let steps = (policy.active_for * ROTATIONS + policy.retiring_for + policy.turn_every).as_secs()
        / half_a_turn.as_secs();
    for (_, instance) in (0..steps).zip(instances.iter().cycle()) {
        clock.advance(half_a_turn);
        instance.turn().await;
        tally.wait_for_more(RELYING_PARTIES, &mut at_work).await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = at_work.join_next().await {
        done.unwrap();
    }
    tally.check(ROTATIONS as usize);
    let first = store.keys().await.unwrap().iter().filter(|key| key.created_at == START).count();
    // The one that is kept from the start is the secret behind pairwise subjects.
    assert_eq!(first, 1, "the first keys are gone");
}
