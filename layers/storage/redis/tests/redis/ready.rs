//! Whether Redis is ready.

use towergate_core::ready::{Missing, Ready};

use crate::house::{Server, block_on, until};

#[test]
fn a_store_is_ready_until_its_server_is_gone_and_when_it_is_back() {
    let mut server = Server::start();
    let store = server.store();
    assert_eq!(block_on(store.missing()), []);
    server.kill();
    assert_eq!(block_on(store.missing()), [Missing::Answer]);
    server.restart();
    until(|| block_on(store.missing()).is_empty().then_some(()));
}
