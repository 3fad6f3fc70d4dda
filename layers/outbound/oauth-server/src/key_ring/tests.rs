use towergate_core::{Secret, Timestamp, clock::ManualClock, seal::SealingKey, system::OsRandom};
use towergate_oauth::{
    ports::memory::MemoryStore,
    rules::{
        client::{Client, ClientId, ClientMetadata, SubjectType},
        grant::Subject,
    },
};

use serde_json::{Map, Value};

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn key(byte: u8) -> SealingKey {
    SealingKey::new(Secret::new([byte; 32]))
}

fn sealing(byte: u8) -> SealingRing {
    SealingRing::new(key(byte))
}

struct House {
    store: MemoryStore,
    clock: ManualClock,
    random: OsRandom,
}

impl House {
    fn new() -> Self {
        Self { store: MemoryStore::new(), clock: ManualClock::at(NOW), random: OsRandom::new() }
    }

    async fn open(&self, sealing: &SealingRing) -> Result<KeyRing, KeyRingError> {
        KeyRing::open(&self.store, sealing, &self.clock, &self.random).await
    }

    async fn turn(&self, ring: &KeyRing) -> Vec<Move> {
        ring.turn(&self.store, &self.clock, &self.random).await.unwrap()
    }

    fn heard(&self, action: &str) -> usize {
        self.store.events().iter().filter(|event| event.action == action).count()
    }
}

fn kid(ring: &KeyRing) -> String {
    ring.signing(Algorithm::ES256).unwrap().kid().to_owned()
}

#[tokio::test]
async fn missing_keys_are_made_once_and_found_again() {
    let house = House::new();
    let first = house.open(&sealing(1)).await.unwrap();
    assert_eq!(first.algorithms().collect::<Vec<_>>(), [Algorithm::ES256, Algorithm::RS256]);
    let second = house.open(&sealing(1)).await.unwrap();
    assert_eq!(first.jwks(), second.jwks());
    assert_eq!(first.jwks().keys().len(), 2);
    assert_eq!(house.heard("key.moved"), 3, "two keys, and the secret behind pairwise subjects");
}

#[tokio::test]
async fn pairwise_subjects_outlive_every_rotation() {
    let house = House::new();
    let subject = Subject::parse("alice-1").unwrap();
    let sub = |ring: &KeyRing| ring.pairwise().sub(&pairwise_client(), &subject);
    let first = house.open(&sealing(1)).await.unwrap();
    let other = House::new().open(&sealing(1)).await.unwrap();
    assert_ne!(sub(&first), sub(&other));
    first.revoke("pairwise", &house.store, &house.clock, &house.random).await.unwrap();
    for _ in 0..4 {
        first.rotate(&house.store, &house.clock, &house.random).await.unwrap();
        house.clock.advance(first.policy().retiring_for);
    }
    let later = house.open(&sealing(2).with_older(key(1))).await.unwrap();
    assert_eq!(sub(&first), sub(&later));
    assert_eq!(sub(&first), sub(&house.open(&sealing(2)).await.unwrap()));
}

fn pairwise_client() -> Client {
    let mut metadata = ClientMetadata::default();
    metadata.subject_type = SubjectType::Pairwise;
    Client::unchecked(ClientId::parse("app").unwrap(), None, metadata)
}

#[tokio::test]
async fn another_sealing_key_opens_nothing() {
    let house = House::new();
    house.open(&sealing(1)).await.unwrap();
    let refused = house.open(&sealing(2)).await.unwrap_err();
    assert!(matches!(refused, KeyRingError::Seal { .. }));
    assert!(refused.to_string().contains("Give the sealing key"), "{refused}");
}

#[tokio::test]
async fn a_new_sealing_key_seals_everything_anew_once() {
    let house = House::new();
    house.open(&sealing(1)).await.unwrap();
    let both = sealing(2).with_older(key(1));
    let ring = house.open(&both).await.unwrap();
    assert_eq!(house.heard("key.resealed"), 3);
    house.turn(&ring).await;
    assert_eq!(house.heard("key.resealed"), 3);
    house.open(&sealing(2)).await.unwrap();
}

