//! What the suite is made of: a host, a site of its own, clients, somebody at a browser, and what is checked everywhere.

#[path = "../../journey/browser.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
pub(crate) mod browser;
pub(crate) mod checks;
pub(crate) mod client;
pub(crate) mod module;
pub(crate) mod op;
pub(crate) mod request;
pub(crate) mod site;
pub(crate) mod visit;

use towergate::core::{random, system::OsRandom};

/// Text that nobody guesses, of `2 * N` characters.
pub(crate) fn nonce<const N: usize>() -> String {
    random::bytes::<N>(&OsRandom::new()).unwrap().map(|byte| format!("{byte:02x}")).concat()
}
