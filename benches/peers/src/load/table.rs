//! What was measured over HTTP, as rows of the report and as a table of its own.

use std::fmt::Write;

use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};

use super::{
    Scenario,
    drive::{CONNECTIONS, Window},
    peers::Who,
};
use crate::{
    goals,
    measure::{Effort, Rounds, Took},
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
    let signature = raw_signature();
    for scenario in Scenario::ALL {
        let Some((ours, _)) = of(scenario, Who::Ours) else { continue };
        let floor = floor(scenario, |of_bare| of(of_bare, Who::Bare).map(|(cpu, _)| cpu), signature);
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

/// What bare axum spends on as much as nobody can leave out: the same kind of request and answer, and the signatures in it.
fn floor(
    scenario: Scenario,
    bare: impl Fn(Scenario) -> Option<Took>,
    signature: Took,
) -> Option<(&'static str, Took)> {
    Some(match scenario {
        Scenario::Opaque
        | Scenario::Introspection
        | Scenario::RefreshUnsigned
        | Scenario::CodeUnsigned
        | Scenario::Par => ("bare axum's form to 1 kB JSON", bare(Scenario::Form)?),
        Scenario::Jwt | Scenario::Refresh | Scenario::Code => (
            "bare axum's form to 1 kB JSON and one raw ES256 signature",
            bare(Scenario::Form)?.and(signature),
        ),
        Scenario::Userinfo => ("bare axum's hello", bare(Scenario::Hello)?),
        Scenario::Discovery => (AS_MUCH, bare(Scenario::Document)?),
        Scenario::Jwks => (AS_MUCH, bare(Scenario::Keys)?),
        Scenario::Hello | Scenario::Document | Scenario::Keys | Scenario::Form => return None,
    })
}

const AS_MUCH: &str = "bare axum with as many bytes and headers";

/// What one signature takes in ring, in microseconds.
fn raw_signature() -> Took {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
    let pair = pair.expect("a key");
    let mut rounds = Rounds::new();
    rounds.way("sign", || pair.sign(&random, &[b'x'; 380]).expect("a signature"));
    rounds.measure(Effort::new(true)).of("sign").times(1e-3)
}