#[tokio::test]
async fn every_clone_and_every_instance_sees_the_ring_turn() {
    let house = House::new();
    let here = house.open(&sealing(1)).await.unwrap();
    let clone = here.clone();
    let elsewhere = house.open(&sealing(1)).await.unwrap();
    let (old, before) = (kid(&here), here.snapshot());
    house.turn(&here).await;
    assert!(Arc::ptr_eq(&before, &here.snapshot()), "nothing changed");

    here.rotate(&house.store, &house.clock, &house.random).await.unwrap();
    assert_eq!((kid(&clone), clone.jwks().keys().len()), (old.clone(), 4));
    house.clock.advance(here.policy().publish_for);
    assert!(!house.turn(&elsewhere).await.is_empty());
    assert_eq!(kid(&clone), old, "it has not looked");
    assert!(house.turn(&here).await.is_empty(), "the other one did it");
    assert_eq!(kid(&clone), kid(&elsewhere));
    assert_ne!(kid(&clone), old);
    assert!(clone.jwks().keys().iter().any(|key| key.kid() == Some(&old)), "what it signed is verified");

    house.clock.advance(here.policy().retiring_for);
    house.turn(&here).await;
    assert!(!clone.jwks().keys().iter().any(|key| key.kid() == Some(&old)));
}

#[tokio::test]
async fn a_key_in_wrong_hands_is_gone_and_another_signs() {
    let house = House::new();
    let ring = house.open(&sealing(1)).await.unwrap();
    let lost = kid(&ring);
    let nothing = ring.revoke("nobody", &house.store, &house.clock, &house.random).await.unwrap();
    assert!(nothing.is_empty());
    ring.revoke(&lost, &house.store, &house.clock, &house.random).await.unwrap();
    assert_ne!(kid(&ring), lost);
    assert!(!ring.jwks().keys().iter().any(|key| key.kid() == Some(&lost)));
    assert_eq!(ring.jwks().keys().len(), 2);
}

#[tokio::test]
async fn a_reading_that_took_longer_does_not_undo_a_later_one() {
    let house = House::new();
    let ring = house.open(&sealing(1)).await.unwrap();
    let slow = ring.begin_reading();
    let read = signing_keys(&house.store.keys().await.unwrap());
    ring.rotate(&house.store, &house.clock, &house.random).await.unwrap();
    ring.put(slow, &read).unwrap();
    assert_eq!(ring.jwks().keys().len(), 4);
}

#[tokio::test]
async fn a_policy_that_breaks_tokens_opens_nothing() {
    let house = House::new();
    let mut policy = RotationPolicy::default();
    policy.publish_for = policy.cache_for;
    let opened = KeyRing::with_policy(&house.store, &sealing(1), policy, &house.clock, &house.random).await;
    assert!(matches!(opened, Err(KeyRingError::Policy(InvalidPolicy::PublishedTooShort))));
}

#[tokio::test]
async fn what_was_signed_with_an_algorithm_that_is_given_up_is_verified() {
    let house = House::new();
    let mut policy = RotationPolicy::default();
    policy.algorithms = vec![Algorithm::EdDSA];
    let opened = KeyRing::with_policy(&house.store, &sealing(1), policy, &house.clock, &house.random).await;
    let key = opened.unwrap().signing(Algorithm::EdDSA).unwrap();
    let signed = key.sign_jwt("JWT", &Value::Object(Map::new())).unwrap();

    let ring = house.open(&sealing(1)).await.unwrap();
    ring.rotate(&house.store, &house.clock, &house.random).await.unwrap();
    assert!(ring.algorithms().all(|algorithm| algorithm != Algorithm::EdDSA));
    assert!(ring.verify(&signed, Typ::Exactly("JWT")).is_ok());
    assert!(ring.verify(&signed, Typ::Exactly("at+jwt")).is_err());
    house.clock.advance(ring.policy().retiring_for);
    house.turn(&ring).await;
    assert!(ring.verify(&signed, Typ::Exactly("JWT")).is_err());
}
