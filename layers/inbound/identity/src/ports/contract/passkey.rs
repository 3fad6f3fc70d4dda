//! Laws of passkeys.

use towergate_core::{Digest, StoreError, id::Uuid};

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, establish, is_alive, login, origin, revoked, session, session_id, user_id,
        with_people,
    },
    mail::outbox_mail,
};
use crate::{
    ports::{
        IdentityStore,
        passkey::{AddingPasskey, BeginningCeremony, PasskeyRemoval, RemovingPasskey, UsingPasskey},
        session::Establishment,
        user::AddingUser,
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        linked_identity::LinkedIdentity,
        mail::{MailKind, OutboxMail},
        notice::Notice,
        passkey::{
            Aaguid, CEREMONY, Ceremony, CeremonyId, CeremonyPurpose, CeremonyRoom, MAX_PASSKEYS, Passkey,
            PasskeyId, PasskeyName, PasskeyUse, SignCountPolicy, Transport,
        },
        session::SessionRecord,
        user::User,
    },
};

pub(super) const fn passkey_id(n: u128) -> PasskeyId {
    PasskeyId::from_uuid(Uuid::from_u128(0x7000 + n))
}

pub(super) const fn ceremony_id(n: u128) -> CeremonyId {
    CeremonyId::from_uuid(Uuid::from_u128(0x8000 + n))
}

/// The `n`th passkey, of the first person.
pub(super) fn passkey(n: u128) -> Passkey {
    Passkey {
        id: passkey_id(n),
        user: user_id(1),
        credential_id: format!("credential {n}").into_bytes(),
        name: PasskeyName::parse("Phone").unwrap(),
        credential: String::from("{\"public\":\"key\"}"),
        count: 0,
        aaguid: Aaguid::from_bytes([7; 16]),
        transports: vec![Transport::Internal, Transport::Hybrid],
        verifies: true,
        backup_eligible: true,
        backed_up: false,
        created_at: NOW,
        last_used_at: None,
    }
}

/// The `n`th ceremony, of a stranger in a browser of its own.
pub(super) fn ceremony(n: u128) -> Ceremony {
    Ceremony {
        id: ceremony_id(n),
        browser: Digest::of(&n.to_be_bytes()),
        purpose: CeremonyPurpose::SignIn,
        state: format!("{{\"challenge\":{n}}}"),
        created_at: NOW,
        expires_at: NOW.plus(CEREMONY),
    }
}

pub(super) async fn begin<S: IdentityStore>(store: &S, ceremony: Ceremony) -> BeginningCeremony {
    store.begin_ceremony(ceremony, CeremonyRoom::default()).await.unwrap()
}

pub(super) async fn add<S: IdentityStore>(store: &S, passkey: Passkey) -> AddingPasskey {
    store.add_passkey(passkey, MAX_PASSKEYS, None, origin(NOW)).await.unwrap()
}

/// A use of the first passkey, with this count.
pub(super) fn used(count: u32) -> PasskeyUse {
    PasskeyUse { passkey: passkey_id(1), count, verified: true, backup_eligible: true, backed_up: true }
}

/// A ceremony reads back whole, to whoever takes it first.
pub async fn a_ceremony_is_taken_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let (user, session) = (user_id(1), session_id(1));
    for (n, purpose) in [
        (1, CeremonyPurpose::SignIn),
        (2, CeremonyPurpose::Register { user, session }),
        (3, CeremonyPurpose::SecondFactor { user, session }),
    ] {
        let begun = Ceremony { purpose, ..ceremony(n) };
        assert_eq!(begin(store, begun.clone()).await, BeginningCeremony::Begun);
        let taken = store.take_ceremony(ceremony_id(n), NOW).await.unwrap().unwrap();
        assert!(taken.browser.matches(&begun.browser));
        assert_eq!(
            (taken.id, taken.purpose, taken.state, taken.created_at, taken.expires_at),
            (begun.id, purpose, begun.state, NOW, NOW.plus(CEREMONY))
        );
        assert!(store.take_ceremony(ceremony_id(n), NOW).await.unwrap().is_none());
    }
    assert!(store.take_ceremony(ceremony_id(9), NOW).await.unwrap().is_none());
}

