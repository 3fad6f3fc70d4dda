//! What holds at the end, in the words of the database.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use towergate::{
    audit::verify,
    core::{audit::chain::SealSigner, system::Stopwatch},
    postgres::PostgresStore,
};
use towergate_example_axum::seal_key;

use crate::{book::Book, dead, place::Place};

/// A mail that a killed program was sending is due again after two minutes.
const OUTBOX_EMPTIES: Duration = Duration::from_secs(180);
/// The sealer goes round every ten seconds.
const SEALED: Duration = Duration::from_secs(60);

/// What happened, the event that says so, and where in it that is named; a row may be thrown away once it has expired.
const HAPPENED: [(&str, &str, &str); 4] = [
    ("towergate_codes WHERE spent_at IS NOT NULL", "code.redeemed", "target_id"),
    ("towergate_passkeys", "passkey.added", "details::json->>'passkey'"),
    ("towergate_refresh_tokens WHERE rotated_at IS NOT NULL", "token.refreshed", "target_id"),
    ("towergate_sessions", "session.created", "target_id"),
];

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) events: usize,
    pub(crate) seals: String,
    pub(crate) emptied: Duration,
}

/// Holds the hosts to everything; nobody walks any more.
pub(crate) async fn holds(place: &Place, book: &Arc<Book>) -> Found {
    let began = Stopwatch::started();
    workers_come_to_an_end(place, book).await;
    let emptied = began.elapsed();
    dead::check_all(&place.client, book).await;
    nothing_happened_twice(place, book);
    each_answered_step_has_its_event(place, book);
    let (events, seals) = the_chain_is_whole(place, book).await;
    for panic in place.panics() {
        book.breach(panic);
    }
    Found { events, seals, emptied }
}

async fn workers_come_to_an_end(place: &Place, book: &Book) {
    let waiting = "SELECT (SELECT count(*) FROM towergate.towergate_mails WHERE due_at IS NOT NULL)
                        + (SELECT count(*) FROM towergate.towergate_logout_notices WHERE due_at IS NOT NULL)";
    if !becomes_so(OUTBOX_EMPTIES, async || place.ask(waiting) == "0").await {
        book.breach(format!("the outbox is not empty after {OUTBOX_EMPTIES:?}"));
    }
    let missing = book.mails_missing();
    if missing > 0 {
        book.breach(format!("{missing} mails that were promised never came"));
    }
    let dead = place.ask(
        "SELECT (SELECT count(*) FROM towergate.towergate_mails WHERE died_at IS NOT NULL)
              + (SELECT count(*) FROM towergate.towergate_logout_notices WHERE died_at IS NOT NULL)",
    );
    if dead != "0" {
        book.breach(format!("{dead} messages were given up though everybody took everything"));
    }
    let queued = place.ask(
        "SELECT DISTINCT target_id FROM towergate.towergate_audit_events WHERE action = 'logout.queued'",
    );
    let queued: BTreeSet<_> = queued.lines().map(str::to_owned).collect();
    let (heard, signed_out) = book.logouts();
    if queued != heard || queued.len() < signed_out {
        let (queued, heard) = (queued.len(), heard.len());
        book.breach(format!("{signed_out} sign-ins ended, {queued} are to be heard of, {heard} were"));
    }
}

/// No code brought two families of tokens, and nothing is on the record twice.
fn nothing_happened_twice(place: &Place, book: &Book) {
    for (what, sql) in [
        (
            "grants with two first refresh tokens",
            "SELECT count(*) FROM (SELECT 1 FROM towergate.towergate_refresh_tokens WHERE generation = 0
             GROUP BY grant_id HAVING count(*) > 1) twice",
        ),
        (
            "refresh tokens of one generation",
            "SELECT count(*) FROM (SELECT 1 FROM towergate.towergate_refresh_tokens
             GROUP BY grant_id, generation HAVING count(*) > 1) twice",
        ),
        (
            "events that are told twice",
            "SELECT count(*) FROM (SELECT 1 FROM towergate.towergate_audit_events
             WHERE action IN ('code.issued', 'code.redeemed', 'token.refreshed', 'session.created', 'token.issued', 'user.registered')
             GROUP BY action, coalesce(details::json->>'code', target_id) HAVING count(*) > 1) twice",
        ),
    ] {
        let found = place.ask(sql);
        if found != "0" {
            book.breach(format!("{what}: {found}"));
        }
    }
    for (happened, action, named) in HAPPENED {
        let silent = place.ask(&format!(
            "SELECT count(*) FROM (SELECT id::text AS id FROM towergate.{happened}) a WHERE NOT EXISTS
             (SELECT 1 FROM towergate.towergate_audit_events e WHERE e.action = '{action}' AND {named} = a.id)"
        ));
        if silent != "0" {
            book.breach(format!("{silent} rows without their {action}"));
        }
    }
}

/// As many as were answered, and at most those besides of which nobody knows.
fn each_answered_step_has_its_event(place: &Place, book: &Book) {
    let told = place.ask(
        "SELECT action || coalesce(' ' || (details::json->>'grant_type'), '') || ' ' || count(*)
         FROM towergate.towergate_audit_events GROUP BY action, details::json->>'grant_type'",
    );
    let told: BTreeMap<_, usize> = told
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(action, count)| (action.to_owned(), count.parse().unwrap()))
        .collect();
    let facts = book.pages().facts.clone();
    for (action, fact) in facts {
        let found = told.get(action).copied().unwrap_or_default();
        if found < fact.sure || found > fact.sure + fact.perhaps {
            book.breach(format!(
                "{action}: {found} events, {} answered, {} perhaps",
                fact.sure, fact.perhaps
            ));
        }
    }
}

async fn the_chain_is_whole(place: &Place, book: &Book) -> (usize, String) {
    let material = seal_key::read(&place.seal_key()).unwrap();
    let key = SealSigner::derive(&material, "audit seals").unwrap().public_key();
    let store = PostgresStore::connect(&place.database()).await.unwrap();
    let all_sealed = "SELECT count(*) FROM towergate.towergate_audit_events
        WHERE id > (SELECT coalesce(max(through), 0) FROM towergate.towergate_audit_seals)";
    if !becomes_so(SEALED, async || place.ask(all_sealed) == "0").await {
        book.breach(format!("not everything is sealed after {SEALED:?}"));
    }
    match verify(&store, vec![key], Vec::new(), |_| {}).await {
        Ok(proven) => {
            let last = proven.last.map_or_else(|| String::from("none"), |last| last.to_string());
            let count = place.ask("SELECT count(*) FROM towergate.towergate_audit_events");
            if proven.events.to_string() != count {
                book.breach(format!("{} events of {count} are proven", proven.events));
            }
            (count.parse().unwrap(), last)
        }
        Err(error) => {
            book.breach(format!("the audit chain: {error}"));
            (0, String::new())
        }
    }
}

async fn becomes_so(patience: Duration, mut is_so: impl AsyncFnMut() -> bool) -> bool {
    let waited = Stopwatch::started();
    while !is_so().await {
        if waited.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    true
}
