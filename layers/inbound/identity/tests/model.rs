//! The memory store keeps to the model of a store.

use towergate_identity::ports::memory::MemoryStore;

towergate_identity::identity_store_model!(cases: 256, room: || MemoryStore::new);

#[test]
fn every_method_of_a_port_is_in_the_model() {
    let ports = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports"));
    let unknown =
        towergate_core::contract::ports::uncalled(ports, &ports.join("contract/model"), NOT_MODELLED);
    assert!(unknown.is_empty(), "the model does not know, and nobody says why: {unknown:?}");
}

/// What the model does not know, and why.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("fill", "of the cache, which is no store"),
    ("forget", "of the cache, which is no store"),
    ("closing", "of the cache, which is no store"),
    ("closed", "of the cache, which is no store"),
];
