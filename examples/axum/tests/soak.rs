//! Two programs on one PostgreSQL and one Redis, behind a balancer, at full load, while one fault comes after the other: what was
//! answered holds, what cannot be done is told so, and all goes on by itself.
//!
//! Each fault comes once in every run of the tests. `cargo xtask stores --soak` goes on for an hour, a fault every ten seconds.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "instances/assertion.rs"]
mod assertion;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "instances/balancer.rs"]
mod balancer;
#[cfg(test)]
#[path = "soak/book.rs"]
mod book;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[path = "soak/crowded.rs"]
mod crowded;
#[cfg(test)]
#[path = "soak/dead.rs"]
mod dead;
#[cfg(test)]
#[path = "soak/fault.rs"]
mod fault;
#[cfg(test)]
#[path = "soak/figures.rs"]
mod figures;
#[cfg(test)]
#[path = "soak/law.rs"]
mod law;
#[cfg(test)]
#[path = "soak/machine.rs"]
mod machine;
#[cfg(test)]
#[path = "soak/once.rs"]
mod once;
#[cfg(test)]
#[path = "soak/party.rs"]
mod party;
#[cfg(test)]
#[path = "soak/place.rs"]
mod place;
#[cfg(test)]
#[path = "soak/program.rs"]
mod program;
#[cfg(test)]
#[path = "soak/relay.rs"]
mod relay;
#[cfg(test)]
#[path = "soak/run.rs"]
mod run;
#[cfg(test)]
#[path = "soak/stranger.rs"]
mod stranger;
#[cfg(test)]
#[path = "instances/wait.rs"]
mod wait;
#[cfg(test)]
#[path = "soak/walker.rs"]
mod walker;
#[cfg(test)]
#[path = "soak/wire.rs"]
mod wire;

use std::time::Duration;

use fault::Fault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_comes_and_goes_and_what_was_answered_holds() {
    run::through(Fault::ALL.iter().copied(), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes an hour: cargo xtask stores --soak"]
async fn faults_every_ten_seconds_for_as_long_as_asked() {
    let seconds = std::env::var("TOWERGATE_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    run::through_for(Duration::from_secs(seconds.unwrap_or(3600))).await;
}
