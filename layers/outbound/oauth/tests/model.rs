//! The memory store keeps to the model of a store.

use towergate_oauth::ports::memory::MemoryStore;

towergate_oauth::oauth_store_model!(cases: 256, room: || MemoryStore::new);

#[test]
fn every_method_of_a_port_is_in_the_model() {
    let ports = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports"));
    let unknown =
        towergate_core::contract::ports::uncalled(ports, &ports.join("contract/model"), NOT_MODELLED);
    assert!(unknown.is_empty(), "the model does not know, and nobody says why: {unknown:?}");
}

/// What the model does not know, and why.
const NOT_MODELLED: &[(&str, &str)] = &[(
    "meet_birth",
    "no part of a store for the authorization server: what a store asks that has another beside it",
)];
