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
        (Who::Bare, "bare axum"),
        (Who::OauthAs, "oauth-as"),
        (Who::Node, "oidc-provider"),
    ];
    part.text = format!(
        "## Over HTTP\n\nEach server on one core, {CONNECTIONS} kept connections from other cores, everything in memory, no TLS, the log level \
         `error` (the peers keep no log of what they do). Microseconds of CPU for one request: least / median, then requests a second.\n\n"
    );
    let names: Vec<_> = peers.iter().map(|(_, name)| *name).collect();
    let _ = writeln!(part.text, "| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for scenario in Scenario::ALL {
        let _ = write!(part.text, "| {} |", scenario.name());
        for (who, _) in peers {
            let _ = match of(scenario, who) {
                Some((cpu, rate)) => write!(part.text, " {:.1} / {:.1}, {rate:.0}/s |", cpu.min, cpu.median),
                None => write!(part.text, " |"),
            };
        }
        part.text.push('\n');
    }
    for scenario in Scenario::ALL {
        let Some((ours, _)) = of(scenario, Who::Ours) else { continue };
        let mut row = |goal: &str, peer: Option<(Took, f64)>| {
            let Some((peer, _)) = peer else { return };
            let ratio = peer.over(ours);
            let detail = format!("{:.1} µs against {:.1} µs of CPU", ours.median, peer.median);
            part.rows.push(Row::new(goal, scenario.name(), ratio, detail));
        };
        let node = of(scenario, Who::Node);
        match scenario {
            Scenario::Opaque | Scenario::Introspection | Scenario::Userinfo => row(goals::HTTP_FAST, node),
            Scenario::Jwt | Scenario::Refresh | Scenario::Code => row(goals::HTTP_SIGNED, node),
            Scenario::Par => row(goals::HTTP_PAR, node),
            // What a core has to give is the other side of what a request takes.
            Scenario::Discovery | Scenario::Jwks => row(goals::HTTP_STATIC, of(Scenario::Hello, Who::Bare)),
            Scenario::Hello | Scenario::Form => {}
        }
        row(goals::HTTP_OAUTH_AS, of(scenario, Who::OauthAs));
    }
}
