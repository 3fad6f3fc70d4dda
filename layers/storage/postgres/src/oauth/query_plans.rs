//! No read of a request, and no batch of the cleaner, walks a table: asked of PostgreSQL itself, where there is a lot to walk.

use towergate_test_servers::postgres::PostgresServer;

use crate::{
    cleanup::oauth as c,
    contract::migrate,
    oauth as o,
    query_plans::{plan, walks},
};

/// Tens of thousands of rows of each kind, spread as in a life of some months.
const LIFE: &str = "
    INSERT INTO towergate_clients (id, state, registration_access_token, document_ends_at, metadata)
        SELECT 'client-' || n, 'active', CASE WHEN n % 90 = 0 THEN sha256(n::text::bytea) END,
               CASE WHEN n % 90 = 1 THEN n END, '{}' FROM generate_series(1, 20000) n;
    INSERT INTO towergate_unused_clients SELECT 'client-' || n, n FROM generate_series(3, 20000, 3) n;
    INSERT INTO towergate_grants
        (id, client, subject, scope, audience, auth_time, amr, sid, created_at, offline, revoked_at, claims)
        SELECT md5('g' || n)::uuid, 'client-' || n % 20000, 'subject-' || n % 30000, 'openid', '[]', n, '[]',
               'sid-' || n % 50000, n, n % 7 = 0, CASE WHEN n % 5 = 0 THEN n END, '{}' FROM generate_series(1, 30000) n;
    INSERT INTO towergate_codes (id, digest, grant_id, redirect_uri, redirect_uri_was_sent, expires_at, spent_at)
        SELECT md5('c' || n)::uuid, sha256(n::text::bytea), md5('g' || n)::uuid, 'https://app.example/', true, n,
               CASE WHEN n % 9 <> 0 THEN n END FROM generate_series(1, 30000) n;
    INSERT INTO towergate_access_tokens (id, grant_id, client, subject, scope, audience, issued_at, expires_at)
        SELECT md5('a' || n)::uuid, CASE WHEN n % 4 > 0 THEN md5('g' || n)::uuid END, 'client-' || n % 20000,
               'subject-' || n % 30000, 'openid', '[]', n, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_refresh_tokens
        (id, digest, grant_id, generation, issued_at, expires_at, absolute_expires_at, successor)
        SELECT md5('r' || n)::uuid, sha256(n::text::bytea), md5('g' || n)::uuid, 0, n, n, n, md5('r' || n + 1)::uuid
        FROM generate_series(1, 30000) n;
    INSERT INTO towergate_ended_sign_ins SELECT 'sid-' || n, n FROM generate_series(1, 50000) n;
    INSERT INTO towergate_consents (subject, client, scope, claims, resource, given_at)
        SELECT 'subject-' || n % 30000, 'client-' || n % 20000, 'openid', '[]', '[]', n FROM generate_series(1, 60000) n
        ON CONFLICT DO NOTHING;
    INSERT INTO towergate_interactions (id, browser, request, created_at, expires_at, state)
        SELECT md5('i' || n)::uuid, sha256(n::text::bytea), json_build_object('client_id', 'client-' || n % 20000)::text, n,
               n, CASE WHEN n % 3 = 0 THEN 'open' ELSE 'approved' END FROM generate_series(1, 30000) n;
    UPDATE towergate_interactions SET pushed = md5('p' || expires_at)::uuid WHERE expires_at % 4 = 0;
    INSERT INTO towergate_pushed_requests
        SELECT md5('p' || n)::uuid, sha256(n::text::bytea), '{}', n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_interaction_room (minute, shard, taken) SELECT n, s, 1
        FROM generate_series(1, 2000) n, generate_series(0, 15) s;
    INSERT INTO towergate_pushed_room (client, minute, shard, taken) SELECT 'client-' || n % 1000, n, s, 1
        FROM generate_series(1, 2000) n, generate_series(0, 15) s;
    INSERT INTO towergate_sign_in_clients
        SELECT 'sid-' || n, 'client-' || n % 20000, 'subject-' || n % 30000, n FROM generate_series(1, 30000) n;
    INSERT INTO towergate_logout_notices (sid, client, host, subject, ended_at, attempt, forgiven, due_at, finished_at, died_at, reason)
        SELECT 'sid-' || n, 'client-' || n % 20000, 'host-' || n % 100, 'subject-' || n % 30000, n, 1, 0,
               CASE WHEN n % 50 = 0 THEN n END, CASE WHEN n % 50 > 1 THEN n END, CASE WHEN n % 50 = 1 THEN n END,
               CASE WHEN n % 50 = 1 THEN 'status' END FROM generate_series(1, 30000) n;
    INSERT INTO towergate_keys SELECT 'kid-' || n, 'ES256', '', '{}', 'retired', n, n FROM generate_series(1, 20000) n;
    INSERT INTO towergate_keys VALUES ('now', 'ES256', '', '{}', 'active', 1, 1);
    INSERT INTO towergate_single_use SELECT 'client_assertion', sha256(n::text::bytea), n FROM generate_series(1, 30000) n;
    ANALYZE;";

