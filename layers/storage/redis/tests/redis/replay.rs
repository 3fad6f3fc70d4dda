//! Marks of what was shown once.

use std::{net::TcpListener, sync::Arc, time::Duration};

use towergate_core::{
    StoreError, Timestamp,
    contract::{MILLISECOND, NOW, many, origin},
};
use towergate_oauth::{
    ports::{
        memory::MemoryStore,
        replay::{Remembering, ReplayStore},
    },
    rules::single_use::{LONGEST, SingleUse, SingleUseKind},
};
use towergate_redis::{OpenError, RedisReplay, RedisStore};

use crate::house::{Server, block_on, until};

const WINDOW: Duration = Duration::from_secs(60);
const CLOCKS: Duration = Duration::from_secs(600);

type Replay = RedisReplay<MemoryStore>;

fn once(n: u32, until: Timestamp) -> SingleUse {
    SingleUse::new(SingleUseKind::ClientAssertion, "app", &n.to_string(), until)
}

fn remember(replay: &Replay, n: u32, at: Timestamp) -> Result<Remembering, StoreError> {
    block_on(replay.remember_once(once(n, NOW.plus(WINDOW)), origin(at)))
}

fn is_away(answer: &Result<Remembering, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

/// A server, and marks in it by the births of `births`.
fn marked(births: &MemoryStore) -> (Server, Replay) {
    let server = Server::start();
    let replay = server.store().replay_marks(births.clone());
    (server, replay)
}

#[test]
fn an_identifier_counts_once_from_the_first_start_on() {
    let births = MemoryStore::new();
    let (server, replay) = marked(&births);
    let other = server.store().replay_marks(births);
    for n in [1, 2] {
        assert_eq!(remember(&replay, n, NOW).unwrap(), Remembering::First);
        assert_eq!(remember(&replay, n, NOW).unwrap(), Remembering::Seen);
        assert_eq!(remember(&other, n, NOW).unwrap(), Remembering::Seen);
    }
    let others = SingleUse::new(SingleUseKind::ClientAssertion, "other", "1", NOW.plus(WINDOW));
    assert_eq!(block_on(replay.remember_once(others, origin(NOW))).unwrap(), Remembering::First);
}

#[test]
fn an_identifier_is_remembered_until_its_end() {
    let (_server, replay) = marked(&MemoryStore::new());
    let end = NOW.plus(WINDOW);
    let _ = remember(&replay, 1, NOW).unwrap();
    for claimed in [NOW.plus(MILLISECOND), end.plus(WINDOW)] {
        let again = block_on(replay.remember_once(once(1, claimed), origin(NOW))).unwrap();
        assert_eq!(again, Remembering::Seen);
    }
    assert_eq!(remember(&replay, 1, end.minus(MILLISECOND)).unwrap(), Remembering::Seen);
    let again = block_on(replay.remember_once(once(1, end.plus(WINDOW)), origin(end))).unwrap();
    assert_eq!(again, Remembering::First);
}

#[test]
fn parallel_repetitions_leave_one_first() {
    let births = MemoryStore::new();
    let (server, _) = marked(&births);
    let replays: Vec<_> = (0..8).map(|_| server.store().replay_marks(births.clone())).collect();
    let answers = many(&replays, 64, &|task| block_on(task), |replays, n| async move {
        let replay = &replays[usize::try_from(n % 8).unwrap()];
        replay.remember_once(once(1, NOW.plus(WINDOW)), origin(NOW)).await.unwrap()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Remembering::First).count(), 1);
}

#[test]
fn a_mark_outlives_its_time_by_whatever_clocks_may_differ() {
    let births = MemoryStore::new();
    let (server, replay) = marked(&births);
    // Whoever is ahead marks it, and whoever is behind sees it still.
    let _ = remember(&replay, 1, NOW.plus(CLOCKS)).unwrap();
    assert_eq!(remember(&replay, 1, NOW).unwrap(), Remembering::Seen);
    let _ = remember(&replay, 2, NOW).unwrap();
    let mut left: Vec<i64> = Vec::new();
    for key in server.say::<Vec<String>>(&["KEYS", "towergate:once:*"]) {
        left.push(server.say(&["PTTL", &key]));
    }
    left.sort_unstable();
    let [ahead, even] = *left else { panic!("{left:?}") };
    assert!((1_190_000..=1_200_000).contains(&ahead), "{ahead}");
    assert!((1_250_000..=1_260_000).contains(&even), "{even}");
}

#[test]
fn a_flushed_redis_marks_nothing_until_all_that_it_forgot_is_over() {
    let births = MemoryStore::new();
    let (server, replay) = marked(&births);
    let fresh = || server.store().replay_marks(births.clone());
    let _ = remember(&replay, 1, NOW).unwrap();
    server.say::<()>(&["FLUSHALL"]);
    let trusted = NOW.plus(LONGEST).plus(2 * CLOCKS);
    for at in [NOW, NOW.plus(WINDOW), trusted.minus(MILLISECOND)] {
        for replay in [&replay, &fresh()] {
            assert!(is_away(&remember(replay, 1, at)));
            assert!(is_away(&remember(replay, 2, at)));
        }
    }
    assert!(server.say::<Vec<String>>(&["KEYS", "*once*"]).is_empty());
    for replay in [&replay, &fresh()] {
        assert!(remember(replay, 1, trusted).is_ok());
        let late = block_on(replay.remember_once(once(2, trusted.plus(WINDOW)), origin(trusted)));
        assert!(late.is_ok());
    }
    // Another flush is another birth.
    server.say::<()>(&["FLUSHALL"]);
    assert!(is_away(&remember(&replay, 1, trusted)));
}

#[test]
fn a_birth_that_nobody_can_judge_is_not_trusted() {
    let births = MemoryStore::new();
    let (_server, replay) = marked(&births);
    births.set_unavailable(true);
    assert!(is_away(&remember(&replay, 1, NOW)));
    births.set_unavailable(false);
    assert_eq!(remember(&replay, 1, NOW).unwrap(), Remembering::First);
    // It was met; nobody need be asked again.
    births.set_unavailable(true);
    assert_eq!(remember(&replay, 1, NOW).unwrap(), Remembering::Seen);
}

/// Kills a server that keeps its data on disk after a mark, starts it again, and tells what becomes of the mark.
fn restarted(arguments: &str, store: impl Fn(&Server) -> RedisStore) -> Result<Remembering, StoreError> {
    let births = MemoryStore::new();
    let mut server = Server::with(arguments);
    let replay = store(&server).replay_marks(births);
    let _ = remember(&replay, 1, NOW).unwrap();
    server.kill();
    assert!(is_away(&remember(&replay, 1, NOW)));
    server.restart();
    assert_eq!(server.say::<i64>(&["EXISTS", "towergate:birth"]), 1);
    // Away, until the connection is there again.
    until(|| {
        let answer = remember(&replay, 1, NOW);
        let is_judged =
            answer.as_ref().map_or_else(|error| error.to_string().contains("forgotten"), |_| true);
        is_judged.then_some(answer)
    })
}

const ON_DISK: &str = "--save '' --appendonly yes --appendfsync always";

#[test]
fn a_redis_that_was_started_again_may_have_forgotten_something() {
    assert!(is_away(&restarted(ON_DISK, Server::store)));
}

#[test]
fn a_redis_that_keeps_all_remembers_when_it_was_started_again() {
    let again = restarted(ON_DISK, |server| server.store_with(RedisStore::options().keeps_all()));
    assert_eq!(again.unwrap(), Remembering::Seen);
    let trusting =
        restarted(ON_DISK, |server| server.store_with(RedisStore::options().danger_trust_restarts()));
    assert_eq!(trusting.unwrap(), Remembering::Seen);
}

#[test]
fn whoever_does_not_keep_all_is_not_opened_as_if_it_did() {
    let keeps_all = || RedisStore::options().keeps_all();
    for arguments in ["--save '' --appendonly no", "--save '' --appendonly yes --appendfsync everysec"] {
        let server = Server::with(arguments);
        let refused = block_on(keeps_all().connect(&server.url()));
        assert!(matches!(refused, Err(OpenError::Forgets)), "{refused:?}");
    }
}

#[test]
fn a_redis_that_forgets_when_it_is_full_is_not_opened() {
    let server = Server::with("--save '' --maxmemory 100mb --maxmemory-policy volatile-ttl");
    let refused = block_on(RedisStore::connect(&server.url()));
    assert!(matches!(refused, Err(OpenError::Evicts(policy)) if policy == "volatile-ttl"));
    server.say::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert!(block_on(RedisStore::connect(&server.url())).is_ok());
}

#[test]
fn a_full_redis_lets_nothing_through() {
    let (server, replay) = marked(&MemoryStore::new());
    let _ = remember(&replay, 1, NOW).unwrap();
    server.say::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(is_away(&remember(&replay, 2, NOW)));
    assert_eq!(remember(&replay, 1, NOW).unwrap(), Remembering::Seen);
}

#[test]
fn a_redis_that_stands_still_holds_nobody_up_and_forgets_nothing() {
    let server = Server::start();
    let store = server.store_with(RedisStore::options().answer_within(Duration::from_millis(50)));
    let replay = store.replay_marks(MemoryStore::new());
    let _ = remember(&replay, 1, NOW).unwrap();
    server.pause();
    for _ in 0..20 {
        assert!(is_away(&remember(&replay, 1, NOW)));
    }
    server.resume();
    assert_eq!(until(|| remember(&replay, 1, NOW).ok()), Remembering::Seen);
}

/// A server that replicas can reach.
fn leader() -> (Server, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server =
        Server::with(&format!("--save '' --bind 127.0.0.1 --port {port} --repl-diskless-sync-delay 0"));
    (server, port.to_string())
}

fn follower(port: &str) -> Server {
    let replica = Server::with(&format!("--save '' --replicaof 127.0.0.1 {port}"));
    until(|| replica.say::<String>(&["INFO", "replication"]).contains("master_link_status:up").then_some(()));
    replica
}

#[test]
fn a_mark_that_no_replica_has_does_not_count() {
    let (leader, port) = leader();
    let mut replica = follower(&port);
    // Longer than a busy machine keeps a replica from answering; whoever waits for one that is gone waits as long.
    let options = RedisStore::options().wait_replicas(1, Duration::from_secs(5));
    let replay = leader.store_with(options).replay_marks(MemoryStore::new());
    // The replica tells how far it is once it is asked.
    let _ = until(|| remember(&replay, 1, NOW).ok());
    assert_eq!(remember(&replay, 2, NOW).unwrap(), Remembering::First);
    assert_eq!(replica.say::<Vec<String>>(&["KEYS", "*once*"]).len(), 2);
    replica.kill();
    assert!(is_away(&remember(&replay, 3, NOW)));
}

#[test]
fn a_replica_is_not_written_to_and_not_trusted_when_it_takes_over() {
    let (leader, port) = leader();
    let births = MemoryStore::new();
    let replay = leader.store().replay_marks(births.clone());
    let _ = remember(&replay, 1, NOW).unwrap();
    let replica = follower(&port);
    assert_eq!(replica.say::<i64>(&["EXISTS", "towergate:birth"]), 1);
    let refused = block_on(RedisStore::connect(&replica.url()));
    assert!(matches!(refused, Err(OpenError::Replica(_))), "{refused:?}");
    replica.say::<()>(&["REPLICAOF", "NO", "ONE"]);
    let taken_over = replica.store().replay_marks(births);
    assert!(is_away(&remember(&taken_over, 2, NOW)));
    // Whoever was the first and follows now is not written to any more, nor read from.
    leader.say::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(is_away(&remember(&replay, 3, NOW)));
    assert!(is_away(&remember(&replay, 1, NOW)));
}

#[test]
fn a_mark_that_the_house_did_not_write_is_corrupt() {
    let (server, replay) = marked(&MemoryStore::new());
    let _ = remember(&replay, 1, NOW).unwrap();
    let [key] = &*server.say::<Vec<String>>(&["KEYS", "*once*"]) else { panic!("not one") };
    server.say::<()>(&["SET", key, "nonsense"]);
    assert!(matches!(remember(&replay, 1, NOW), Err(StoreError::Corrupt { .. })));
}

#[test]
fn a_store_is_shared_by_whoever_clones_it() {
    let (_server, replay) = marked(&MemoryStore::new());
    let replay = Arc::new(replay);
    let _ = remember(&Replay::clone(&replay), 1, NOW).unwrap();
    assert_eq!(remember(&replay, 1, NOW).unwrap(), Remembering::Seen);
}
