//! Signing people in, without a server: [`rules`] decide, [`ports`] say what a store must do.
//!
//! - [`rules`] is pure: no I/O, no async, no clock and no randomness of its own, and it never names `ports`. Begin with
//!   [`rules::password`], which decides on a sign-in, [`rules::login_proof`], what a session can be had for, and
//!   [`rules::session`].
//! - [`ports`] holds the store traits, a memory store (feature `memory`), and the suite of laws that every store must
//!   keep (feature `contract`). Whoever writes a store begins there.
//!
//! The layers themselves, as Tower services, are in `towergate-session`, `towergate-scope` and `towergate-login`.

pub mod ports;
pub mod rules;
