//! A cache of sessions, one thing at a time, and when Redis fails.

use std::time::Duration;

use towergate_core::{
    StoreError,
    contract::{MILLISECOND, NOW, assert_same},
};
use towergate_identity::ports::session_cache::{Cached, FillTicket, SessionCache};
use towergate_redis::{RedisSessionCache, RedisStore};

use crate::{
    house::{Server, block_on, until},
    truth::{MINUTE, Truth, cache, key, session, session_id},
};

fn hit(cache: &RedisSessionCache, n: u128) -> bool {
    matches!(block_on(cache.find(session_id(n), NOW)), Ok(Cached::Hit(_)))
}

fn ticket(cache: &RedisSessionCache, n: u128) -> FillTicket {
    match block_on(cache.find(session_id(n), NOW)) {
        Ok(Cached::Miss(Some(ticket))) => ticket,
        other => panic!("{other:?}"),
    }
}

fn fill(cache: &RedisSessionCache, n: u128) {
    block_on(cache.fill(ticket(cache, n), session(n), NOW));
}

#[test]
fn a_session_reads_back_whole_for_all_who_share_the_key() {
    let server = Server::start();
    fill(&cache(&server.store()), 1);
    let found = block_on(cache(&server.store()).find(session_id(1), NOW)).unwrap();
    let Cached::Hit(found) = found else { panic!("{found:?}") };
    assert_same(&found, &session(1));
    assert!(found.digest.matches(&session(1).digest));
}

#[test]
fn what_the_house_did_not_write_there_is_not_found() {
    let server = Server::start();
    let cache = cache(&server.store());
    fill(&cache, 1);
    let place = |n| {
        let [place] = &*server.say::<Vec<String>>(&["KEYS", &format!("*{}", session_id(n))]) else {
            panic!()
        };
        place.clone()
    };
    let entry: String = server.say(&["GET", &place(1)]);
    let miss = |n| matches!(block_on(cache.find(session_id(n), NOW)), Ok(Cached::Miss(None)));
    // Under another key, in another place, changed in one letter, and as nonsense.
    assert!(matches!(
        block_on(server.store().session_cache(key(2)).find(session_id(1), NOW)),
        Ok(Cached::Miss(None))
    ));
    let _ = ticket(&cache, 2);
    server.say::<()>(&["SET", &place(2), &entry]);
    assert!(miss(2));
    let changed = entry.replace("\"stage\":1", "\"stage\":0");
    assert_ne!(changed, entry);
    for wrong in [&*changed, "", "=", "=1", "=2abc", entry.get(..70).unwrap()] {
        server.say::<()>(&["SET", &place(1), wrong]);
        assert!(miss(1), "{wrong}");
    }
    server.say::<()>(&["SET", &place(1), &entry]);
    assert!(hit(&cache, 1));
}

#[test]
fn a_session_is_kept_for_a_while_and_no_secret_with_it() {
    let server = Server::start();
    let cache = cache(&server.store_with(RedisStore::options().session_entries(MINUTE)));
    fill(&cache, 1);
    let [place] = &*server.say::<Vec<String>>(&["KEYS", "*session*"]) else { panic!() };
    let left: u64 = server.say(&["PTTL", place]);
    assert!((1..=60_000).contains(&left), "{left}");
    // Also where Redis does not tell the time.
    server.say::<()>(&["PERSIST", place]);
    let at = |at| block_on(cache.find(session_id(1), at)).unwrap();
    assert!(matches!(at(NOW.plus(MINUTE).minus(MILLISECOND)), Cached::Hit(_)));
    assert!(matches!(at(NOW.plus(MINUTE)), Cached::Miss(None)));
}

#[test]
fn a_session_that_was_too_quiet_or_is_too_old_is_not_found() {
    let server = Server::start();
    let cache = cache(&server.store_with(RedisStore::options().session_entries(60 * MINUTE)));
    fill(&cache, 1);
    let at = |at| block_on(cache.find(session_id(1), at)).unwrap();
    let idle = session(1).idle_expires_at;
    assert!(matches!(at(idle.minus(MILLISECOND)), Cached::Hit(_)));
    assert!(matches!(at(idle), Cached::Miss(None)));
}

#[test]
fn activity_is_seen_at_once() {
    let server = Server::start();
    let (cache, truth) = (cache(&server.store()), Truth::of([session(1)]));
    let load = |at| block_on(truth.load(&cache, session_id(1), at)).unwrap();
    assert_eq!(load(NOW).last_seen_at, NOW);
    assert!(hit(&cache, 1));
    truth.touch(session_id(1), NOW.plus(MINUTE));
    block_on(cache.forget(session_id(1)));
    assert_eq!(load(NOW.plus(MINUTE)).last_seen_at, NOW.plus(MINUTE));
}

#[test]
fn a_closed_session_is_neither_found_nor_filled() {
    let server = Server::start();
    let cache = cache(&server.store());
    fill(&cache, 1);
    let open = ticket(&cache, 2);
    block_on(cache.closing(&[session_id(1), session_id(2)])).unwrap();
    block_on(cache.forget(session_id(1)));
    block_on(cache.fill(open.clone(), session(2), NOW));
    for n in [1, 2] {
        assert!(matches!(block_on(cache.find(session_id(n), NOW)), Ok(Cached::Miss(None))));
    }
    block_on(cache.closed(&[session_id(1), session_id(2)])).unwrap();
    // Nobody fills in what was read before.
    block_on(cache.fill(open, session(2), NOW));
    assert!(!hit(&cache, 2));
    fill(&cache, 1);
    assert!(hit(&cache, 1));
}

