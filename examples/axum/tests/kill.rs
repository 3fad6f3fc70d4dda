//! The program is killed at random points of the way, fifty times, on one database: what a client was told still holds.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod client;
#[cfg(test)]
#[path = "kill/ledger.rs"]
mod ledger;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/program.rs"]
mod program;
#[cfg(test)]
#[path = "kill/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "kill/seed.rs"]
mod seed;
#[cfg(test)]
#[path = "kill/walker.rs"]
mod walker;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use client::{Browser, Client, tokens_in};
use ledger::Ledger;
use program::{Dead, Program, free_port};
use seed::seeded;
use tokio::task::JoinSet;
use towergate::core::random;
use walker::{Fuse, walk_until_lost};

const KILLS: usize = 50;
const WALKERS: usize = 3;
const FIRST_STARTS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_was_told_outlives_a_kill() {
    let random = seeded();
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let client = Arc::new(Client { issuer: format!("http://localhost:{port}") });
    let database = folder.path().join("towergate.db");
    let toml = Client::toml(port, &format!("sqlite:{}", database.display()))
        + &walker::people(WALKERS)
        + "\n[limits]\nlogin = 100000\n";
    let mut program = Program::start(folder.path(), &toml);
    let mut ledger = Ledger::default();
    let mut fell: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..KILLS {
        // Anywhere in the first two laps of all walkers, and up to sixteen milliseconds into a step.
        let [steps, high, low] = random::bytes(&random).unwrap();
        let delay = Duration::from_micros(u64::from(u16::from_be_bytes([high, low]) >> 2));
        let (fuse, burnt) = Fuse::after(usize::from(steps) % (2 * WALKERS * walker::STEPS));
        let killer = program.kill_after(burnt, delay);
        let mut walkers = JoinSet::new();
        for walker in 0..WALKERS {
            walkers.spawn(walk_until_lost(walker, Arc::clone(&client), Arc::clone(&fuse)));
        }
        for (walked, step) in walkers.join_all().await {
            ledger.take_over(walked);
            *fell.entry(step).or_default() += 1;
        }
        program = killer.join().unwrap().start_again();
        ledger.check(&client).await;
        rows::check(&database);
    }
    println!("the kills fell during {fell:?}");
    println!("{ledger:?}");
    ledger.close(&client).await;
    assert!(rows::check(&database) > KILLS);
    program.kill();
}

#[tokio::test]
async fn a_first_start_that_is_killed_leaves_a_place_where_the_next_one_starts() {
    let random = seeded();
    for _ in 0..FIRST_STARTS {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("towergate.db");
        let port = free_port();
        let client = Client { issuer: format!("http://localhost:{port}") };
        let mut dead =
            Dead::new(folder.path(), &Client::toml(port, &format!("sqlite:{}", database.display())));
        for _ in 0..3 {
            let delay = u16::from_be_bytes(random::bytes(&random).unwrap());
            dead = dead.start_and_kill(Duration::from_micros(u64::from(delay)));
        }
        let program = dead.start_again();
        let code = client.obtain_code(&mut Browser::default()).await;
        let tokens = tokens_in(&client.redeem(&code).await.unwrap());
        tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
        assert_eq!(rows::check(&database), 1);
        program.kill();
    }
}
