//! Private PostgreSQL and Redis servers for tests, gone with the process that started them.
//!
//! `TOWERGATE_TEST_POSTGRES` and `TOWERGATE_TEST_REDIS` name servers that are there already, as `cargo xtask test` does for all
//! tests together. Where they name none, each test process starts its own. A test that finds no server fails, and says what to do.

#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a test without its server fails, and says what is missing"
)]

pub mod postgres;
mod program;
pub mod redis;
mod server;