#[test]
fn what_came_to_be_there_before_the_commit_is_done_away_with_after_it() {
    let server = Server::start();
    let cache = cache(&server.store());
    block_on(cache.closing(&[session_id(1)])).unwrap();
    // The place is open again too early: its time was over, or all is forgotten.
    server.say::<()>(&["FLUSHALL"]);
    fill(&cache, 1);
    assert!(hit(&cache, 1));
    block_on(cache.closed(&[session_id(1)])).unwrap();
    assert!(!hit(&cache, 1));
}

#[test]
fn whoever_crashes_between_closing_and_closed_costs_only_misses() {
    let server = Server::start();
    let cache = cache(&server.store());
    block_on(cache.closing(&[session_id(1)])).unwrap();
    let [place] = &*server.say::<Vec<String>>(&["KEYS", "*session*"]) else { panic!() };
    let left: u64 = server.say(&["PTTL", place]);
    assert!((1..=60_000).contains(&left), "{left}");
}

#[test]
fn a_flushed_redis_is_filled_anew() {
    let server = Server::start();
    let (cache, truth) = (cache(&server.store()), Truth::of([session(1)]));
    fill(&cache, 1);
    let late = ticket(&cache, 2);
    server.say::<()>(&["FLUSHALL"]);
    block_on(cache.fill(late, session(2), NOW));
    assert!(!hit(&cache, 2) && !hit(&cache, 1));
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_some());
    server.say::<()>(&["FLUSHALL"]);
    block_on(truth.end(&cache, session_id(1))).unwrap();
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_none());
}

#[test]
fn while_redis_is_gone_sessions_are_read_where_the_truth_is_and_none_ends() {
    let mut server = Server::start();
    let (cache, truth) = (cache(&server.store()), Truth::of([session(1)]));
    fill(&cache, 1);
    server.kill();
    for _ in 0..3 {
        assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_some());
        assert!(matches!(block_on(truth.end(&cache, session_id(1))), Err(StoreError::Unavailable(_))));
        assert!(truth.read(session_id(1), NOW).is_some());
    }
    server.restart();
    until(|| block_on(truth.end(&cache, session_id(1))).ok());
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_none());
}

#[test]
fn what_a_redis_finds_in_an_old_file_is_not_found() {
    let mut server = Server::with("--save '' --appendonly no");
    let (cache, truth) = (cache(&server.store()), Truth::of([session(1)]));
    fill(&cache, 1);
    server.say::<()>(&["SAVE"]);
    block_on(truth.end(&cache, session_id(1))).unwrap();
    server.kill();
    server.restart();
    assert_eq!(server.say::<Vec<String>>(&["KEYS", "*session*"]).len(), 1);
    until(|| block_on(cache.find(session_id(1), NOW)).ok());
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_none());
}

#[test]
fn a_redis_that_stands_still_holds_nobody_up() {
    let server = Server::start();
    let store = server.store_with(RedisStore::options().answer_within(Duration::from_millis(50)));
    let (cache, truth) = (cache(&store), Truth::of([session(1)]));
    fill(&cache, 1);
    server.pause();
    for _ in 0..20 {
        assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_some());
        assert!(matches!(block_on(truth.end(&cache, session_id(1))), Err(StoreError::Unavailable(_))));
    }
    server.resume();
    until(|| block_on(truth.end(&cache, session_id(1))).ok());
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_none());
}

#[test]
fn in_a_full_redis_sessions_are_read_and_end_all_the_same() {
    let server = Server::start();
    let (cache, truth) = (cache(&server.store()), Truth::of([session(1), session(2)]));
    fill(&cache, 1);
    let open = ticket(&cache, 2);
    server.say::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(hit(&cache, 1));
    block_on(truth.end(&cache, session_id(1))).unwrap();
    assert!(block_on(truth.load(&cache, session_id(1), NOW)).is_none());
    block_on(cache.closing(&[session_id(2)])).unwrap();
    server.say::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    block_on(cache.fill(open, session(2), NOW));
    assert!(!hit(&cache, 2));
}

#[test]
fn whoever_was_the_first_and_follows_now_answers_no_session() {
    let server = Server::start();
    let cache = cache(&server.store());
    fill(&cache, 1);
    assert!(hit(&cache, 1));
    // Ends are told to the one that took over; what the connection leads to has the session still.
    server.say::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    let found = block_on(cache.find(session_id(1), NOW));
    assert!(matches!(found, Err(StoreError::Unavailable(_))), "{found:?}");
}

#[test]
fn whoever_lacks_the_replicas_that_it_must_have_answers_no_session() {
    let server = Server::start();
    let cache = cache(&server.store());
    fill(&cache, 1);
    server.say::<()>(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let found = block_on(cache.find(session_id(1), NOW));
    assert!(matches!(found, Err(StoreError::Unavailable(_))), "{found:?}");
}
