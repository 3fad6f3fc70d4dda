//! Laws of mailed proofs that hold when many do the same at once.

use towergate_core::contract::{Task, many, one, written};

use super::{
    AuditTrail,
    email_token::{code, issue, link, token, token_id, with_token, wrong_code},
    fixture::{NOW, origin, user, user_id},
    mail::{LEASE, outbox_mail, queue},
};
use crate::{
    ports::{
        IdentityStore,
        email_token::{Confirming, InVain, Issuing},
        mail::Queuing,
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, Purpose},
        fact::TokenRefusal,
        mail::{MailLimit, OutboxMail},
        user::User,
    },
};

/// Of many parallel confirmations with one proof exactly one does it.
pub fn parallel_confirmations_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_token(&store).await });
    let confirmed = many(store, 32, &run, |store, n| async move {
        let shown = if n % 2 == 0 { link() } else { code() };
        store.confirm_email(token_id(1), shown, true, origin(NOW)).await.unwrap()
    });
    let done = confirmed.iter().filter(|answer| matches!(answer, Confirming::Confirmed { .. })).count();
    assert_eq!(done, 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "email.confirmed").await, 1);
    });
}

/// However many guess a code at once, five of them are heard.
pub fn parallel_guesses_are_five<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_token(&store).await });
    let guessed = many(store, 32, &run, |store, _| async move {
        store.confirm_email(token_id(1), wrong_code(), true, origin(NOW)).await.unwrap()
    });
    let heard = |wanted| guessed.iter().filter(|answer| **answer == Confirming::Refused(wanted)).count();
    assert_eq!((heard(TokenRefusal::Wrong), heard(TokenRefusal::Dead)), (5, 27));
    one(store, &run, |store| async move {
        assert_eq!(store.find_email_token(token_id(1)).await.unwrap().unwrap().tries, 5);
        let late = store.confirm_email(token_id(1), code(), true, origin(NOW)).await.unwrap();
        assert_eq!(late, Confirming::Refused(TokenRefusal::Dead));
    });
}

/// Of many parallel askings for one address one becomes a person, with one proof and one mail.
pub fn parallel_askings_leave_one_person<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let added = many(store, 32, &run, |store, n| async move {
        let asking = User { confirmed_at: None, email: super::fixture::email(1), ..user(n) };
        let token = EmailToken { user: asking.id, ..token(n) };
        let mail = OutboxMail { user: asking.id, ..outbox_mail(n) };
        store.register_user(asking, token, mail, origin(NOW)).await.unwrap()
    });
    assert_eq!(added.iter().filter(|answer| **answer == AddingUser::Added).count(), 1);
    one(store, &run, |store| async move {
        for action in ["user.registered", "email_token.issued", "mail.queued"] {
            assert_eq!(written(&store, action).await, 1, "{action}");
        }
    });
}

/// However many proofs are asked for at once, as many are written as may be, and one is good.
pub fn parallel_resends_keep_their_limit<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_token(&store).await });
    let issued = many(store, 32, &run, |store, n| async move { issue(&store, token(n + 2), n + 2).await });
    assert_eq!(issued.iter().filter(|answer| **answer == Issuing::Issued).count(), 4);
    one(store, &run, |store| async move {
        assert!(store.open_email_token_of(user_id(1), Purpose::Confirm, NOW).await.unwrap().is_some());
        let mut dead = 0;
        for n in 1..34 {
            let shown = store.confirm_email(token_id(n), link(), true, origin(NOW)).await.unwrap();
            dead += usize::from(shown == Confirming::Refused(TokenRefusal::Dead));
        }
        assert_eq!(dead, 4);
    });
}

/// However many ask in vain at once, none is turned away, and as much counts as for somebody.
pub fn parallel_askings_in_vain_keep_the_limit_of_somebody<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    many(store, 32, &run, |store, n| async move {
        let token = EmailToken { user: user_id(9), ..token(n + 1) };
        let mail = OutboxMail { user: user_id(9), ..outbox_mail(n + 1) };
        let vain = InVain { token, mail, person: None, asked: "resend" };
        store.issue_in_vain(vain, MailLimit::default(), origin(NOW)).await.unwrap();
    });
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "email_token.unknown").await, 32);
        assert_eq!(written(&store, "mail.withheld").await, 5);
    });
}

/// However many look for due mail at once, each mail is taken by one.
pub fn parallel_senders_take_each_mail_once<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        super::fixture::with_people(&store).await;
        for n in 1..=5 {
            assert_eq!(queue(&store, n).await, Queuing::Queued);
        }
    });
    let taken = many(store, 32, &run, |store, _| async move {
        store
            .take_due_mails(NOW, LEASE, 2, Vec::new())
            .await
            .unwrap()
            .into_iter()
            .map(|mail| mail.id)
            .collect::<Vec<_>>()
    });
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, (1..=5).map(|n| outbox_mail(n).id).collect::<Vec<_>>());
}