/// A ceremony that waited too long is not to be had, and is gone.
pub async fn a_ceremony_does_not_wait_for_ever<S: IdentityStore + AuditTrail>(store: &S) {
    for n in [1, 2] {
        begin(store, ceremony(n)).await;
    }
    let end = NOW.plus(CEREMONY);
    assert!(store.take_ceremony(ceremony_id(1), end).await.unwrap().is_none());
    assert!(store.take_ceremony(ceremony_id(1), NOW).await.unwrap().is_none());
    assert!(store.take_ceremony(ceremony_id(2), end.minus(MILLISECOND)).await.unwrap().is_some());
}

/// Strangers' ceremonies are so many at most, and whoever has a session is none of them.
pub async fn strangers_have_so_much_room<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let room = CeremonyRoom { strangers: 3, each: 5 };
    let begin = |ceremony| async move { store.begin_ceremony(ceremony, room).await.unwrap() };
    for n in 1..=3 {
        assert_eq!(begin(ceremony(n)).await, BeginningCeremony::Begun, "{n}");
    }
    assert_eq!(begin(ceremony(4)).await, BeginningCeremony::Full);
    assert!(store.take_ceremony(ceremony_id(4), NOW).await.unwrap().is_none());
    let (user, session) = (user_id(1), session_id(1));
    let purpose = CeremonyPurpose::Register { user, session };
    assert_eq!(begin(Ceremony { purpose, ..ceremony(5) }).await, BeginningCeremony::Begun);
    // What is answered, or waited too long, makes room.
    store.take_ceremony(ceremony_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(begin(ceremony(6)).await, BeginningCeremony::Begun);
    assert_eq!(begin(ceremony(7)).await, BeginningCeremony::Full);
    let late = Ceremony { created_at: NOW.plus(CEREMONY), expires_at: NOW.plus(CEREMONY * 2), ..ceremony(8) };
    assert_eq!(begin(late).await, BeginningCeremony::Begun);
}

/// What waited too long makes no room for more than there may be, though it is of the same browser.
pub async fn what_is_over_gives_no_place_away<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let room = CeremonyRoom { strangers: 1, each: 1 };
    let later =
        |n| Ceremony { created_at: NOW.plus(CEREMONY), expires_at: NOW.plus(CEREMONY * 2), ..ceremony(n) };
    let begin = |ceremony| async move { store.begin_ceremony(ceremony, room).await.unwrap() };
    assert_eq!(begin(ceremony(1)).await, BeginningCeremony::Begun);
    assert_eq!(begin(later(2)).await, BeginningCeremony::Begun);
    let again = Ceremony { browser: ceremony(1).browser, ..later(3) };
    assert_eq!(begin(again).await, BeginningCeremony::Full);
    // Whoever begins anew in the place of their own takes no room.
    let instead = Ceremony { browser: ceremony(2).browser, ..later(4) };
    assert_eq!(begin(instead).await, BeginningCeremony::Begun);
}

/// Nobody who is not there has a ceremony.
pub async fn a_ceremony_of_nobody_is_refused<S: IdentityStore + AuditTrail>(store: &S) {
    let purpose = CeremonyPurpose::Register { user: user_id(1), session: session_id(1) };
    let refused = store.begin_ceremony(Ceremony { purpose, ..ceremony(1) }, CeremonyRoom::default()).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}

/// Of one browser, or of one session, the oldest ceremonies make way.
pub async fn the_oldest_ceremony_makes_way<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let room = CeremonyRoom { strangers: 2, each: 2 };
    let (user, session) = (user_id(1), session_id(1));
    let purposes = [CeremonyPurpose::SignIn, CeremonyPurpose::SecondFactor { user, session }];
    for (at, purpose) in [0, 10].into_iter().zip(purposes) {
        for n in at + 1..=at + 3 {
            let ceremony = Ceremony { browser: Digest::of(b"one browser"), purpose, ..ceremony(n) };
            let begun = store.begin_ceremony(ceremony, room).await.unwrap();
            assert_eq!(begun, BeginningCeremony::Begun, "{n}");
        }
    }
    for (n, there) in [(1, false), (2, true), (3, true), (11, false), (12, true), (13, true)] {
        assert_eq!(store.take_ceremony(ceremony_id(n), NOW).await.unwrap().is_some(), there, "{n}");
    }
}

