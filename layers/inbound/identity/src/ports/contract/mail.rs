//! Laws of the outbox.

use std::time::Duration;

use towergate_core::{
    Timestamp,
    id::Uuid,
    outbox::{Backlog, DeadLetter, Replaying},
};

use super::{
    AuditTrail,
    fixture::{Ear, MILLISECOND, NOW, origin, user_id, with_people},
};
use crate::{
    ports::{
        IdentityStore,
        mail::{FinishingMail, Queuing},
    },
    rules::{
        fact::IdentityFact,
        mail::{MailDelivery, MailId, MailKind, MailLimit, OutboxMail},
    },
};

pub(super) const LEASE: Duration = Duration::from_secs(60);

/// The `n`th mail, to the first person.
pub(super) fn outbox_mail(n: u128) -> OutboxMail {
    OutboxMail {
        id: MailId::from_uuid(Uuid::from_u128(0x5000 + n)),
        user: user_id(1),
        kind: MailKind::ConfirmAddress,
        domain: String::from("example.com"),
        sealed: vec![1, 2, 3],
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(24 * 3600)),
        attempt: 0,
        forgiven: 0,
    }
}

pub(super) async fn queue<S: IdentityStore>(store: &S, n: u128) -> Queuing {
    store.queue_mail(outbox_mail(n), MailLimit::default(), origin(NOW)).await.unwrap()
}

async fn take<S: IdentityStore>(store: &S, at: Timestamp) -> Vec<OutboxMail> {
    store.take_due_mails(at, LEASE, 10, Vec::new()).await.unwrap()
}

fn tried(n: u128, attempt: u32, delivery: MailDelivery) -> IdentityFact {
    let OutboxMail { id, user, kind, .. } = outbox_mail(n);
    IdentityFact::MailTried { mail: id, user, kind, attempt, delivery }
}

/// A mail reads back whole when it is taken, and is nobody else's for its lease; whoever died leaves it due again.
pub async fn a_mail_is_taken_by_one_at_a_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(queue(store, 1).await, Queuing::Queued);
    let OutboxMail { id, user, kind, .. } = outbox_mail(1);
    ear.heard(&[IdentityFact::MailQueued { mail: id, user, kind }], NOW).await;
    assert!(take(store, NOW.minus(MILLISECOND)).await.is_empty());
    assert_eq!(take(store, NOW).await, [OutboxMail { attempt: 1, ..outbox_mail(1) }]);
    let end = NOW.plus(LEASE);
    assert!(take(store, end.minus(MILLISECOND)).await.is_empty());
    assert_eq!(take(store, end).await, [OutboxMail { attempt: 2, ..outbox_mail(1) }]);
    ear.silence().await;
}

/// What was sent or given up is not taken again.
pub async fn a_finished_mail_is_gone<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let ends = [MailDelivery::Sent, MailDelivery::GivenUp { reason: "refused" }];
    for (n, delivery) in (1..).zip(ends) {
        queue(store, n).await;
        take(store, NOW).await;
        let mut ear = Ear::on(store).await;
        let id = outbox_mail(n).id;
        let finishing = store.finish_mail(id, 1, delivery, origin(NOW)).await.unwrap();
        assert_eq!(finishing, FinishingMail::Finished);
        ear.heard(&[tried(n, 1, delivery)], NOW).await;
        let again = store.finish_mail(id, 1, delivery, origin(NOW)).await.unwrap();
        assert_eq!(again, FinishingMail::Overtaken);
        assert!(take(store, NOW.plus(LEASE * 1000)).await.is_empty());
        ear.silence().await;
    }
}

/// What could not be sent is due again when it was said to be, with its text.
pub async fn a_delayed_mail_is_due_again<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    queue(store, 1).await;
    take(store, NOW).await;
    let mut ear = Ear::on(store).await;
    let at = NOW.plus(LEASE * 5);
    let delivery = MailDelivery::RetryAt { at, reason: "unreachable" };
    store.finish_mail(outbox_mail(1).id, 1, delivery, origin(NOW)).await.unwrap();
    ear.heard(&[tried(1, 1, delivery)], NOW).await;
    assert!(take(store, at.minus(MILLISECOND)).await.is_empty());
    assert_eq!(take(store, at).await, [OutboxMail { attempt: 2, ..outbox_mail(1) }]);
}

