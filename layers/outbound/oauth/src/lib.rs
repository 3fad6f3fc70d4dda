//! The authorization server without a server: [`rules`] decide, [`ports`] say what a store must do.
//!
//! - [`rules`] is pure: no I/O, no async, no clock and no randomness of its own, and it never names `ports`. Begin with
//!   [`rules::authorize`] and [`rules::token`], which follow a request through its endpoint, and [`rules::client`].
//! - [`ports`] holds the store traits, a memory store (feature `memory`), and the suite of laws that every store must
//!   keep (feature `contract`). Whoever writes a store begins there.
//!
//! The endpoints themselves, as Tower services, are in `towergate-oauth-server`.

pub mod ports;
pub mod rules;
