//! An operator ends sessions (ASVS 7.4.5).

use std::time::Duration;

use towergate::{
    core::{
        Secret,
        audit::chain::SealStore,
        mac::MacKey,
        system::OsRandom,
        token::{OpaqueToken, Prefix},
    },
    identity::{
        ports::{SessionStore, UserStore, session::Establishment, visit::Visit},
        rules::{
            email::EmailAddress,
            fact::SessionEnd,
            login_proof::Method,
            session::{SessionId, SessionRecord, SessionStage, SignInId},
            user::{User, UserId},
        },
    },
    postgres::PostgresStore,
    redis::RedisStore,
};
use towergate_test_servers::redis::RedisServer;

use super::{
    place::{Place, now, origin, postgres, run, sqlite},
    told, towergate,
};

/// Two people, each signed in twice.
fn two_people<S: UserStore + SessionStore>(store: &S) -> Vec<(UserId, SessionId)> {
    let mut people = Vec::new();
    for email in ["alice@example.com", "bob@example.com"] {
        let email = EmailAddress::parse(email).unwrap();
        let user = User::fresh(email, "no hash".into(), now(), &OsRandom::new()).unwrap();
        let id = user.id;
        run(store.add_user(user, origin())).unwrap();
        sign_in(store, id);
        people.push((id, sign_in(store, id)));
    }
    people
}

fn sign_in<S: SessionStore>(store: &S, user: UserId) -> SessionId {
    let now = now();
    let token = OpaqueToken::mint(Prefix::new("tgs"), now, &OsRandom::new()).unwrap();
    let later = now.plus(Duration::from_secs(3600));
    let session = SessionRecord {
        id: SessionId::from_uuid(token.id()),
        digest: token.digest(),
        sign_in: SignInId::fresh(now, &OsRandom::new()).unwrap(),
        user,
        stage: SessionStage::Complete,
        methods: [Method::Password].into(),
        passkey: None,
        authenticated_at: now,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: later,
        absolute_expires_at: later,
    };
    let id = session.id;
    let visit = Visit::default();
    let begun = Establishment { session, replaces: None, is_login: true, rests_on_replaced: false, visit };
    run(store.establish_session(begun, origin())).unwrap();
    id
}

fn an_operator_ends_sessions<S: UserStore + SessionStore + SealStore, K>(place: &Place<S, K>) {
    let Place { store, database, .. } = place;
    let people = two_people(store);
    let living = |at: usize| run(store.sessions_of(people[at].0, now())).unwrap().len();
    assert_eq!((living(0), living(1)), (2, 2));
    let end = |words: &[&str]| {
        let output = towergate(&[&["sessions", "end", "--database", database], words].concat());
        (told(&output), output.status.success())
    };
    let (text, done) = end(&["--user", "carol@example.com"]);
    assert!(!done && text.contains("nobody has the address"), "{text}");
    assert_eq!(end(&["--user", "Bob@example.com"]), ("sessions ended: 2, of people: 1\n".into(), true));
    assert_eq!((living(0), living(1)), (2, 0));
    assert_eq!(end(&["--all"]), ("sessions ended: 2, of people: 1\n".into(), true));
    assert_eq!((living(0), living(1)), (0, 0));
    let events = run(store.events_after(0, 100)).unwrap();
    let reasons: Vec<_> = events.into_iter().filter_map(|event| event.reason).collect();
    assert_eq!(reasons, ["revoked_by_operator"; 4]);
    assert!(!end(&[]).1);
}

#[test]
fn an_operator_ends_sessions_of_a_sqlite_database() {
    an_operator_ends_sessions(&sqlite());
    let missing = towergate(&["sessions", "end", "--all", "--database", "/nowhere.db"]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"), "{missing:?}");
    assert!(!towergate(&["sessions", "end", "--all"]).status.success());
}

#[test]
fn an_operator_ends_sessions_of_a_postgresql_database() {
    an_operator_ends_sessions(&postgres());
}

#[test]
fn an_operator_hears_that_a_redis_was_not_told() {
    let warned = |database: &str| {
        let output = towergate(&["sessions", "end", "--all", "--database", database]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap().contains("--redis")
    };
    assert!(warned(&postgres().database));
    assert!(!warned(&sqlite().database), "no Redis stands beside a file");
}

/// What Redis answers sessions from is told too, without the key that it is sealed under.
#[test]
fn an_operator_ends_sessions_that_redis_answers() {
    let (place, server) = (postgres(), RedisServer::shared());
    let (redis, prefix) = (server.url(), server.prefix());
    let store = run(async {
        let redis = RedisStore::options().prefix(&prefix).connect(&redis).await.unwrap();
        let key = MacKey::derive(&Secret::new([9; 32]), "cached sessions").unwrap();
        PostgresStore::options()
            .session_cache(redis.session_cache(key))
            .connect(&place.database)
            .await
            .unwrap()
    });
    let people = two_people(&store);
    let found = |at: usize| run(store.load_session(people[at].1, now())).unwrap().is_some();
    assert!(found(0) && found(1));
    // Behind the back of Redis, which is why it must be told.
    run(place.store.end_sessions_of(people[0].0, None, SessionEnd::Logout, origin())).unwrap();
    assert!(found(0), "the test sees what is answered from Redis");
    let output = towergate(&[
        "sessions",
        "end",
        "--all",
        "--database",
        &place.database,
        "--redis",
        &redis,
        "--redis-prefix",
        &prefix,
    ]);
    assert_eq!(told(&output), "sessions ended: 2, of people: 1\n");
    assert!(output.stderr.is_empty(), "{output:?}");
    assert!(!found(1));
}
