//! What layers of sessions add to a page.

use crate::{
    floors, goals,
    measure::{Effort, Rounds},
    row::{Part, Row},
    stacks::{self, AXUM_LOGIN, BARE, FULL, Page, SESSION, TOWER_SESSIONS},
};

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let mut rounds = Rounds::new();
    for page in stacks::all().into_iter().chain([floors::session()]) {
        let Page { name, call, cookie } = page;
        let asks = move || {
            let page = Page { name, cookie: cookie.clone(), call: Box::new(|_| unreachable!("only asked")) };
            page.request(true)
        };
        rounds.prepared(name, asks, call);
    }
    let samples = rounds.measure(effort);
    let bare = samples.of(BARE);
    let added = |name: &str| samples.of(name).beyond(bare);
    let beside = |ours: &str, peer: &str| {
        format!("adds {} against {}; bare {}", added(ours).micros(), added(peer).micros(), bare.micros())
    };
    let ratio = |goal: &str, ours: &str, peer: &str| {
        Row::new(goal, "", added(ours).over(added(peer)), beside(ours, peer))
    };
    let above = |row: Row, peer: &str| {
        let what = "a layer that finds the cookie, hashes it, looks it up and hands it on";
        row.above(what, added(floors::SESSION).over(added(peer)))
    };
    part.rows.extend([
        above(ratio(goals::SESSION_TOWER_SESSIONS, SESSION, TOWER_SESSIONS), TOWER_SESSIONS),
        above(ratio(goals::SESSION_AXUM_LOGIN, SESSION, AXUM_LOGIN), AXUM_LOGIN),
        ratio(goals::FULL_STACK, FULL, TOWER_SESSIONS),
    ]);
}
