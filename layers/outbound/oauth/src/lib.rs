//! The authorization server without a server: [`rules`] decide, [`ports`] say what a store must do.
//!
//! `rules` is pure: no I/O, no async, no clock and no randomness of its own. It never names `ports`.
//! `ports` holds the store traits, a memory store, and the contract suite that every store must pass.

pub mod ports;
pub mod rules;