/// Whoever comes back after their lease notes nothing over the one who has the mail now.
pub async fn a_late_note_counts_for_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    queue(store, 1).await;
    take(store, NOW).await;
    let end = NOW.plus(LEASE);
    take(store, end).await;
    let mut ear = Ear::on(store).await;
    let id = outbox_mail(1).id;
    let late = store.finish_mail(id, 1, MailDelivery::Sent, origin(end)).await.unwrap();
    assert_eq!(late, FinishingMail::Overtaken);
    ear.silence().await;
    let now = store.finish_mail(id, 2, MailDelivery::Sent, origin(end)).await.unwrap();
    assert_eq!(now, FinishingMail::Finished);
}

/// No more than so many mails are taken, the longest due first.
pub async fn mails_are_taken_in_order<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for (n, at) in [(3, NOW), (1, NOW.plus(MILLISECOND)), (2, NOW)] {
        store.queue_mail(outbox_mail(n), MailLimit::default(), origin(at)).await.unwrap();
    }
    let later = NOW.plus(MILLISECOND);
    let taken = store.take_due_mails(later, LEASE, 2, Vec::new()).await.unwrap();
    assert_eq!(taken.iter().map(|mail| mail.id).collect::<Vec<_>>(), [2, 3].map(|n| outbox_mail(n).id));
    assert_eq!(take(store, later).await.len(), 1);
}

/// A person gets so many mails of one kind within so long, and other mail besides.
pub async fn a_person_gets_so_many_mails_of_a_kind<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in 1..=5 {
        assert_eq!(queue(store, n).await, Queuing::Queued);
        take(store, NOW).await;
        store.finish_mail(outbox_mail(n).id, 1, MailDelivery::Sent, origin(NOW)).await.unwrap();
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(queue(store, 6).await, Queuing::TooMany);
    ear.silence().await;
    let limit = MailLimit::default();
    let of_other = OutboxMail { user: user_id(2), ..outbox_mail(7) };
    let of_kind = OutboxMail { kind: MailKind::AddressTaken, ..outbox_mail(8) };
    for mail in [of_other, of_kind] {
        assert_eq!(store.queue_mail(mail, limit, origin(NOW)).await.unwrap(), Queuing::Queued);
    }
    let end = NOW.plus(limit.within);
    let late = OutboxMail { created_at: end, ..outbox_mail(6) };
    assert_eq!(store.queue_mail(late, limit, origin(end)).await.unwrap(), Queuing::Queued);
}

/// Mail to a domain that is busy waits, however long it has waited already, and holds up no other.
pub async fn a_busy_domain_holds_up_no_other<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    queue(store, 1).await;
    let quick = OutboxMail { domain: String::from("quick.example"), ..outbox_mail(2) };
    let later = NOW.plus(MILLISECOND);
    store.queue_mail(quick.clone(), MailLimit::default(), origin(later)).await.unwrap();
    let busy = || vec![String::from("elsewhere.example"), String::from("example.com")];
    let taken = store.take_due_mails(later, LEASE, 10, busy()).await.unwrap();
    assert_eq!(taken, [OutboxMail { attempt: 1, ..quick }]);
    assert!(store.take_due_mails(later, LEASE, 10, busy()).await.unwrap().is_empty());
    assert_eq!(take(store, later).await, [OutboxMail { attempt: 1, ..outbox_mail(1) }]);
}

async fn give_up<S: IdentityStore>(store: &S, n: u128, at: Timestamp) {
    let attempt =
        take(store, at).await.into_iter().find(|mail| mail.id == outbox_mail(n).id).unwrap().attempt;
    let delivery = MailDelivery::GivenUp { reason: "refused" };
    store.finish_mail(outbox_mail(n).id, attempt, delivery, origin(at)).await.unwrap();
}

