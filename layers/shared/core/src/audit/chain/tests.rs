use proptest::prelude::*;

use super::*;
use crate::{
    Digest, Secret, Timestamp,
    audit::{Event, Fact, Origin, Outcome, Party, RequestId, StoredEvent},
    id::Uuid,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_123);

fn origin(n: u128) -> Origin {
    Origin { request: RequestId::from_uuid(Uuid::from_u128(n)), at: NOW }
}

fn event(id: i64) -> StoredEvent {
    let origin = origin(u128::try_from(id).unwrap());
    let event =
        Event::refused(origin, "login.failed", Party::anonymous(), Party::new("user", id), "password");
    StoredEvent::of(id, &event.with("network", "192.0.2.1").with("agent", "x"))
}

fn signer() -> SealSigner {
    SealSigner::from_seed(&Secret::new([7; 32])).unwrap()
}

/// Numbers with gaps, in batches of three.
fn log(events: i64) -> (Vec<Seal>, Vec<StoredEvent>) {
    let events: Vec<_> = (1..=events).map(|n| event(n * 2)).collect();
    let mut seals: Vec<Seal> = Vec::new();
    for batch in events.chunks(3) {
        seals.push(Seal::over(seals.last(), batch, &signer(), NOW).unwrap());
    }
    (seals, events)
}

fn walk(seals: &[Seal], events: &[StoredEvent], noted: Vec<Noted>) -> Result<Proven, Break> {
    let mut walk = Walk::new(vec![signer().public_key()], noted);
    for seal in seals {
        let from = walk.through();
        let within = |event: &&StoredEvent| event.id > from && event.id <= seal.through;
        walk.seal(seal, &events.iter().filter(within).cloned().collect::<Vec<_>>())?;
    }
    let from = walk.through();
    let rest: Vec<_> = events.iter().filter(|event| event.id > from).cloned().collect();
    walk.unsealed(&rest);
    walk.finish()
}

fn broken(seals: &[Seal], events: &[StoredEvent]) -> (Place, Damage) {
    let Break { place, damage } = walk(seals, events, Vec::new()).unwrap_err();
    (place, damage)
}

#[test]
fn an_untouched_log_is_proven_up_to_its_last_seal() {
    let (seals, mut events) = log(8);
    events.extend([event(100), event(101)]);
    let proven = walk(&seals, &events, Vec::new()).unwrap();
    assert_eq!((proven.events, proven.unsealed, proven.forgotten), (8, 2, 0));
    let last = proven.last.unwrap();
    assert_eq!(last.number, 3);
    let noted: Noted = last.to_string().parse().unwrap();
    assert!(walk(&seals, &events, vec![noted]).is_ok());
}

#[test]
fn each_part_of_an_event_is_sealed() {
    let (seals, events) = log(5);
    let changes: [fn(&mut StoredEvent); 11] = [
        |event| event.at = event.at.plus(std::time::Duration::from_millis(1)),
        |event| event.request = RequestId::from_uuid(Uuid::from_u128(99)),
        |event| event.action = String::from("login.succeeded"),
        |event| event.outcome = Outcome::Succeeded,
        |event| event.actor.kind = String::from("user"),
        |event| event.actor.id = String::from("1"),
        |event| event.target.id.push('0'),
        |event| event.reason = None,
        |event| event.reason = Some(String::new()),
        |event| event.details.swap(0, 1),
        |event| event.details.push((String::new(), String::new())),
    ];
    for change in changes {
        let mut events = events.clone();
        change(events.get_mut(3).unwrap());
        assert_eq!(broken(&seals, &events), (Place::Event(8), Damage::Changed));
    }
}

#[test]
fn where_one_text_ends_is_sealed() {
    let (seals, mut events) = log(1);
    let event = events.get_mut(0).unwrap();
    (event.target.kind, event.target.id) = (String::from("user2"), String::new());
    assert_eq!(broken(&seals, &events), (Place::Event(2), Damage::Changed));
}

#[test]
fn each_part_of_a_seal_is_signed() {
    let (seals, events) = log(9);
    let changes: [fn(&mut Seal); 6] = [
        |seal| seal.through -= 1,
        |seal| seal.count += 1,
        |seal| seal.digest = Digest::of(b"other"),
        |seal| seal.link = Digest::of(b"other"),
        |seal| seal.sealed_at = Timestamp::from_unix_millis(0),
        |seal| seal.signature = [1; 64],
    ];
    for change in changes {
        let mut seals = seals.clone();
        change(seals.get_mut(1).unwrap());
        assert_eq!(broken(&seals, &events), (Place::Seal(2), Damage::Forged));
    }
}

#[test]
fn whoever_seals_anew_needs_the_key_or_is_told_by_a_noted_link() {
    let (seals, mut events) = log(6);
    let noted = walk(&seals, &events, Vec::new()).unwrap().last.unwrap();
    events.remove(1);
    let with = |key: &SealSigner| {
        let first = Seal::over(None, events.get(..3).unwrap(), key, NOW).unwrap();
        let second = Seal::over(Some(&first), events.get(3..).unwrap(), key, NOW).unwrap();
        [first, second]
    };
    let stranger = SealSigner::from_seed(&Secret::new([8; 32])).unwrap();
    assert_eq!(broken(&with(&stranger), &events), (Place::Seal(1), Damage::OtherKey));
    let anew = with(&signer());
    assert!(walk(&anew, &events, Vec::new()).is_ok());
    let found = walk(&anew, &events, vec![noted]).unwrap_err();
    assert_eq!((found.place, found.damage), (Place::Seal(2), Damage::Forged));
}