const ID: &str = "md5('a7')::uuid";

const SID: &str = "'sid-7'";

const SIDS: &str = "ARRAY['sid-7', 'sid-8']";

const SUBJECT: &str = "'subject-7'";

const CLIENT: &str = "'client-7'";

const CLIENTS: &str = "ARRAY['client-7']";

const IDS: &str = "ARRAY[md5('g7')::uuid, md5('g8')::uuid]";

const SOON: &str = "99";
const FAR: &str = "9000000000000";

const BATCH: &str = "500";

/// Each statement, and what it may be asked with.
const ASKED: &[(&str, &[&str])] = &[
    (o::access_token::FIND, &[ID]),
    (o::access_token::LOCK, &[ID]),
    (o::access_token::REVOKE, &["1", ID]),
    (o::access_token::REVOKE_OWN, &["1", CLIENT]),
    (o::client::FIND, &[CLIENT]),
    (o::client::LOCK, &[CLIENT]),
    (o::client::AFTER, &[CLIENT, BATCH]),
    (o::client::MAY_ACT, &[CLIENT]),
    (o::client::MANAGED_BY, &[CLIENT]),
    (o::client::DELETE, &[CLIENT]),
    (o::client::BY_THEMSELVES, &[SOON]),
    (o::client::DOCUMENTS, &[SOON]),
    (o::code::FIND, &[ID]),
    (o::code::LOCK, &[ID]),
    (o::consent::FIND, &[SUBJECT, CLIENT]),
    (o::consent::LOCK, &[SUBJECT, CLIENT]),
    (o::consent::FORGET_OF_CLIENT, &[CLIENT]),
    (o::consent::FORGET_OF_SUBJECT, &[SUBJECT]),
    (o::grant_row::IS_SIGN_IN_ENDED, &[SID]),
    (o::grant_row::REVOKE_ONE, &["1", ID]),
    (o::grant_row::REVOKE_OF_CLIENT, &["1", CLIENT]),
    (o::grant_row::REVOKE_OF_SUBJECT, &["1", SUBJECT, CLIENT]),
    (o::grant_row::REVOKE_ALL_OF_SUBJECT, &["1", SUBJECT]),
    (o::grant_row::ALIVE_OF_SUBJECT, &[SUBJECT, "'client-7'", ID, "100"]),
    (o::grant_row::REVOKE_OF_SID, &["1", SID]),
    (o::grant_row::SIDS_OF_SUBJECT, &[SUBJECT]),
    (o::interaction::FIND, &[ID]),
    (o::interaction::LOCK, &[ID]),
    (o::interaction::CLOSE_OF_CLIENTS, &[CLIENTS]),
    (
        o::interaction::BEGIN,
        &[
            ID,
            "sha256('')",
            "'{}'",
            "NULL",
            "NULL",
            "NULL",
            "1",
            "1",
            "'open'",
            "1990",
            "100000",
            "2001",
            "7",
        ],
    ),
    (o::pushed_request::FIND, &[ID]),
    (o::pushed_request::LOCK, &[ID]),
    (o::pushed_request::WAITS, &[ID, SOON]),
    (
        o::pushed_request::PUSH,
        &[ID, "sha256('')", "'{}'", "1", "1990", "100000", "2001", "7", "'client-7'", "25000"],
    ),
    (o::room::SHARE_TAKEN, &["'client-7'", "1990", "25000"]),
    (o::pushed_request::CLOSE, &[ID]),
    (o::key::IN_USE, &[]),
    (o::logout::CLIENTS, &[SID]),
    (o::logout::TOLD, &[SIDS]),
    (o::logout::IS_ANY_DUE, &[SOON, "ARRAY['host-2']"]),
    (o::logout::TAKE, &[SOON, "ARRAY['host-2']", "16", "1000"]),
    (o::logout::DEAD, &["100"]),
    (o::logout::BACKLOG, &[]),
    (o::logout::REPLAY, &[SID, CLIENT, "1"]),
    (o::refresh_token::FIND, &[ID]),
    (o::refresh_token::LOCK, &[ID]),
    (o::replay::REMEMBER, &["'client_assertion'", "sha256('')", "1", SOON, SOON]),
    (o::unused_client::END, &[CLIENT]),
    (o::unused_client::BEFORE, &[SOON, BATCH]),
    (o::unused_client::LOCK, &[SOON, "100"]),
    (o::unused_client::TAKE, &[CLIENTS]),
    (c::INTERACTIONS, &[SOON, BATCH]),
    (c::PUSHED_REQUESTS, &[SOON, BATCH]),
    (c::INTERACTION_ROOM, &["6000000", BATCH]),
    (c::PUSHED_ROOM, &["6000000", BATCH]),
    (c::ENDED_SIGN_INS, &[SOON, BATCH]),
    (c::CLIENT_DOCUMENTS, &[SOON, BATCH]),
    (c::SINGLE_USE, &[SOON, BATCH]),
    (c::SIGN_IN_CLIENTS, &[SOON, BATCH]),
    (c::LOGOUT_NOTICES, &[SOON, BATCH]),
    (c::DEAD_LOGOUT_NOTICES, &[SOON, BATCH]),
    (c::STRAY_NOTICES, &[SOON, FAR, BATCH]),
    (c::STRAY_ROOM, &["6000000", BATCH]),
    (c::STRAY_PUSHED_ROOM, &["6000000", BATCH]),
    (c::ACCESS_TOKENS.old, &[SOON, BATCH]),
    (c::ACCESS_TOKENS.away, &["1", IDS, IDS]),
    (c::OLD_ANSWERS, &[SOON, BATCH]),
    (c::REFRESH_TOKENS.old, &[SOON, BATCH]),
    (c::REFRESH_TOKENS.away, &["1", IDS, IDS]),
    (c::UNSPENT_CODES.old, &[SOON, BATCH]),
    (c::UNSPENT_CODES.away, &["1", IDS, IDS]),
    (c::LOCK_GRANTS, &[IDS]),
    (c::CODES_OF_BARE_GRANTS, &["1", IDS]),
    (c::BARE_GRANTS, &[IDS]),
];

#[test]
fn the_authorization_server_uses_an_index() {
    let database = PostgresServer::shared().database_like("towergate_oauth_life", migrate);
    database.ask(&format!("SET search_path TO towergate; {LIFE}"));
    let seen = plan(&database, "SELECT 1 FROM towergate_grants WHERE created_at = $1", &["1"]);
    assert_eq!(walks(&seen).len(), 1, "the test sees a walk: {seen}");
    for (sql, with) in ASKED {
        let plan = plan(&database, sql, with);
        assert!(plan.contains("(cost="), "{sql}: {plan}");
        assert!(walks(&plan).is_empty(), "{sql}: {plan}");
    }
}
