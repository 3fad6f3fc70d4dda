//! Laws of accounts elsewhere.

use towergate_core::{Digest, LocalPath, id::Uuid};

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, email, establish, is_alive, login, origin, revoked, session_id, user, user_id,
        with_people,
    },
    mail::outbox_mail,
};
use crate::{
    ports::{
        IdentityStore,
        linked_identity::{Linking, RegisteringLinked, Unlinkage, Unlinking},
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        linked_identity::{
            ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId, VISIT,
            VisitPurpose,
        },
        mail::{MailKind, OutboxMail},
        notice::Notice,
        user::User,
    },
};

pub(super) fn account(subject: &str) -> ExternalAccount {
    ExternalAccount::new("https://op.example", subject).unwrap()
}

/// The `n`th link, of the first person to the account of that number.
pub(super) fn identity(n: u128) -> LinkedIdentity {
    LinkedIdentity {
        id: LinkedIdentityId::from_uuid(Uuid::from_u128(0xa000 + n)),
        user: user_id(1),
        provider: String::from("example"),
        account: account(&n.to_string()),
        label: format!("person-{n}@op.example"),
        tokens: Some(vec![1, 2, 3]),
        linked_at: NOW,
        last_used_at: None,
    }
}

/// The `n`th visit, to sign in, from one browser.
pub(super) fn visit(n: u128) -> ProviderVisit {
    ProviderVisit {
        id: ProviderVisitId::from_uuid(Uuid::from_u128(0xb000 + n)),
        digest: Digest::of(&n.to_be_bytes()),
        browser: Digest::of(b"browser"),
        provider: String::from("example"),
        purpose: VisitPurpose::SignIn,
        remember: n % 2 == 1,
        return_to: LocalPath::parse("/home?a=b").unwrap(),
        created_at: NOW,
        expires_at: NOW.plus(VISIT),
    }
}

fn linked(n: u128) -> IdentityFact {
    let LinkedIdentity { id, user, provider, .. } = identity(n);
    IdentityFact::IdentityLinked { user, identity: id, provider }
}

fn notice(n: u128, notice: Notice) -> OutboxMail {
    OutboxMail { kind: MailKind::Notice(notice), ..outbox_mail(n) }
}

async fn link<S: IdentityStore>(store: &S, identity: LinkedIdentity) -> Linking {
    store.link_identity(identity, None, origin(NOW)).await.unwrap()
}

pub(super) fn providers() -> Vec<String> {
    vec![identity(1).provider]
}

pub(super) fn unlinkage(n: u128) -> Unlinkage {
    Unlinkage {
        user: user_id(1),
        identity: identity(n).id,
        keeps: None,
        other_ways: 0,
        providers: providers(),
    }
}

/// A visit reads back whole, and ends once.
pub async fn a_visit_ends_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let (signs_in, links) = (
        visit(1),
        ProviderVisit {
            purpose: VisitPurpose::Link { user: user_id(1), session: session_id(1) },
            ..visit(2)
        },
    );
    for left in [signs_in, links] {
        assert!(store.begin_visit(left.clone(), 5, 100).await.unwrap());
        let back = store.take_visit(left.id).await.unwrap().unwrap();
        assert!(back.is_of("example", &left.digest, &left.browser, NOW));
        assert_eq!(
            (back.purpose, back.remember, back.return_to),
            (left.purpose, left.remember, left.return_to)
        );
        assert_eq!((back.created_at, back.expires_at), (left.created_at, left.expires_at));
        assert!(store.take_visit(left.id).await.unwrap().is_none());
    }
}

