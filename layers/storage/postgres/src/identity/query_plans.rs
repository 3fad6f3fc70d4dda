//! No read of a request, and no batch of the cleaner, walks a table: asked of PostgreSQL itself, where there is a lot to walk.

use towergate_test_servers::postgres::{Database, PostgresServer};

use super::{
    api_token as at, browser as b, ceremony as y, deletion as d, device as w, email_change as g,
    email_token as e, ending as n, establish as h, factor as f, in_vain as iv, linked_identity as l,
    mail as m, passkey as p, passkey_factor as pf, provider_visit as v, remember as rm,
    replaced_session as r, session as s, session_mark as k, tries as t, user as u,
};
use crate::{
    cleanup::identity as c,
    contract::{block_on, migrate},
    query_plans::{plan, walks},
    store::PostgresStore,
};

/// Tens of thousands of rows of each kind, spread as in a life of some months.
const LIFE: &str = "
    INSERT INTO towergate_users (id, email, password, state, created_at, delete_at)
        SELECT md5('u' || n)::uuid, 'user-' || n || '@example.com', '', 'active', n, CASE WHEN n % 90 = 0 THEN n END
        FROM generate_series(1, 20000) n;
    INSERT INTO towergate_sessions (id, digest, sign_in, user_id, stage, methods, authenticated_at, created_at,
        last_seen_at, idle_expires_at, absolute_expires_at, remembered)
        SELECT md5('s' || n)::uuid, sha256(n::text::bytea), md5('i' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, 'complete',
               '[]', n, n, n, n, n, md5('f' || n)::uuid FROM generate_series(1, 40000) n;
    INSERT INTO towergate_session_values SELECT md5('s' || n)::uuid, 'a', '' FROM generate_series(1, 40000) n;
    INSERT INTO towergate_replaced_sessions
        SELECT md5('p' || n)::uuid, sha256(n::text::bytea), md5('i' || n)::uuid, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_tries SELECT 'password', sha256(n::text::bytea), 1, 1, n FROM generate_series(1, 20000) n;
    INSERT INTO towergate_tries SELECT 'totp', uuid_send(md5('u' || n)::uuid), 1, 1, n FROM generate_series(1, 20000) n;
    INSERT INTO towergate_remembered
        (id, digest, user_id, sign_in, methods, proven_at, created_at, last_seen_at, expires_at)
        SELECT md5('f' || n)::uuid, sha256(n::text::bytea), md5('u' || n % 20000 + 1)::uuid, md5('i' || n)::uuid, '[]', n, n,
               n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_browsers (id, user_id, digest, first_seen_at, last_seen_at)
        SELECT md5('b' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, sha256(n::text::bytea), n, n
        FROM generate_series(1, 40000) n;
    INSERT INTO towergate_totp SELECT md5('u' || n)::uuid, '', n, n FROM generate_series(1, 20000) n;
    INSERT INTO towergate_backup_codes SELECT md5('u' || n)::uuid, sha256(c::text::bytea), n
        FROM generate_series(1, 5000) n, generate_series(1, 10) c;
    INSERT INTO towergate_email_tokens
        SELECT md5('e' || n)::uuid, sha256(n::text::bytea), sha256(n::text::bytea), NULL, md5('u' || n % 20000 + 1)::uuid,
               'user-' || n || '@example.com', CASE WHEN n % 9 = 0 THEN 'undo_email_change' ELSE 'confirm' END, NULL, n, n, 0,
               CASE WHEN n % 9 = 0 THEN 'open' ELSE 'spent' END FROM generate_series(1, 40000) n;
    INSERT INTO towergate_email_tokens_in_vain
        SELECT md5('e' || n)::uuid, sha256(n::text::bytea), sha256(n::text::bytea), NULL, md5('n' || n % 20000 + 1)::uuid,
               '', 'confirm', NULL, n, n, 0, 'open' FROM generate_series(1, 40000) n;
    INSERT INTO towergate_mails_in_vain
        SELECT md5('m' || n)::uuid, md5('n' || n % 20000 + 1)::uuid, 'confirm', '', '', n, n, 0, 0, n
        FROM generate_series(1, 40000) n;
    INSERT INTO towergate_mails
        SELECT md5('m' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, 'confirm', 'example.com',
               CASE WHEN n % 9 < 2 THEN ''::bytea END, n, n, 0, 0, CASE WHEN n % 9 = 0 THEN n END,
               CASE WHEN n % 9 > 1 THEN n END, CASE WHEN n % 9 = 1 THEN n END, CASE WHEN n % 9 = 1 THEN 'refused' END FROM generate_series(1, 40000) n;
    INSERT INTO towergate_passkeys
        SELECT md5('k' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, sha256(n::text::bytea), 'a', '{}', 0, md5('a')::uuid, '',
               true, true, true, n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_passkey_factors SELECT md5('u' || n)::uuid, n FROM generate_series(1, 20000) n;
    INSERT INTO towergate_passkey_ceremonies
        SELECT md5('c' || n)::uuid, sha256(n::text::bytea), CASE WHEN n % 2 = 0 THEN 'sign_in' ELSE 'register' END,
               CASE WHEN n % 2 = 1 THEN md5('u' || n % 20000 + 1)::uuid END,
               CASE WHEN n % 2 = 1 THEN md5('s' || n)::uuid END, '{}', n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_linked_identities
        SELECT md5('l' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, 'example', 'https://issuer.example', 'subject-' || n, '',
               NULL, n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_provider_visits
        SELECT md5('v' || n)::uuid, sha256(n::text::bytea), sha256(n::text::bytea), 'example', NULL, NULL, false, '/', n, n
        FROM generate_series(1, 30000) n;
    INSERT INTO towergate_api_tokens
        SELECT md5('t' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, 'a', '[]', n, n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_audit_events
        (at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, details)
        SELECT n, md5('r' || n)::uuid, 'session.created', 'succeeded', 'user', md5('u' || n % 20000 + 1), 'user',
               md5('u' || n % 20000 + 1), '{}' FROM generate_series(1, 60000) n;
    ANALYZE;";

const ID: &str = "md5('u7')::uuid";

const IDS: &str = "ARRAY[md5('c7')::uuid, md5('c8')::uuid]";

const DIGEST: &str = "sha256('7')";

const EMAIL: &str = "'user-7@example.com'";

/// Before most of what there is.
const SOON: &str = "99";
const FAR: &str = "9000000000000";

const BATCH: &str = "500";

/// Each statement, and what it may be asked with.
const ASKED: &[(&str, &[&str])] = &[
    (u::FIND, &[ID]),
    (u::LOCK, &[ID]),
    (u::FIND_BY_EMAIL, &[EMAIL]),
    (u::MAY_PROVE, &[ID, EMAIL]),
    (u::DUE, &[SOON, BATCH]),
    (u::MOVE, &[ID, EMAIL, "1"]),
    (s::LOAD, &[ID, "1"]),
    (s::LOCK, &[ID]),
    (s::LOCK_OWNER, &[ID]),
    (s::OF_USER, &[ID, "1"]),
    (s::TOUCH, &[ID, "1", "1"]),
    (s::IS_SIGN_IN_ALIVE, &[ID, "1"]),
    (s::VALUE, &[ID, "'a'", "1"]),
    (h::MOVE_VALUES, &[ID, ID]),
    (r::FIND, &[ID, "1"]),
    (n::END, &[ID]),
    (n::END_OF_SIGN_IN, &[ID]),
    (n::END_OF_FAMILY, &[ID]),
    (n::END_OF_USER, &[ID, "NULL"]),
    (n::FAMILIES_OF_SIGN_IN, &[ID]),
    (n::FORGET, &[ID]),
    (n::FORGET_OF_USER, &[ID, "NULL"]),
    (k::FIND, &[ID]),
    (k::DEVICES_OF, &[ID, "1"]),
    (k::OF_FAMILY, &[ID, "1"]),
    (k::COUNTED_OF, &[ID, "1", "NULL", "NULL"]),
    (w::OWNER, &[ID, ID]),
    (b::FIND, &[ID, DIGEST]),
    (b::GET, &[ID]),
    (b::TRUSTED_OF, &[ID, "1"]),
    (b::HAS_ANY, &[ID]),
    (b::IS_SHARED, &[DIGEST]),
    (b::RENEW_COOKIE, &[DIGEST, DIGEST]),
    (b::DISTRUST_ONE, &[ID, ID, "1"]),
    (b::DISTRUST, &[ID]),
    (b::FORGET, &[ID]),
    (rm::FIND, &[ID]),
    (rm::LOCK_OWNER, &[ID]),
    (rm::OF_USER, &[ID, "1"]),
    (t::FIND, &["'totp'", "uuid_send(md5('u7')::uuid)"]),
    (t::FORGET, &["'totp'", "uuid_send(md5('u7')::uuid)"]),
    (f::FIND, &[ID]),
    (f::SPEND, &[ID, "1"]),
    (f::SPEND_CODE, &[ID, DIGEST]),
    (f::CODES_LEFT, &[ID]),
    (f::FORGET_CODES_SINCE, &[ID, "1"]),
    (e::FIND, &[ID]),
    (e::LOCK, &[ID]),
    (e::OPEN_OF, &[ID, "'confirm'", "1"]),
    (e::REPLACE, &[ID, "'confirm'"]),
    (e::CLOSE, &[ID]),
    (e::SPEND, &[ID]),
    (e::TRIED, &[ID]),
    (e::FORGET_TOTP, &[ID]),
    (e::FORGET_CODES, &[ID]),
    (g::ASKED_SINCE, &[ID, "'change_email'", "1"]),
    (g::CANCEL, &[ID, "1"]),
    (g::KEEPERS, &[EMAIL, "1"]),
    (g::NEWEST_UNDO, &[ID]),
    (g::CLOSE_UNDOS_SINCE, &[ID, "1"]),
    (g::FORGET_PASSKEYS_SINCE, &[ID, "1"]),
    (g::FORGET_LINKED_SINCE, &[ID, "1"]),
    (g::FORGET_BROWSERS_SINCE, &[ID, "1"]),
    (iv::REPLACE, &[ID, "'confirm'"]),
    (iv::WRITTEN_SINCE, &[ID, "'confirm'", "1"]),
    (m::WRITTEN_SINCE, &[ID, "'confirm'", "1"]),
    (m::DUE, &[SOON, "ARRAY['slow.example']"]),
    (m::TAKE, &[SOON, "1", "16", "ARRAY['slow.example']"]),
    (m::FINISH, &[ID, "1", "NULL", "1", "NULL", "NULL"]),
    (m::DEAD, &["100"]),
    (m::BACKLOG, &[]),
    (m::DEAD_ONE, &[ID]),
    (m::REPLAY, &[ID, "1"]),
    (y::TAKE, &[ID]),
    (y::OF_SESSION, &[ID, "29900"]),
    (y::OF_BROWSER, &[DIGEST, "29900"]),
    (y::STRANGERS, &["29900", "10000"]),
    (y::FORGET, &[IDS]),
    (y::FORGET_OF, &[ID]),
    (p::FIND, &[ID]),
    (p::LOCK, &[ID]),
    (p::FIND_BY_CREDENTIAL, &[DIGEST]),
    (p::OF_USER, &[ID]),
    (p::COUNT_OF, &[ID]),
    (p::USE, &[ID, "1", "true", "true", "1"]),
    (p::RENAME, &[ID, ID, "''"]),
    (p::FORGET_OF, &[ID]),
    (pf::IS_ON, &[ID]),
    (pf::IS_ON_SINCE, &[ID, "1"]),
    (pf::SWITCH_OFF, &[ID]),
    (l::FIND, &[ID]),
    (l::FIND_BY_ACCOUNT, &["'https://issuer.example'", "'subject-7'"]),
    (l::OF_USER, &[ID]),
    (l::USE, &[ID, "''", "NULL", "1"]),
    (l::FORGET_OF, &[ID]),
    (v::TAKE, &[ID]),
    (v::OF_BROWSER, &[DIGEST, "29900"]),
    (v::WAITING, &["29900", "10000"]),
    (v::FORGET, &[IDS]),
    (at::FIND, &[ID]),
    (at::LOCK, &[ID]),
    (at::OF_USER, &[ID]),
    (at::COUNT_OF, &[ID, "1"]),
    (at::USE, &[ID, "1"]),
    (at::END, &[ID, ID]),
    (at::END_OF_USER, &[ID]),
    (d::OF_USER, &[ID]),
    (d::SET, &[ID, "1"]),
    (d::CLOSE, &[ID, "1"]),
    (d::ANONYMISE, &[ID, EMAIL]),
    (d::ERASE, &[ID]),
    (d::KILL_TOKENS, &[ID]),
    (c::SESSIONS, &[SOON, BATCH]),
    (c::REPLACED_SESSIONS, &[SOON, BATCH]),
    (c::TRIES_OF_NOBODY, &[SOON, BATCH]),
    (c::EMAIL_TOKENS, &[SOON, BATCH]),
    (c::EMAIL_TOKENS_IN_VAIN, &[SOON, BATCH]),
    (c::MAILS_IN_VAIN, &[SOON, BATCH]),
    (c::PASSKEY_CEREMONIES, &[SOON, BATCH]),
    (c::API_TOKENS, &[SOON, BATCH]),
    (c::PROVIDER_VISITS, &[SOON, BATCH]),
    (c::REMEMBERED, &[SOON, BATCH]),
    (c::BROWSERS, &[SOON, BATCH]),
    (c::MAILS, &[SOON, BATCH]),
    (c::DEAD_MAILS, &[SOON, BATCH]),
    (c::STRAY_MAILS, &[SOON, FAR, BATCH]),
];

fn a_life() -> Database<'static> {
    let database = PostgresServer::shared().database_like("towergate", migrate);
    database.ask(&format!("SET search_path TO towergate; {LIFE}"));
    database
}

#[test]
fn signing_in_uses_an_index() {
    let database = a_life();
    let seen = plan(&database, "SELECT 1 FROM towergate_users WHERE created_at = $1", &["1"]);
    assert_eq!(walks(&seen).len(), 1, "the test sees a walk: {seen}");
    let forgotten = d::FORGET.iter().map(|sql| (*sql, [ID].as_slice()));
    let shown = [&**w::BY_ACTOR, &**w::UPON_TARGET];
    let shown = shown.map(|sql| (sql, ["md5('u7')", "60000", "20"].as_slice()));
    for (sql, with) in ASKED.iter().copied().chain(forgotten).chain(shown) {
        let plan = plan(&database, sql, with);
        assert!(plan.contains("(cost="), "{sql}: {plan}");
        assert!(walks(&plan).is_empty(), "{sql}: {plan}");
    }
}

#[test]
fn what_signing_in_leaves_behind_goes_when_it_is_old() {
    use towergate_core::{Timestamp, clock::KEPT_PAST_END};
    let database = a_life();
    let store = block_on(PostgresStore::connect(&database.url())).unwrap();
    let cleaned = block_on(store.cleanup(Timestamp::from_unix_millis(1_500).plus(KEPT_PAST_END))).unwrap();
    let short = [
        cleaned.sessions,
        cleaned.replaced_sessions,
        cleaned.email_tokens,
        cleaned.passkey_ceremonies,
        cleaned.api_tokens,
        cleaned.provider_visits,
        cleaned.remembered,
        cleaned.in_vain / 2,
    ];
    assert_eq!(short, [1_500; 8]);
    assert_eq!([cleaned.tries, cleaned.browsers, cleaned.mails], [0; 3], "these are remembered for longer");
    let season = Timestamp::from_unix_millis(90 * 24 * 3_600_000 + 30_000);
    let cleaned = block_on(store.cleanup(season.plus(KEPT_PAST_END))).unwrap();
    assert_eq!(cleaned.tries, 20_000, "those of nobody, and none of a person");
    assert_eq!(cleaned.browsers, 20_000, "all that are old but the one in which somebody was last");
    assert_eq!((cleaned.mails, cleaned.dead_letters), (31_111, 4_445), "those that are finished or given up");
}
