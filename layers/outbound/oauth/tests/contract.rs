//! The memory store keeps the laws of a store.

use towergate_oauth::ports::memory::MemoryStore;

towergate_oauth::oauth_store_contract!(make: MemoryStore::new);

mod births {
    use towergate_oauth::ports::{contract::block_on, memory::MemoryStore};

    towergate_oauth::births_contract!(make: MemoryStore::new, block_on: block_on);
}

#[test]
fn every_method_of_a_port_has_a_law() {
    let ports = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports"));
    let lawless = towergate_core::contract::ports::uncalled(ports, &ports.join("contract"), &[]);
    assert!(lawless.is_empty(), "no law asks for {lawless:?}");
}

#[test]
fn every_law_is_in_the_contract() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ports/contract");
    let contract = std::fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
    let (mut laws, mut places) = (0, vec![std::path::PathBuf::from(folder)]);
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(std::fs::read_dir(place).unwrap().map(|inside| inside.unwrap().path()));
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
    assert!(laws > 40, "only {laws} laws were found");
}
