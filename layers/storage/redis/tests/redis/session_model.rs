//! No load answers a session after its end was answered: in whatever order the steps of many fall, whoever crashes, and whatever Redis forgets.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::{prelude::*, test_runner::TestRunner};
use towergate_core::{StoreError, contract::NOW};
use towergate_identity::{
    ports::session_cache::{Cached, FillTicket, SessionCache},
    rules::session::{SessionId, SessionRecord},
};
use towergate_redis::RedisSessionCache;

use crate::{
    house::{Server, block_on},
    truth::{MINUTE, Truth, cache, session, session_id},
};

const SESSIONS: u128 = 2;

/// What somebody is about.
#[derive(Debug, Clone, Copy)]
enum Errand {
    Load(u128),
    End(u128),
    Touch(u128),
    /// All that Redis holds is gone.
    Flush,
    /// What stands in the place of a session is gone: its time is over.
    Lapse(u128),
}

fn errand() -> impl Strategy<Value = Errand> {
    let id = 0..SESSIONS;
    prop_oneof![
        8 => id.clone().prop_map(Errand::Load),
        3 => id.clone().prop_map(Errand::End),
        2 => id.clone().prop_map(Errand::Touch),
        1 => Just(Errand::Flush),
        2 => id.prop_map(Errand::Lapse),
    ]
}

/// Where somebody is on their way.
enum Way {
    Begins,
    Found { ticket: Option<FillTicket>, forbidden: bool },
    Read { ticket: Option<FillTicket>, forbidden: bool, session: Option<SessionRecord> },
    Closed,
    Committed,
    Touched,
    Done,
}

struct World<'w> {
    server: &'w Server,
    caches: [RedisSessionCache; 2],
    truth: Truth,
    /// Whose ends were answered.
    ended: Vec<SessionId>,
}

impl World<'_> {
    /// One step of one errand. `Err` says which session was answered though its end had been.
    fn step(&mut self, who: usize, errand: Errand, way: Way) -> Result<Way, TestCaseError> {
        let cache = &self.caches[who % 2];
        Ok(match (errand, way) {
            (Errand::Load(n), Way::Begins) => {
                let forbidden = self.ended.contains(&session_id(n));
                match block_on(cache.find(session_id(n), NOW)).unwrap() {
                    Cached::Hit(_) => {
                        prop_assert!(!forbidden, "session {n} was found after its end");
                        Way::Done
                    }
                    Cached::Miss(ticket) => Way::Found { ticket, forbidden },
                }
            }
            (Errand::Load(n), Way::Found { ticket, forbidden }) => {
                Way::Read { ticket, forbidden, session: self.truth.read(session_id(n), NOW) }
            }
            (Errand::Load(n), Way::Read { ticket, forbidden, session }) => {
                prop_assert!(!(forbidden && session.is_some()), "session {n} was read after its end");
                if let (Some(ticket), Some(session)) = (ticket, session) {
                    block_on(cache.fill(ticket, session, NOW));
                }
                Way::Done
            }
            (Errand::End(n), Way::Begins) => {
                block_on(cache.closing(&[session_id(n)])).unwrap();
                Way::Closed
            }
            (Errand::End(n), Way::Closed) => {
                self.truth.remove(session_id(n));
                Way::Committed
            }
            (Errand::End(n), Way::Committed) => {
                block_on(cache.closed(&[session_id(n)])).unwrap();
                self.ended.push(session_id(n));
                Way::Done
            }
            (Errand::Touch(n), Way::Begins) => {
                self.truth.touch(session_id(n), NOW.plus(MINUTE));
                Way::Touched
            }
            (Errand::Touch(n), Way::Touched) => {
                block_on(cache.forget(session_id(n)));
                Way::Done
            }
            (Errand::Flush, _) => {
                self.server.say::<()>(&["FLUSHALL"]);
                Way::Done
            }
            (Errand::Lapse(n), _) => {
                for place in self.server.say::<Vec<String>>(&["KEYS", &format!("*{}", session_id(n))]) {
                    self.server.say::<()>(&["DEL", &place]);
                }
                Way::Done
            }
            _ => Way::Done,
        })
    }
}

#[test]
fn in_no_order_of_steps_is_a_session_answered_after_its_end() {
    let server = Server::start();
    let caches = [cache(&server.store()), cache(&server.store())];
    let errands = proptest::collection::vec(errand(), 1..10);
    // Whose turn it is; whoever has none left has crashed.
    let turns = proptest::collection::vec(any::<proptest::sample::Index>(), 0..40);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) };
    let outcome = TestRunner::new(config).run(&(errands, turns), |(errands, turns)| {
        server.say::<()>(&["FLUSHALL"]);
        let truth = Truth::of((0..SESSIONS).map(session));
        let mut world = World { server: &server, caches: caches.clone(), truth, ended: Vec::new() };
        let mut ways: Vec<_> = errands.iter().map(|_| Way::Begins).collect();
        for turn in turns {
            let who = turn.index(errands.len());
            let way = std::mem::replace(&mut ways[who], Way::Done);
            ways[who] = world.step(who, errands[who], way)?;
        }
        // Whoever comes when all is over sees what was answered.
        for id in world.ended.clone() {
            prop_assert!(block_on(world.truth.load(&world.caches[0], id, NOW)).is_none());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn of_many_at_once_nobody_is_answered_a_session_after_its_end() {
    const ROUNDS: u128 = 200;
    let server = Server::start();
    let caches: Vec<_> = (0..4).map(|_| cache(&server.store())).collect();
    let truth = Truth::of((0..ROUNDS).map(session));
    let ended: Vec<_> = (0..ROUNDS).map(|_| AtomicBool::new(false)).collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (n, cache) in caches.iter().enumerate() {
            let (truth, ended, over) = (&truth, &ended, &over);
            scope.spawn(move || {
                let mut round = n;
                while !over.load(Ordering::SeqCst) {
                    // Mostly those that end about now.
                    let current = ended.iter().take_while(|ended| ended.load(Ordering::SeqCst)).count();
                    let id = current.saturating_sub(round % 3).min(ended.len() - 1);
                    round += 1;
                    let forbidden = ended[id].load(Ordering::SeqCst);
                    let found = block_on(truth.load(cache, session_id(id as u128), NOW));
                    assert!(!(forbidden && found.is_some()), "session {id} was answered after its end");
                }
            });
        }
        let ending: Result<(), StoreError> = block_on(async {
            for (id, ended) in (0..).zip(&ended) {
                let _ = truth.load(&caches[0], session_id(id), NOW).await;
                truth.end(&caches[1], session_id(id)).await?;
                ended.store(true, Ordering::SeqCst);
            }
            Ok(())
        });
        over.store(true, Ordering::SeqCst);
        ending.unwrap();
    });
}