/// A browser has few visits, and all together so many.
pub async fn visits_have_so_much_room<S: IdentityStore + AuditTrail>(store: &S) {
    for n in 1..=3 {
        assert!(store.begin_visit(visit(n), 2, 100).await.unwrap());
    }
    assert!(store.take_visit(visit(1).id).await.unwrap().is_none(), "the oldest made way");
    let elsewhere = |n| ProviderVisit { browser: Digest::of(b"other"), ..visit(n) };
    assert!(!store.begin_visit(elsewhere(4), 2, 2).await.unwrap());
    assert!(store.begin_visit(visit(5), 2, 2).await.unwrap(), "in the place of one of its own");
    let later = ProviderVisit { created_at: NOW.plus(VISIT), ..elsewhere(6) };
    assert!(store.begin_visit(later, 2, 2).await.unwrap(), "those before are over");
}

/// What is too old gives no place away beyond the room that there is, and a visit is of nobody who is not there.
pub async fn a_visit_that_is_over_gives_no_place_away<S: IdentityStore + AuditTrail>(store: &S) {
    let late = |n| ProviderVisit { created_at: NOW.plus(VISIT), expires_at: NOW.plus(VISIT * 2), ..visit(n) };
    assert!(store.begin_visit(visit(1), 1, 1).await.unwrap());
    let other = ProviderVisit { browser: Digest::of(b"other"), ..late(2) };
    assert!(store.begin_visit(other, 1, 1).await.unwrap());
    assert!(!store.begin_visit(late(3), 1, 1).await.unwrap(), "the place is taken");
    let purpose = VisitPurpose::Link { user: user_id(9), session: session_id(1) };
    assert!(store.begin_visit(ProviderVisit { purpose, ..late(4) }, 9, 9).await.is_err());
}

/// An account elsewhere, known by issuer and subject together, opens one account here.
pub async fn an_account_elsewhere_opens_one_account<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let told = notice(1, Notice::IdentityLinked);
    let queued = IdentityFact::MailQueued { mail: told.id, user: told.user, kind: told.kind };
    assert_eq!(store.link_identity(identity(1), Some(told), origin(NOW)).await.unwrap(), Linking::Linked);
    ear.heard(&[linked(1), queued], NOW).await;
    let again = LinkedIdentity { id: identity(2).id, ..identity(1) };
    assert_eq!(link(store, again.clone()).await, Linking::Theirs);
    assert_eq!(link(store, LinkedIdentity { user: user_id(2), ..again }).await, Linking::Taken);
    assert_eq!(link(store, LinkedIdentity { user: user_id(9), ..identity(3) }).await, Linking::UserRefused);

    let found = store.find_linked_identity(&account("1")).await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.user, found.provider, found.account),
        (identity(1).id, user_id(1), String::from("example"), account("1"))
    );
    assert_eq!(
        (found.label, found.tokens, found.linked_at, found.last_used_at),
        (identity(1).label, Some(vec![1, 2, 3]), NOW, None)
    );
    ear.silence().await;
    assert!(store.find_linked_identity(&account("2")).await.unwrap().is_none());
    let other = ExternalAccount::new("https://other.example", "1").unwrap();
    assert!(store.find_linked_identity(&other).await.unwrap().is_none(), "another issuer's");
}

/// A new person and the account elsewhere are kept together or not at all.
pub async fn whoever_comes_by_an_account_elsewhere_is_kept_with_it<S: IdentityStore + AuditTrail>(store: &S) {
    let newcomer = |n| User { password: None, ..user(n) };
    let theirs = |n| LinkedIdentity { user: user_id(n), ..identity(n) };
    let register = async |user: User, identity: LinkedIdentity| {
        store.register_linked(user, identity, origin(NOW)).await.unwrap()
    };
    assert_eq!(register(newcomer(1), theirs(1)).await, RegisteringLinked::Added);
    assert!(store.find_user_by_email(&email(1)).await.unwrap().is_some());
    let same_address = User { email: email(1), ..newcomer(2) };
    assert_eq!(register(same_address, theirs(2)).await, RegisteringLinked::EmailTaken);
    assert!(store.find_linked_identity(&account("2")).await.unwrap().is_none());
    let same_account = LinkedIdentity { account: account("1"), ..theirs(3) };
    assert_eq!(register(newcomer(3), same_account).await, RegisteringLinked::AccountTaken);
    assert!(store.find_user(user_id(3)).await.unwrap().is_none());
}

