//! A log that is sealed while it is written.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{future::ready, sync::Arc};

use towergate_audit::{NotProven, Sealer, verify};
use towergate_core::{
    Secret,
    audit::{
        AuditLog, Event, Party,
        chain::{SealSigner, SealStore},
    },
    clock::ManualClock,
    contract::{NOW, origin},
    memory::{Log, Memory, Tables},
};

#[derive(Default)]
struct Nothing(Log);

impl Tables for Nothing {
    fn log(&mut self) -> &mut Log {
        &mut self.0
    }
}

async fn written(events: u32) -> Memory<Nothing> {
    let store = Memory::new();
    for n in 0..events {
        let nobody = Party::anonymous();
        let event = Event::refused(origin(NOW), "login.failed", nobody.clone(), nobody, "password");
        store.append(event.with("number", n)).await.unwrap();
    }
    store
}

fn signer() -> Arc<SealSigner> {
    Arc::new(SealSigner::from_seed(&Secret::new([7; 32])).unwrap())
}

#[tokio::test]
async fn whoever_stops_a_sealer_leaves_nothing_unsealed() {
    let store = written(2500).await;
    Sealer::new(store.clone(), signer(), ManualClock::at(NOW)).run(ready(())).await;
    let counts: Vec<_> = store.seals(0, 10).await.unwrap().iter().map(|seal| seal.count).collect();
    assert_eq!(counts, [1000, 1000, 500]);
    let mut heard = Vec::new();
    let proven =
        verify(&store, vec![signer().public_key()], Vec::new(), |seal| heard.push(seal)).await.unwrap();
    assert_eq!((proven.events, proven.unsealed), (2500, 0));
    assert_eq!(heard, [1, 2, 3]);
}

#[tokio::test]
async fn seals_of_another_key_prove_nothing() {
    let store = written(3).await;
    let sealer = Sealer::new(store.clone(), signer(), ManualClock::at(NOW)).at_most(2);
    assert_eq!(sealer.seal().await.unwrap(), 3);
    let other = SealSigner::from_seed(&Secret::new([8; 32])).unwrap().public_key();
    let refused = verify(&store, vec![other.clone()], Vec::new(), |_| ()).await.unwrap_err();
    assert!(matches!(refused, NotProven::Broken(_)));
    // Whoever has changed the key believes both.
    assert!(verify(&store, vec![other, signer().public_key()], Vec::new(), |_| ()).await.is_ok());
}
