//! The store for more than one machine: a schema of its own in a PostgreSQL database.

#![cfg_attr(
    not(feature = "outbound"),
    expect(dead_code, reason = "the ports that ask for the rest are still to come")
)]

mod audit;
mod cleanup;
mod connection;
#[cfg(test)]
mod contract;
mod details;
mod failure;
mod fields;
#[cfg(feature = "inbound")]
mod identity;
mod migrations;
#[cfg(feature = "outbound")]
mod oauth;
mod open_error;
mod options;
mod params;
mod query;
mod rate_limit;
mod step;
mod store;

pub use audit::{StoredEvent, StoredParty};
pub use cleanup::Cleaned;
pub use open_error::OpenError;
pub use options::PostgresOptions;
pub use sqlx::PgPool;
pub use store::PostgresStore;