/// Mail that was given up can be seen, the newest first, with why and after how many tries, and without what it says.
pub async fn a_mail_that_was_given_up_is_a_dead_letter<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let later = NOW.plus(LEASE);
    for (n, at) in [(1, NOW), (2, later), (3, later)] {
        queue(store, n).await;
        give_up(store, n, at).await;
    }
    queue(store, 4).await;
    let letter = |n, died_at| DeadLetter {
        id: outbox_mail(n).id,
        kind: "confirm_address",
        destination: String::from("example.com"),
        reason: String::from("refused"),
        attempts: 1,
        queued_at: NOW,
        died_at,
        ends_at: Some(outbox_mail(n).expires_at),
    };
    assert_eq!(store.dead_mails(2).await.unwrap(), [letter(3, later), letter(2, later)]);
    assert_eq!(store.dead_mails(10).await.unwrap(), [letter(3, later), letter(2, later), letter(1, NOW)]);
}

/// Mail waits until it is sent or given up, also while somebody tries it, and after a try that failed.
pub async fn mail_that_waits_and_mail_that_was_given_up_is_counted<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let counted = async |waiting, dead| {
        assert_eq!(store.mail_backlog().await.unwrap(), Backlog { waiting, dead });
    };
    counted(0, 0).await;
    for n in 1..=3 {
        queue(store, n).await;
    }
    take(store, NOW).await;
    counted(3, 0).await;
    let ends = [
        MailDelivery::Sent,
        MailDelivery::RetryAt { at: NOW.plus(LEASE), reason: "unreachable" },
        MailDelivery::GivenUp { reason: "refused" },
    ];
    for (n, delivery) in (1..).zip(ends) {
        store.finish_mail(outbox_mail(n).id, 1, delivery, origin(NOW)).await.unwrap();
    }
    counted(1, 1).await;
    store.replay_mail(outbox_mail(3).id, origin(NOW)).await.unwrap();
    counted(2, 0).await;
}

/// A dead letter that is replayed is due now, with its text and all its tries before it; once, and on record.
pub async fn a_dead_mail_is_replayed_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    queue(store, 1).await;
    let id = outbox_mail(1).id;
    assert_eq!(store.replay_mail(id, origin(NOW)).await.unwrap(), Replaying::Missing, "it waits");
    give_up(store, 1, NOW).await;
    let later = NOW.plus(LEASE);
    let mut ear = Ear::on(store).await;
    assert_eq!(store.replay_mail(id, origin(later)).await.unwrap(), Replaying::Replayed);
    let OutboxMail { user, kind, .. } = outbox_mail(1);
    ear.heard(&[IdentityFact::MailReplayed { mail: id, user, kind }], later).await;
    assert_eq!(store.replay_mail(id, origin(later)).await.unwrap(), Replaying::Missing);
    assert!(store.dead_mails(10).await.unwrap().is_empty());
    assert!(take(store, later.minus(MILLISECOND)).await.is_empty());
    assert_eq!(take(store, later).await, [OutboxMail { attempt: 2, forgiven: 1, ..outbox_mail(1) }]);
    // Whoever had it before it died comes too late.
    let late = store.finish_mail(id, 1, MailDelivery::Sent, origin(later)).await.unwrap();
    assert_eq!(late, FinishingMail::Overtaken);
}

/// What nobody wants any more, and what is not there, is not replayed.
pub async fn a_mail_that_is_worth_nothing_is_not_replayed<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    queue(store, 1).await;
    give_up(store, 1, NOW).await;
    let (id, end) = (outbox_mail(1).id, outbox_mail(1).expires_at);
    let mut ear = Ear::on(store).await;
    assert_eq!(store.replay_mail(id, origin(end)).await.unwrap(), Replaying::TooLate);
    assert_eq!(store.replay_mail(outbox_mail(2).id, origin(NOW)).await.unwrap(), Replaying::Missing);
    ear.silence().await;
    assert_eq!(store.dead_mails(10).await.unwrap().len(), 1);
    let just = end.minus(MILLISECOND);
    assert_eq!(store.replay_mail(id, origin(just)).await.unwrap(), Replaying::Replayed);
}
