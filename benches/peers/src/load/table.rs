//! What was measured over HTTP, as rows of the report and as a table of its own.

use std::fmt::Write;

use super::{
    Scenario,
    drive::{CONNECTIONS, Window},
    peers::Who,
};
use crate::{
    goals,
    measure::Took,
    row::{Part, Row},
};

/// The rows, and the table of all figures.
pub(super) fn report(taken: &[(Scenario, Who, Vec<Window>)], part: &mut Part) {
    let of = |scenario: Scenario, who: Who| {
        let (_, _, windows) =
            taken.iter().find(|(of, by, windows)| (*of, *by) == (scenario, who) && !windows.is_empty())?;
        let cpu = Took::of(windows.iter().map(|window| window.cpu).collect());
        let rate = Took::of(windows.iter().map(|window| window.rate).collect());
        Some((cpu, rate.median))
    };
    let peers = [
        (Who::Ours, "towergate"),
        (Who::Bare, "bare axum, with what cannot be left out"),
        (Who::OauthAs, "oauth-as"),
        (Who::Node, "oidc-provider"),
    ];
    part.text = format!(
        "## Over HTTP\n\nEach server on one core, {CONNECTIONS} kept connections of a client on other cores that never sleeps, so that no server \
         pays for waking it; everything in memory, no TLS, the log level `error` (the peers keep no log of what they do). Microseconds of CPU for one request: least / median, then requests a second.\n\n"
    );
    let names: Vec<_> = peers.iter().map(|(_, name)| *name).collect();
    let _ = writeln!(part.text, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for scenario in Scenario::all() {
        let _ = write!(part.text, "| {} |", scenario.name());
        for (who, _) in peers {
            let _ = match of(scenario, who) {
                Some((cpu, rate)) => write!(part.text, " {:.1} / {:.1}, {rate:.0}/s |", cpu.min, cpu.median),
                None => write!(part.text, " |"),
            };
        }
        part.text.push('\n');
    }
    for scenario in Scenario::all() {
        let Some((ours, _)) = of(scenario, Who::Ours) else { continue };
        let floor = floor(scenario, |of_bare| of(of_bare, Who::Bare).map(|(cpu, _)| cpu));
        let mut row = |goal: &str, peer: Option<(Took, f64)>| {
            let Some((peer, _)) = peer else { return };
            let detail = format!("{:.1} µs against {:.1} µs of CPU", ours.median, peer.median);
            let row = Row::new(goal, scenario.name(), peer.over(ours), detail);
            part.rows.push(match &floor {
                Some((what, floor)) => row.above(what, peer.over(*floor)),
                None => row,
            });
        };
        let node = of(scenario, Who::Node);
        match scenario {
            Scenario::Opaque | Scenario::Introspection | Scenario::Userinfo => row(goals::HTTP_FAST, node),
            Scenario::Jwt | Scenario::Refresh | Scenario::Code => row(goals::HTTP_SIGNED, node),
            Scenario::Par => row(goals::HTTP_PAR, node),
            // What a core has to give is the other side of what a request takes.
            Scenario::Discovery | Scenario::Jwks => row(goals::HTTP_STATIC, of(Scenario::Hello, Who::Bare)),
            _ => {}
        }
        row(goals::HTTP_OAUTH_AS, of(scenario, Who::OauthAs));
    }
}

/// What bare axum spends on as much as nobody can leave out: the same kind of request and answer, and what [`Least`](crate::least::Least)
/// does of it.
fn floor(scenario: Scenario, bare: impl Fn(Scenario) -> Option<Took>) -> Option<(&'static str, Took)> {
    let what = match scenario {
        Scenario::Opaque | Scenario::Par => {
            "bare axum's form to 1 kB JSON with a client's digest, a token's random bytes and digest, the token and an event kept"
        }
        Scenario::Jwt => {
            "bare axum's form to 1 kB JSON with a client's digest, a token's random bytes, one ES256 signature, the token and an event kept"
        }
        Scenario::RefreshUnsigned => {
            "bare axum's form to 1 kB JSON with the digests, two tokens' random bytes, the sealed answer, two tokens and two events kept"
        }
        Scenario::Refresh => {
            "bare axum's form to 1 kB JSON with the digests, two tokens' random bytes, one ES256 signature, the sealed answer, two tokens and two events kept"
        }
        Scenario::CodeUnsigned => {
            "bare axum's form to 1 kB JSON with the digests, two tokens' random bytes, two tokens and two events kept"
        }
        Scenario::Code => {
            "bare axum's form to 1 kB JSON with the digests, two tokens' random bytes, one ES256 signature, two tokens and two events kept"
        }
        Scenario::Introspection => {
            "bare axum's form to 1 kB JSON with a token's digest and its row looked up"
        }
        Scenario::Userinfo => "bare axum's three claims with a token's digest and its row looked up",
        Scenario::Discovery => return Some((AS_MUCH, bare(Scenario::Document)?)),
        Scenario::Jwks => return Some((AS_MUCH, bare(Scenario::Keys)?)),
        Scenario::Hello | Scenario::Document | Scenario::Keys | Scenario::Form => return None,
    };
    Some((what, bare(scenario)?))
}

const AS_MUCH: &str = "bare axum with as many bytes and headers";