/// A passkey reads back whole, by its person and by what its authenticator calls it, and is told of.
pub async fn a_passkey_reads_back_whole<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let notice = notice(1, Notice::PasskeyAdded);
    let added = store.add_passkey(passkey(1), 10, Some(notice), origin(NOW)).await.unwrap();
    assert_eq!(added, AddingPasskey::Added);
    let (user, kind) = (user_id(1), MailKind::Notice(Notice::PasskeyAdded));
    ear.heard(
        &[
            IdentityFact::PasskeyAdded { user, passkey: passkey_id(1), aaguid: Aaguid::from_bytes([7; 16]) },
            IdentityFact::MailQueued { mail: outbox_mail(1).id, user, kind },
        ],
        NOW,
    )
    .await;
    let older = Passkey {
        count: 5,
        transports: Vec::new(),
        verifies: false,
        backup_eligible: false,
        created_at: NOW.minus(MILLISECOND),
        last_used_at: Some(NOW),
        ..passkey(2)
    };
    add(store, older.clone()).await;
    assert_eq!(store.passkeys_of(user).await.unwrap(), [older, passkey(1)]);
    assert_eq!(store.find_passkey(b"credential 1").await.unwrap(), Some(passkey(1)));
    assert_eq!(store.find_passkey(b"credential 3").await.unwrap(), None);
    assert_eq!(store.passkeys_of(user_id(2)).await.unwrap(), []);
}

/// What an authenticator calls a passkey belongs to one passkey of one person.
pub async fn a_credential_belongs_to_one_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, passkey(1)).await;
    let mut ear = Ear::on(store).await;
    let same = Passkey { credential_id: passkey(1).credential_id, ..passkey(2) };
    for taken in [same.clone(), Passkey { user: user_id(2), ..same }] {
        let notice = Some(notice(2, Notice::PasskeyAdded));
        let added = store.add_passkey(taken, 10, notice, origin(NOW)).await.unwrap();
        assert_eq!(added, AddingPasskey::Taken);
    }
    let twice = Passkey { credential_id: b"another".to_vec(), ..passkey(1) };
    let added = store.add_passkey(twice, 10, None, origin(NOW)).await;
    assert!(matches!(added, Err(StoreError::Refused(_))), "{added:?}");
    ear.silence().await;
    assert_eq!(store.passkeys_of(user_id(1)).await.unwrap(), [passkey(1)]);
}

/// A person has so many passkeys and no more; whoever is shut out, or nobody, gets none.
pub async fn a_person_has_so_many_passkeys<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in 1..=10 {
        assert_eq!(add(store, passkey(n)).await, AddingPasskey::Added, "{n}");
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(add(store, passkey(11)).await, AddingPasskey::TooMany);
    assert_eq!(add(store, Passkey { user: user_id(9), ..passkey(12) }).await, AddingPasskey::UserRefused);
    ear.silence().await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    assert_eq!(add(store, Passkey { user: user_id(2), ..passkey(13) }).await, AddingPasskey::UserRefused);
}

/// A use is noted, and the highest count is kept.
pub async fn a_use_is_noted<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, passkey(1)).await;
    let mut ear = Ear::on(store).await;
    let (user, passkey) = (user_id(1), passkey_id(1));
    for (count, policy) in
        [(0, SignCountPolicy::Revoke), (1, SignCountPolicy::Refuse), (7, SignCountPolicy::Warn)]
    {
        let noted = store.use_passkey(used(count), policy, None, origin(NOW)).await.unwrap();
        assert_eq!(noted, UsingPasskey::Used);
        ear.heard(&[IdentityFact::PasskeyUsed { user, passkey, verified: true }], NOW).await;
        let found = only(store).await;
        assert_eq!((found.count, found.last_used_at, found.backed_up), (count, Some(NOW), true));
    }
    let other = PasskeyUse { passkey: passkey_id(9), ..used(9) };
    let missing = store.use_passkey(other, SignCountPolicy::Warn, None, origin(NOW)).await.unwrap();
    assert_eq!(missing, UsingPasskey::Missing);
    ear.silence().await;
}

