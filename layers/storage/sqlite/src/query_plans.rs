//! No read of a request, and no batch of the cleaner, walks a table.

use rusqlite::Connection;

use crate::migrations;

fn scans(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let count = statement.parameter_count();
    let nulls = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, count));
    let steps = statement.query_map(nulls, |row| row.get::<_, String>(3)).unwrap();
    steps
        .map(Result::unwrap)
        // What the question itself brings along is short.
        .filter(|step| !step.contains("json_each VIRTUAL TABLE"))
        .filter(|step| step != "SCAN CONSTANT ROW")
        .filter(|step| step.starts_with("SCAN ") || step.contains("TEMP B-TREE"))
        .collect()
}

fn migrated() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrations::bring_up_to_date(&connection, true, towergate_core::Timestamp::from_unix_millis(0)).unwrap();
    connection
}

#[test]
fn the_test_sees_a_scan() {
    assert_eq!(scans(&migrated(), "SELECT * FROM towergate_users WHERE created_at = 1").len(), 1);
}

#[test]
fn the_log_and_the_cleaner_use_an_index() {
    use crate::cleanup as c;
    let connection = migrated();
    for sql in [
        crate::audit::AFTER,
        crate::audit::FORGET,
        c::SESSIONS,
        c::REPLACED_SESSIONS,
        c::EMAIL_TOKENS,
        c::EMAIL_TOKENS_IN_VAIN,
        c::MAILS_IN_VAIN,
        c::MAILS,
        c::DEAD_MAILS,
        c::STRAY_MAILS,
        c::REMEMBERED,
        c::BROWSERS,
        c::PASSKEY_CEREMONIES,
        c::PROVIDER_VISITS,
        c::API_TOKENS,
        c::INTERACTIONS,
        c::INTERACTION_ROOM,
        c::PUSHED_ROOM,
        c::PUSHED_REQUESTS,
        c::CLIENT_DOCUMENTS,
        c::ACCESS_TOKENS,
        c::REFRESH_TOKENS,
        c::OLD_ANSWERS,
        c::UNSPENT_CODES,
        c::ENDED_SIGN_INS,
        c::SINGLE_USE,
        c::LOGOUT_NOTICES,
        c::DEAD_LOGOUT_NOTICES,
        c::STRAY_NOTICES,
        c::STRAY_ROOM,
        c::STRAY_PUSHED_ROOM,
        c::SIGN_IN_CLIENTS,
        c::TRIES_OF_NOBODY,
        c::RATE_LIMITS,
        crate::rate_limit::FIND,
        c::CODES_OF_BARE_GRANT,
        c::BARE_GRANT,
    ] {
        assert_eq!(scans(&connection, sql), [""; 0], "{sql}");
    }
}

/// How many rows a statement went past that nothing led it to.
fn walked(connection: &Connection, sql: &str, with: &[i64]) -> i32 {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query(rusqlite::params_from_iter(with)).unwrap();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    statement.get_status(rusqlite::StatementStatus::FullscanStep)
}

/// The ends of a table are found without a walk, which its plan alone does not tell.
#[test]
fn seals_use_an_index() {
    use crate::audit_seal as s;
    let connection = migrated();
    connection
        .execute_batch(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
            INSERT INTO towergate_audit_events
                SELECT n, n, zeroblob(16), 'login.failed', 'refused', 'anonymous', '', 'user', n, NULL, '{}' FROM n;
            WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 300)
            INSERT INTO towergate_audit_seals
                SELECT n, n * 10, 10, zeroblob(32), zeroblob(32), n, zeroblob(64), iif(n < 100, x'', x'00') FROM n;",
        )
        .unwrap();
    let asked: [(&str, &[i64]); 8] = [
        (s::LAST, &[]),
        (s::SEALS_AFTER, &[250, 10]),
        (s::LAST_NUMBER, &[]),
        (s::NEWEST, &[]),
        (s::COUNT, &[2980, 2990]),
        (s::OLD, &[2980, 2990, 7]),
        (s::OLDEST_KEPT, &[5]),
        (s::EMPTY, &[100]),
    ];
    for (sql, with) in asked {
        assert!(walked(&connection, sql, with) < 3, "{sql}");
    }
    let seen = walked(&connection, "SELECT 1 FROM towergate_audit_seals WHERE sealed_at = ?1", &[7]);
    assert!(seen > 200, "the test sees a walk: {seen}");
}