#[test]
fn a_seal_that_is_cut_out_is_missed() {
    let (seals, events) = log(9);
    let without = |gone: usize| {
        let mut seals = seals.clone();
        seals.remove(gone);
        seals
    };
    assert_eq!(broken(&without(0), &events), (Place::Seal(1), Damage::Cut));
    assert_eq!(broken(&without(1), &events), (Place::Seal(2), Damage::Cut));
    // Of the last one only a note tells.
    assert_eq!(walk(&without(2), &events, Vec::new()).unwrap().unsealed, 3);
    let noted = walk(&seals, &events, Vec::new()).unwrap().last.unwrap();
    let found = walk(&without(2), &events, vec![noted]).unwrap_err();
    assert_eq!((found.place, found.damage), (Place::Seal(3), Damage::Cut));
}

#[test]
fn what_is_forgotten_must_be_said() {
    let (mut seals, events) = log(9);
    for seal in seals.iter_mut().take(2) {
        seal.leaves.clear();
    }
    let mut left = events.get(6..).unwrap().to_vec();
    assert_eq!(broken(&seals, &left), (Place::Seal(1), Damage::Removed));
    let said = |seal| StoredEvent::of(50, &EventsForgotten { seal, through: 12, count: 6 }.event(&origin(1)));
    left.push(said(1));
    assert_eq!(broken(&seals, &left), (Place::Seal(2), Damage::Removed));
    *left.last_mut().unwrap() = said(2);
    assert_eq!(walk(&seals, &left, Vec::new()).unwrap().forgotten, 2);
    // In the middle nothing is forgotten, whatever is said.
    *left.last_mut().unwrap() = said(3);
    let mut holed = events.get(..3).unwrap().to_vec();
    holed.extend_from_slice(&left);
    let (mut seals, _) = log(9);
    seals.get_mut(1).unwrap().leaves.clear();
    assert_eq!(broken(&seals, &holed), (Place::Seal(2), Damage::Removed));
}

#[test]
fn leaves_that_were_changed_hide_nothing() {
    let (mut seals, mut events) = log(3);
    events.get_mut(1).unwrap().target.id.clear();
    seals.get_mut(0).unwrap().leaves = seal::leaves(&events);
    assert_eq!(broken(&seals, &events), (Place::Seal(1), Damage::Changed));
    seals.get_mut(0).unwrap().leaves.clear();
    assert_eq!(broken(&seals, &events), (Place::Seal(1), Damage::Changed));
}

#[test]
fn a_public_key_comes_back_as_it_was_written() {
    let key = signer().public_key();
    assert_eq!(key.to_string().parse(), Ok(key));
    assert_eq!("AAAA".parse::<SealPublicKey>(), Err(NotAKey));
    assert!("1".parse::<Noted>().is_err() && "x:AAAA".parse::<Noted>().is_err());
    assert_eq!(format!("{:?}", signer()), "SealSigner(..)");
}

proptest! {
    #[test]
    fn any_removal_is_found_where_it_is(count in 1_i64..20, which in any::<prop::sample::Index>()) {
        let (seals, mut events) = log(count);
        let gone = events.remove(which.index(events.len()));
        prop_assert_eq!(broken(&seals, &events), (Place::Event(gone.id), Damage::Removed));
    }

    #[test]
    fn any_change_is_found_where_it_is(count in 1_i64..20, which in any::<prop::sample::Index>(), say in "[a-z]{0,8}") {
        let (seals, mut events) = log(count);
        let index = which.index(events.len());
        let changed = events.get_mut(index).unwrap();
        changed.actor.id = say + "!";
        let id = changed.id;
        prop_assert_eq!(broken(&seals, &events), (Place::Event(id), Damage::Changed));
    }

    #[test]
    fn any_swap_is_found(
        count in 2_i64..20, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()
    ) {
        let (seals, mut events) = log(count);
        let (one, other) = (one.index(events.len()), other.index(events.len()));
        prop_assume!(one != other);
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        events.swap(one, other);
        for (event, id) in events.iter_mut().zip(ids) {
            event.id = id;
        }
        let (place, damage) = broken(&seals, &events);
        let first = i64::try_from(one.min(other) + 1).unwrap() * 2;
        prop_assert_eq!(place, Place::Event(first));
        let together = one / 3 == other / 3;
        prop_assert_eq!(damage, if together { Damage::Reordered } else { Damage::Changed });
    }

    #[test]
    fn any_insertion_is_found_where_it_is(count in 1_i64..20, which in any::<prop::sample::Index>()) {
        let (seals, mut events) = log(count);
        let index = which.index(events.len());
        let id = events.get(index).unwrap().id - 1;
        let mut new = event(id);
        new.action = String::from("a.lie");
        events.insert(index, new);
        prop_assert_eq!(broken(&seals, &events), (Place::Event(id), Damage::Inserted));
    }
}
