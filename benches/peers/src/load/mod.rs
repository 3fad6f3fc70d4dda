//! What requests cost over HTTP: the real reference host beside bare axum and other authorization servers.

mod drive;
mod http;
mod memory;
mod peers;
mod reads;
mod scenario;
mod serve;
mod server;
mod stores;
mod storm;
mod table;

use std::{sync::Mutex, time::Duration};

use drive::{CLIENT_THREADS, CONNECTIONS, Window, Work, window};
use http::{get, post};
pub use memory::{child as child_sessions, measure as memory};
use peers::{CALLBACK, CLIENT, Peer, VERIFIER, Who, basic, form};
use scenario::Scenario;
pub use serve::serve;
pub use stores::{postgres, sqlite, tidy};
pub use storm::measure as storm;
use tokio::runtime::Runtime;

use crate::row::Part;

/// Where the servers run, each in its turn.
const CORE: &[usize] = &[0];

/// A client that does not disturb the servers: on the other cores.
fn client() -> Runtime {
    let cores: Vec<usize> = (1..std::thread::available_parallelism().map_or(1, usize::from)).collect();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(CLIENT_THREADS).enable_all();
    if cores.len() >= 2 {
        builder.on_thread_start(move || server::pin(&cores));
    }
    builder.build().expect("a runtime")
}

/// Measures every scenario of every server in turns.
#[must_use]
pub fn measure(quick: bool) -> Part {
    client().block_on(async { tokio::spawn(all(quick)).await.expect("a measurement") })
}

async fn all(quick: bool) -> Part {
    let (rounds, long, warm) = if quick { (2, 200, 300) } else { (5, 1000, 2500) };
    let long = Duration::from_millis(long);
    let mut part = Part::default();
    let mut peers = Vec::new();
    for who in [Who::Ours, Who::Bare, Who::OauthAs, Who::Node] {
        match Peer::start(who, "memory:", Some(CORE)).await {
            Some(peer) => peers.push(peer),
            None => part.notes.push(String::from(
                "oidc-provider was not there: `npm ci` in `benches/peers/node` brings it, with the Node.js that it asks for.",
            )),
        }
    }
    let mut taken: Vec<(Scenario, Who, Vec<Window>)> = Vec::new();
    for group in Scenario::GROUPS {
        let mut works = Vec::new();
        for scenario in group.iter().copied() {
            eprintln!("  {}", scenario.name());
            for peer in peers.iter().filter(|peer| scenario.is_of(peer)) {
                works.push((scenario, peer, work(scenario, peer, rounds * per_round(peer.who, quick)).await));
                taken.push((scenario, peer.who, Vec::new()));
            }
        }
        // A just-in-time compiler needs its time; codes are too dear for that.
        for (_, peer, work) in works.iter().filter(|(_, _, work)| !matches!(work, Work::Once(_))) {
            let warm = if peer.who == Who::Node { Duration::from_millis(warm) } else { long / 2 };
            window(&peer.server, work, warm).await;
        }
        for _ in 0..rounds {
            for (scenario, peer, work) in &works {
                let (work, long) = match work {
                    // Until they are spent.
                    Work::Once(_) => (work.part(per_round(peer.who, quick)), 60 * long),
                    other => (other.clone(), long),
                };
                let window = window(&peer.server, &work, long).await;
                let place = taken.iter_mut().find(|(of, who, _)| (*of, *who) == (*scenario, peer.who));
                place.expect("its place").2.push(window);
            }
        }
    }
    table::report(&taken, &mut part);
    part
}

/// How many codes a round exchanges: as many as take about as long.
const fn per_round(who: Who, quick: bool) -> usize {
    match (who, quick) {
        (_, true) => 200,
        (Who::Node, false) => 800,
        _ => 4000,
    }
}

/// What to ask of a peer.
async fn work(scenario: Scenario, peer: &Peer, codes: usize) -> Work {
    let authorization = basic(CLIENT);
    let by_client = [("authorization", authorization.as_str())];
    let credentials = [("grant_type", "client_credentials"), ("scope", "read")];
    if let (Who::Bare, Some(path)) = (peer.who, scenario.least()) {
        return Work::same(match scenario {
            Scenario::Userinfo => get(path, &by_client),
            _ => post(
                path,
                &by_client,
                &form(&[("grant_type", "refresh_token"), ("refresh_token", &"x".repeat(72))]),
            ),
        });
    }
    match scenario {
        Scenario::Hello => Work::same(get("/hello", &[])),
        Scenario::Document => Work::same(get("/document", &[])),
        Scenario::Keys => Work::same(get("/keys", &[])),
        Scenario::Form => Work::same(post("/form", &by_client, &form(&credentials))),
        Scenario::Opaque => Work::same(post(&peer.token, &by_client, &form(&credentials))),
        Scenario::Jwt if peer.who == Who::Node => {
            let fields = [credentials[0], credentials[1], ("resource", "https://api.example/")];
            Work::same(post(&peer.token, &by_client, &form(&fields)))
        }
        Scenario::Jwt => {
            let authorization = basic("bench-jwt");
            Work::same(post(&peer.token, &[("authorization", &authorization)], &form(&credentials)))
        }
        Scenario::Introspection => {
            let token = peer.tokens(CLIENT, &credentials).await;
            let token = token["access_token"].as_str().expect("a token");
            Work::same(post(&peer.introspection, &by_client, &form(&[("token", token)])))
        }
        Scenario::Userinfo => {
            let code = peer.codes(1, scenario.scope()).await.remove(0);
            let token = peer.tokens(CLIENT, &exchange(&code)).await;
            let token = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
            Work::same(get(&peer.userinfo, &[("authorization", &token)]))
        }
        Scenario::Refresh | Scenario::RefreshUnsigned => {
            let mut tokens = Vec::with_capacity(CONNECTIONS);
            for code in peer.codes(CONNECTIONS, scenario.scope()).await {
                let token = peer.tokens(CLIENT, &exchange(&code)).await;
                tokens.push(Mutex::new(token["refresh_token"].as_str().expect("a refresh token").to_owned()));
            }
            Work::Refresh { path: peer.token.clone(), tokens: tokens.into() }
        }
        Scenario::Code | Scenario::CodeUnsigned => {
            let codes = peer.codes(codes, scenario.scope()).await;
            Work::once(
                codes.iter().map(|code| post(&peer.token, &by_client, &form(&exchange(code)))).collect(),
            )
        }
        Scenario::Par => {
            let fields = [
                ("response_type", "code"),
                ("client_id", CLIENT),
                ("redirect_uri", CALLBACK),
                ("scope", "email"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                ("code_challenge_method", "S256"),
            ];
            Work::same(post(&peer.par, &by_client, &form(&fields)))
        }
        Scenario::Discovery => Work::same(get(peer.discovery(), &[])),
        Scenario::Jwks => Work::same(get(&peer.jwks, &[])),
    }
}

fn exchange(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}