#[cfg(feature = "inbound")]
#[test]
fn signing_in_uses_an_index() {
    use crate::identity::{
        api_token as at, browser as b, ceremony as y, deletion as d, device as w, email_change as g,
        email_token as e, ending as n, establish as h, factor as f, in_vain as iv, linked_identity as l,
        mail as m, passkey as p, passkey_factor as pf, provider_visit as v, remember as rm,
        replaced_session as r, session as s, session_mark as k, tries as t, user as u,
    };
    let connection = migrated();
    for sql in [
        at::FIND,
        at::OF_USER,
        at::COUNT_OF,
        at::USE,
        at::END,
        at::END_OF_USER,
        d::OF_USER,
        d::SET,
        d::CLOSE,
        d::ANONYMISE,
        d::ERASE,
        d::KILL_TOKENS,
        d::FORGET[0],
        d::FORGET[1],
        d::FORGET[2],
        d::FORGET[3],
        d::FORGET[4],
        d::FORGET[5],
        u::DUE,
        u::MAY_PROVE,
        s::LOAD,
        s::OF_USER,
        s::TOUCH,
        w::OWNER,
        &w::BY_ACTOR,
        &w::UPON_TARGET,
        n::END,
        n::END_OF_SIGN_IN,
        n::END_OF_FAMILY,
        n::END_OF_USER,
        n::FAMILIES_OF_SIGN_IN,
        n::FORGET,
        n::FORGET_OF_USER,
        k::FIND,
        k::WRITE,
        k::DEVICES_OF,
        k::OF_FAMILY,
        k::COUNTED_OF,
        b::FIND,
        b::GET,
        b::TRUSTED_OF,
        b::HAS_ANY,
        b::IS_SHARED,
        b::RENEW_COOKIE,
        b::DISTRUST_ONE,
        b::DISTRUST,
        b::FORGET,
        rm::FIND,
        rm::OF_USER,
        s::IS_SIGN_IN_ALIVE,
        s::VALUE,
        h::MOVE_VALUES,
        r::FIND,
        g::ASKED_SINCE,
        g::CANCEL,
        g::KEEPERS,
        g::NEWEST_UNDO,
        g::CLOSE_UNDOS_SINCE,
        f::FORGET_CODES_SINCE,
        g::FORGET_BROWSERS_SINCE,
        g::FORGET_PASSKEYS_SINCE,
        g::FORGET_LINKED_SINCE,
        u::MOVE,
        e::FIND,
        e::OPEN_OF,
        e::REPLACE,
        iv::REPLACE,
        iv::WRITTEN_SINCE,
        e::CLOSE,
        e::SPEND,
        e::TRIED,
        e::FORGET_TOTP,
        e::FORGET_CODES,
        y::TAKE,
        y::OF_SESSION,
        y::OF_BROWSER,
        y::STRANGERS,
        y::FORGET_OF,
        p::FIND,
        p::FIND_BY_CREDENTIAL,
        p::OF_USER,
        p::COUNT_OF,
        p::USE,
        p::RENAME,
        p::FORGET_OF,
        pf::IS_ON,
        pf::IS_ON_SINCE,
        pf::SWITCH_OFF,
        l::FIND,
        l::FIND_BY_ACCOUNT,
        l::OF_USER,
        l::USE,
        l::FORGET_OF,
        v::TAKE,
        v::OF_BROWSER,
        v::WAITING,
        m::WRITTEN_SINCE,
        m::DUE,
        m::DEAD,
        m::BACKLOG,
        m::DEAD_ONE,
        m::REPLAY,
        m::TAKE,
        m::FINISH,
        u::FIND,
        u::FIND_BY_EMAIL,
        f::FIND,
        f::SPEND,
        f::SPEND_CODE,
        f::CODES_LEFT,
        t::FIND,
        t::FORGET,
    ] {
        assert_eq!(scans(&connection, sql), [""; 0], "{sql}");
    }
}

#[cfg(feature = "outbound")]
#[test]
fn the_authorization_server_uses_an_index() {
    use crate::oauth as o;
    let connection = migrated();
    for sql in [
        o::access_token::FIND,
        o::access_token::REVOKE,
        o::access_token::REVOKE_OWN,
        o::client::FIND,
        o::client::AFTER,
        o::client::MAY_ACT,
        o::client::DELETE,
        o::client::BY_THEMSELVES,
        o::client::DOCUMENTS,
        o::interaction::CLOSE_OF_CLIENT,
        o::pushed_request::CLOSE,
        o::consent::FORGET_OF_CLIENT,
        o::code::FIND,
        o::consent::FIND,
        o::grant_row::IS_SIGN_IN_ENDED,
        o::grant_row::REVOKE_ONE,
        o::grant_row::REVOKE_OF_CLIENT,
        o::grant_row::REVOKE_OF_SID,
        o::grant_row::REVOKE_OF_SUBJECT,
        o::grant_row::REVOKE_ALL_OF_SUBJECT,
        o::grant_row::ALIVE_OF_SUBJECT,
        o::consent::FORGET_OF_SUBJECT,
        o::interaction::FIND,
        o::pushed_request::FIND,
        o::logout::SAW,
        o::logout::CLIENTS,
        o::logout::TOLD,
        o::logout::DUE,
        o::logout::DEAD,
        o::logout::BACKLOG,
        o::logout::REPLAY,
        o::refresh_token::FIND,
        o::room::TAKEN,
        o::room::TAKEN_BY_PUSHES,
        o::unused_client::END,
        o::unused_client::BEFORE,
    ] {
        assert_eq!(scans(&connection, sql), [""; 0], "{sql}");
    }
    // The few keys in use are read whole, but not the many that are retired.
    assert_eq!(scans(&connection, o::key::IN_USE), ["SCAN towergate_keys USING INDEX towergate_keys_in_use"]);
}
