//! `cargo xtask stores`: every promise of the stores that are servers, tried on private ones.

use std::process::Command;

use towergate_test_servers::{postgres::PostgresServer, redis::RedisServer};

use crate::{
    needs,
    run::{Failure, cargo, show},
    test::{Count, counted},
};

/// The crates whose tests need a server.
const PACKAGES: &[&str] = &["towergate-postgres", "towergate-redis", "towergate-test-servers"];

/// What shows two hosts on them, and what becomes of hosts while something fails.
const OF_HOSTS: &[&str] = &["instances", "servers_faults", "soak"];

/// Servers of this run, stopped with it.
pub(crate) struct Servers {
    postgres: PostgresServer,
    redis: RedisServer,
}

impl Servers {
    pub(crate) fn start() -> Self {
        Self { postgres: PostgresServer::private(), redis: RedisServer::private() }
    }

    /// Tells tests where they are.
    pub(crate) fn named_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("TOWERGATE_TEST_POSTGRES", self.postgres.url("postgres"))
            .env("TOWERGATE_TEST_REDIS", self.redis.url())
    }
}

/// The tests of the stores, and of hosts on them.
pub(crate) fn alone() -> Result<Count, Failure> {
    needs::of_stores()?;
    let servers = Servers::start();
    let mut arguments = vec!["test", "--all-features", "--no-fail-fast"];
    arguments.extend(PACKAGES.iter().flat_map(|package| ["--package", package]));
    let count = counted(servers.named_to(&mut cargo(&arguments)))?;
    let mut arguments =
        vec!["test", "--package", "towergate-example-axum", "--all-features", "--no-fail-fast"];
    arguments.extend(OF_HOSTS.iter().flat_map(|test| ["--test", test]));
    let count = count.plus(counted(servers.named_to(&mut cargo(&arguments)))?);
    if count.failed > 0 { Err(Failure(count.to_string())) } else { Ok(count) }
}

/// Two reference hosts on servers of their own, and a fault every ten seconds, for so many seconds.
pub(crate) fn soak(seconds: &str) -> Result<(), Failure> {
    if !seconds.parse::<u64>().is_ok_and(|seconds| seconds > 0) {
        return Err(Failure(format!("`{seconds}` is no number of seconds")));
    }
    needs::of_stores()?;
    let test = ["test", "--package", "towergate-example-axum", "--all-features", "--test", "soak"];
    let alone = ["--", "--ignored", "--nocapture"];
    show(cargo(&[&test[..], &alone[..]].concat()).env("TOWERGATE_SOAK_SECONDS", seconds))
}