/// A use is noted, never backwards.
pub async fn a_use_of_a_link_is_noted<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    link(store, identity(1)).await;
    let (later, label) = (NOW.plus(MILLISECOND), String::from("renamed"));
    assert!(store.use_linked_identity(identity(1).id, label.clone(), None, later).await.unwrap());
    assert!(store.use_linked_identity(identity(1).id, label.clone(), None, NOW).await.unwrap());
    let found = store.find_linked_identity(&account("1")).await.unwrap().unwrap();
    assert_eq!((found.label, found.tokens, found.last_used_at), (label.clone(), None, Some(later)));
    assert!(!store.use_linked_identity(identity(9).id, label, None, NOW).await.unwrap());
}

/// Removing a link ends every session but the one that goes on.
pub async fn removing_a_link_ends_the_other_sessions<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in [1, 2] {
        link(
            store,
            LinkedIdentity { linked_at: NOW.plus(MILLISECOND * u32::try_from(n).unwrap()), ..identity(n) },
        )
        .await;
        establish(store, login(n)).await;
    }
    let order: Vec<_> =
        store.linked_identities_of(user_id(1)).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(order, [identity(1).id, identity(2).id]);
    let mut ear = Ear::on(store).await;
    let removal = Unlinkage { keeps: Some(session_id(1)), ..unlinkage(1) };
    let other = Unlinkage { user: user_id(2), ..removal.clone() };
    assert_eq!(store.unlink_identity(other, None, origin(NOW)).await.unwrap(), Unlinking::Missing);
    let told = notice(1, Notice::IdentityUnlinked);
    let gone = store.unlink_identity(removal.clone(), Some(told), origin(NOW)).await.unwrap();
    assert_eq!(gone, Unlinking::Unlinked { sessions: 1 });
    let unlinked = IdentityFact::IdentityUnlinked { user: user_id(1), identity: identity(1).id };
    let told = notice(1, Notice::IdentityUnlinked);
    let queued = IdentityFact::MailQueued { mail: told.id, user: told.user, kind: told.kind };
    ear.heard(&[unlinked, revoked(2, SessionEnd::FactorsChanged), queued], NOW).await;
    assert!(is_alive(store, 1, NOW).await && !is_alive(store, 2, NOW).await);
    assert_eq!(store.unlink_identity(removal, None, origin(NOW)).await.unwrap(), Unlinking::Missing);
}

/// Nobody's last way in is removed.
pub async fn the_last_link_of_somebody_without_a_password_stays<S: IdentityStore + AuditTrail>(store: &S) {
    let newcomer = User { password: None, ..user(1) };
    store.register_linked(newcomer, identity(1), origin(NOW)).await.unwrap();
    let unlink = async |removal| store.unlink_identity(removal, None, origin(NOW)).await.unwrap();
    assert_eq!(unlink(unlinkage(1)).await, Unlinking::LastWayIn);
    assert!(store.find_linked_identity(&account("1")).await.unwrap().is_some());
    link(store, identity(2)).await;
    assert!(matches!(unlink(unlinkage(1)).await, Unlinking::Unlinked { .. }));
    assert_eq!(unlink(unlinkage(2)).await, Unlinking::LastWayIn);
    // Nobody signs in any more by what the first of them is at: it is no way in, and may go.
    let elsewhere = LinkedIdentity { provider: String::from("closed"), ..identity(3) };
    link(store, elsewhere).await;
    assert_eq!(unlink(unlinkage(2)).await, Unlinking::LastWayIn);
    assert!(matches!(unlink(unlinkage(3)).await, Unlinking::Unlinked { .. }));
    let mailed = Unlinkage { other_ways: 1, ..unlinkage(2) };
    assert!(matches!(unlink(mailed).await, Unlinking::Unlinked { .. }));
}
