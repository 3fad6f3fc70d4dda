//! A store that lives in memory and dies with the process: for tests, and for trying things out.
//!
//! The events of a step are written with it, in order; the sink hears of them afterwards.

mod birth;
mod client;
mod grant;
mod interaction;
mod key;
mod logout;
mod pushed_request;
mod replay;
mod room;

use std::fmt;

use towergate_core::memory::{Log, Memory, already_there};

use crate::rules::birth::KnownBirths;

/// Everything in memory; a clone is another handle on the same store.
pub type MemoryStore = Memory<Tables>;

/// What a [`MemoryStore`] keeps.
#[derive(Default)]
pub struct Tables {
    births: Option<KnownBirths>,
    clients: client::Clients,
    unused: client::Unused,
    interactions: interaction::Interactions,
    pushed: pushed_request::PushedRequests,
    room: room::Room,
    grants: grant::Grants,
    keys: key::Keys,
    logouts: logout::Logouts,
    seen: replay::Seen,
    log: Log,
}

impl towergate_core::memory::Tables for Tables {
    fn log(&mut self) -> &mut Log {
        &mut self.log
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}