/// Where the host only warns, a count that went back is told, lets in, and leaves the higher one.
pub async fn a_count_that_went_back_is_told<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, Passkey { count: 5, ..passkey(1) }).await;
    let mut ear = Ear::on(store).await;
    let (user, passkey, policy) = (user_id(1), passkey_id(1), SignCountPolicy::Warn);
    for seen in [5, 4, 0] {
        let noted = store.use_passkey(used(seen), policy, None, origin(NOW)).await.unwrap();
        assert_eq!(noted, UsingPasskey::Used);
        let facts = [
            IdentityFact::PasskeyCountWentBack { user, passkey, kept: 5, seen, policy },
            IdentityFact::PasskeyUsed { user, passkey, verified: true },
        ];
        ear.heard(&facts, NOW).await;
        assert_eq!(only(store).await.count, 5);
    }
}

/// Where the host refuses, a count that went back is told and changes nothing.
pub async fn a_count_that_went_back_is_refused<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let before = Passkey { count: 5, ..passkey(1) };
    add(store, before.clone()).await;
    let mut ear = Ear::on(store).await;
    let (user, passkey, policy) = (user_id(1), passkey_id(1), SignCountPolicy::Refuse);
    let noted = store.use_passkey(used(5), policy, None, origin(NOW)).await.unwrap();
    assert_eq!(noted, UsingPasskey::Refused);
    ear.heard(&[IdentityFact::PasskeyCountWentBack { user, passkey, kept: 5, seen: 5, policy }], NOW).await;
    assert_eq!(only(store).await, before);
}

/// Where the host revokes, a count that went back ends the key and every session of its person.
pub async fn a_count_that_went_back_revokes<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, Passkey { count: 5, ..passkey(1) }).await;
    establish(store, login(1)).await;
    let mut ear = Ear::on(store).await;
    let (user, passkey, policy) = (user_id(1), passkey_id(1), SignCountPolicy::Revoke);
    let told = Some(notice(1, Notice::PasskeyRemoved));
    let noted = store.use_passkey(used(1), policy, told, origin(NOW)).await.unwrap();
    assert_eq!(noted, UsingPasskey::Revoked);
    let kind = MailKind::Notice(Notice::PasskeyRemoved);
    let facts = [
        IdentityFact::PasskeyCountWentBack { user, passkey, kept: 5, seen: 1, policy },
        IdentityFact::PasskeyRemoved { user, passkey },
        revoked(1, SessionEnd::FactorsChanged),
        IdentityFact::MailQueued { mail: outbox_mail(1).id, user, kind },
    ];
    ear.heard(&facts, NOW).await;
    assert_eq!(store.passkeys_of(user).await.unwrap(), []);
    assert!(!is_alive(store, 1, NOW).await);
}

/// A person calls their own passkey something else, and nobody else's.
pub async fn a_passkey_is_renamed<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, passkey(1)).await;
    let mut ear = Ear::on(store).await;
    let name = PasskeyName::parse("Key ring").unwrap();
    let rename = |user, n| {
        let name = name.clone();
        async move { store.rename_passkey(user_id(user), passkey_id(n), name, origin(NOW)).await.unwrap() }
    };
    assert!(!rename(2, 1).await);
    assert!(!rename(1, 2).await);
    ear.silence().await;
    assert!(rename(1, 1).await);
    ear.heard(&[IdentityFact::PasskeyRenamed { user: user_id(1), passkey: passkey_id(1) }], NOW).await;
    assert_eq!(only(store).await, Passkey { name, ..passkey(1) });
}

