//! The memory store keeps the laws of a store.

use towergate_identity::ports::memory::MemoryStore;

towergate_identity::identity_store_contract!(make: MemoryStore::new);
towergate_identity::api_token_store_contract!(make: MemoryStore::new);

#[test]
fn every_method_of_a_port_has_a_law() {
    let ports = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports"));
    let lawless = towergate_core::contract::ports::uncalled(ports, &ports.join("contract"), OF_THE_CACHE);
    assert!(lawless.is_empty(), "no law asks for {lawless:?}");
}

/// The cache is no store: what it must do is held against each that is one, with its crashes and its own forgetting.
const OF_THE_CACHE: &[(&str, &str)] = &[
    ("fill", "of the cache"),
    ("forget", "of the cache"),
    ("closing", "of the cache"),
    ("closed", "of the cache"),
];

#[test]
fn every_law_is_in_the_contract() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports/contract");
    let contract = std::fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
    let mut laws = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let place = file.unwrap().path();
        if place.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(place).unwrap();
        let begun = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("pub async fn ").or_else(|| line.strip_prefix("pub fn "))?;
            rest.split_once("<S: ").map(|(name, _)| name)
        });
        for law in begun {
            assert!(contract.contains(&format!(" {law},\n")), "{law} is a law that no store is held to");
            laws += 1;
        }
    }
    assert!(laws > 20, "only {laws} laws were found");
}
