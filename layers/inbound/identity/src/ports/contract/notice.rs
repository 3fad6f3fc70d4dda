//! Laws of the mail that tells people of a change: it is queued with the change, and never without it.

use std::time::Duration;

use super::{
    AuditTrail,
    factor::{SEALED, begin, enrolment, with_app},
    fixture::{Ear, NOW, origin, user_id, with_people},
    mail::outbox_mail,
    tries::KEY,
};
use crate::{
    ports::{
        IdentityStore,
        factor::{EnrollingTotp, Enrolment},
    },
    rules::{
        fact::IdentityFact,
        lockout::{LockoutPolicy, Reserving},
        mail::{MailKind, OutboxMail},
        notice::Notice,
    },
};

/// Whoever enrols an app is told, once it counts.
pub async fn enrolling_tells_its_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let notice = notice(1, Notice::FactorEnrolled);
    let telling = || Enrolment { notice: Some(notice.clone()), ..enrolment() };
    assert_eq!(store.enrol_totp(telling(), origin(NOW)).await.unwrap(), EnrollingTotp::Changed);
    nothing_is_due(store).await;
    begin(store, 1, SEALED).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(store.enrol_totp(telling(), origin(NOW)).await.unwrap(), EnrollingTotp::Enrolled);
    let user = user_id(1);
    let renewed = IdentityFact::BackupCodesRenewed { user, count: 10 };
    ear.heard(&[IdentityFact::FactorEnrolled { user }, renewed, queued(&notice)], NOW).await;
    is_due(store, &notice).await;
}

/// Whoever renews their backup codes is told; whoever has none to renew is not.
pub async fn renewing_backup_codes_tells_their_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let notice = notice(1, Notice::BackupCodesRenewed);
    let renew = || store.renew_backup_codes(user_id(1), Vec::new(), Some(notice.clone()), origin(NOW));
    assert!(!renew().await.unwrap());
    nothing_is_due(store).await;
    begin(store, 1, SEALED).await;
    store.enrol_totp(enrolment(), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert!(renew().await.unwrap());
    let renewed = IdentityFact::BackupCodesRenewed { user: user_id(1), count: 0 };
    ear.heard(&[renewed, queued(&notice)], NOW).await;
    is_due(store, &notice).await;
}

/// Whoever removes their app is told, once.
pub async fn removing_an_app_tells_its_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let mut ear = Ear::on(store).await;
    let notice = notice(1, Notice::FactorRemoved);
    assert!(store.remove_totp(user_id(1), None, Some(notice.clone()), origin(NOW)).await.unwrap());
    ear.heard(&[IdentityFact::FactorRemoved { user: user_id(1) }, queued(&notice)], NOW).await;
    is_due(store, &notice).await;
    assert!(!store.remove_totp(user_id(1), None, Some(notice), origin(NOW)).await.unwrap());
    nothing_is_due(store).await;
}

/// Whose credential is blocked is told once: not of the tries before, and not of those after.
pub async fn a_block_tells_its_person_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let policy = LockoutPolicy::default().limit(2);
    let day = Duration::from_secs(24 * 3600);
    let warning = |n| notice(n, Notice::TooManyTries);
    for n in 0..2 {
        let at = origin(NOW.plus(n * day));
        let reserved = store.reserve_try(KEY, policy, Some(warning(u128::from(n))), at).await.unwrap();
        assert_eq!(reserved, Reserving::Granted);
    }
    nothing_is_due(store).await;
    let mut ear = Ear::on(store).await;
    let blocked = store.reserve_try(KEY, policy, Some(warning(2)), origin(NOW.plus(2 * day))).await.unwrap();
    assert_eq!(blocked, Reserving::Blocked { just_now: true });
    let fact = IdentityFact::CredentialBlocked { class: KEY.class(), user: KEY.user() };
    ear.heard(&[fact, queued(&warning(2))], NOW.plus(2 * day)).await;
    is_due(store, &warning(2)).await;
    let blocked = store.reserve_try(KEY, policy, Some(warning(3)), origin(NOW.plus(3 * day))).await.unwrap();
    assert_eq!(blocked, Reserving::Blocked { just_now: false });
    nothing_is_due(store).await;
}

/// The `n`th mail, telling the first person.
pub(super) fn notice(n: u128, notice: Notice) -> OutboxMail {
    OutboxMail { kind: MailKind::Notice(notice), ..outbox_mail(n) }
}

pub(super) const fn queued(mail: &OutboxMail) -> IdentityFact {
    IdentityFact::MailQueued { mail: mail.id, user: mail.user, kind: mail.kind }
}

/// That one mail is due, and no other. It is leased for a year.
pub(super) async fn is_due<S: IdentityStore>(store: &S, mail: &OutboxMail) {
    let due = take(store).await;
    assert_eq!(due, [OutboxMail { attempt: 1, ..mail.clone() }]);
}

pub(super) async fn nothing_is_due<S: IdentityStore>(store: &S) {
    assert_eq!(take(store).await, []);
}

async fn take<S: IdentityStore>(store: &S) -> Vec<OutboxMail> {
    let year = Duration::from_secs(365 * 24 * 3600);
    store.take_due_mails(NOW.plus(year / 2), year, 10, Vec::new()).await.unwrap()
}