/// With a passkey go its person's other sessions, and the one that goes on too where it rests on that passkey.
pub async fn removing_a_passkey_ends_the_other_sessions<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in [1, 2] {
        add(store, passkey(n)).await;
        let session = SessionRecord { passkey: Some(passkey_id(n)), ..session(n) };
        establish(store, Establishment { session, ..login(n) }).await;
    }
    let found = store.load_session(session_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(found.passkey, Some(passkey_id(1)));
    let theirs = SessionRecord { user: user_id(2), ..session(3) };
    establish(store, Establishment { session: theirs, ..login(3) }).await;
    let mut ear = Ear::on(store).await;
    let told = Some(notice(1, Notice::PasskeyRemoved));
    let removed = store.remove_passkey(removal(1), told, origin(NOW)).await.unwrap();
    assert_eq!(removed, RemovingPasskey::Removed { sessions: 1 });
    let (user, kind) = (user_id(1), MailKind::Notice(Notice::PasskeyRemoved));
    let facts = [
        IdentityFact::PasskeyRemoved { user, passkey: passkey_id(1) },
        revoked(1, SessionEnd::FactorsChanged),
        IdentityFact::MailQueued { mail: outbox_mail(1).id, user, kind },
    ];
    ear.heard(&facts, NOW).await;
    assert_eq!(store.passkeys_of(user).await.unwrap(), [passkey(2)]);
    let removed = store.remove_passkey(removal(2), None, origin(NOW)).await.unwrap();
    assert_eq!(removed, RemovingPasskey::Removed { sessions: 1 });
    for (n, alive) in [(1, false), (2, false), (3, true)] {
        assert_eq!(is_alive(store, n, NOW).await, alive, "{n}");
    }
}

/// Nobody's last way in is removed, and nobody else's passkey.
pub async fn the_last_way_in_stays<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let bare = User { password: None, ..super::fixture::user(3) };
    assert_eq!(store.add_user(bare, origin(NOW)).await.unwrap(), AddingUser::Added);
    for n in [1, 2] {
        add(store, Passkey { user: user_id(3), ..passkey(n) }).await;
    }
    let mut ear = Ear::on(store).await;
    let remove = |removal| async move { store.remove_passkey(removal, None, origin(NOW)).await.unwrap() };
    let theirs = |n| PasskeyRemoval { user: user_id(3), ..removal(n) };
    assert_eq!(remove(removal(1)).await, RemovingPasskey::Missing);
    assert_eq!(remove(theirs(9)).await, RemovingPasskey::Missing);
    ear.silence().await;
    assert_eq!(remove(theirs(1)).await, RemovingPasskey::Removed { sessions: 0 });
    let gone = IdentityFact::PasskeyRemoved { user: user_id(3), passkey: passkey_id(1) };
    ear.heard(&[gone], NOW).await;
    assert_eq!(remove(theirs(2)).await, RemovingPasskey::LastWayIn);
    ear.silence().await;
    assert_eq!(store.passkeys_of(user_id(3)).await.unwrap().len(), 1);
    let elsewhere = super::linked_identity::identity(1);
    let (provider, link) = (elsewhere.provider.clone(), LinkedIdentity { user: user_id(3), ..elsewhere });
    store.link_identity(link, None, origin(NOW)).await.unwrap();
    assert_eq!(remove(theirs(2)).await, RemovingPasskey::LastWayIn, "nobody signs in there any more");
    add(store, Passkey { user: user_id(3), ..passkey(3) }).await;
    let linked = PasskeyRemoval { providers: vec![provider], ..theirs(3) };
    assert_eq!(remove(linked.clone()).await, RemovingPasskey::Removed { sessions: 0 });
    let mailed = PasskeyRemoval { other_ways: 1, ..theirs(2) };
    assert_eq!(remove(mailed).await, RemovingPasskey::Removed { sessions: 0 });
}

/// The removal of a passkey of the first person, whose second session goes on.
pub(super) fn removal(n: u128) -> PasskeyRemoval {
    PasskeyRemoval {
        user: user_id(1),
        passkey: passkey_id(n),
        keeps: Some(session_id(2)),
        other_ways: 0,
        providers: Vec::new(),
    }
}

fn notice(n: u128, notice: Notice) -> OutboxMail {
    OutboxMail { kind: MailKind::Notice(notice), ..outbox_mail(n) }
}

async fn only<S: IdentityStore>(store: &S) -> Passkey {
    let mut passkeys = store.passkeys_of(user_id(1)).await.unwrap();
    let only = passkeys.pop().unwrap();
    assert!(passkeys.is_empty());
    only
}
