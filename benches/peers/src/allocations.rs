//! Counts what each stack of layers allocates for a request: exact, and the same every time.

use axum::body::Body;
use http::Request;
use towergate_peers::{
    floors, goals,
    measure::Took,
    row::{Part, Row, folder},
    stacks::{self, Page},
};

fn main() {
    let mut pages = stacks::all();
    let counts: Vec<(&str, u64)> = pages.iter_mut().map(|page| (page.name, count(page, true))).collect();
    let of = |name: &str| counts.iter().find(|(found, _)| *found == name).map_or(0, |(_, count)| *count);
    let bare = of(stacks::BARE);
    let added = |name: &str| (of(name) - bare) as f64;
    let peers = format!(
        "tower-sessions {}, axum-login {}; bare {bare}",
        added(stacks::TOWER_SESSIONS),
        added(stacks::AXUM_LOGIN)
    );
    let mut public = stacks::public();
    let bare_alone = pages.first_mut().map_or(0, |page| count(page, false));
    let public = count(&mut public, false) - bare_alone;
    let exact = |figure: u64| Took { min: figure as f64, median: figure as f64 };
    let one_extension = exact(count(&mut floors::extension(), false) - bare_alone);
    let least = exact(count(&mut floors::session(), true) - bare);
    let mut part = Part::default();
    part.rows.extend([
        Row::exact(goals::SESSION_ALLOCATIONS, "", added(stacks::SESSION), peers.clone())
            .above("a layer that finds the cookie, hashes it, looks it up and hands it on", least),
        Row::exact(goals::FULL_STACK_ALLOCATIONS, "", added(stacks::FULL), peers),
        Row::exact(
            goals::PUBLIC_ALLOCATIONS,
            "",
            public as f64,
            format!("the full stack; bare {bare_alone}"),
        )
        .above("a layer that leaves one word in the request's extensions", one_extension),
    ]);
    for row in &part.rows {
        println!("{:<24} {:>4}  {}", row.goal, row.median, row.detail);
    }
    part.command = String::from("allocations");
    part.leave(&folder(), "allocations");
}

fn count(page: &mut Page, signed_in: bool) -> u64 {
    let mut one = || {
        let request: Request<Body> = page.request(signed_in);
        let mut answer = None;
        let counted = allocation_counter::measure(|| answer = Some((page.call)(request)));
        drop(answer);
        counted.count_total
    };
    // The first times fill what is kept from request to request.
    (0..64).map(|_| one()).min().unwrap_or_default()
}
