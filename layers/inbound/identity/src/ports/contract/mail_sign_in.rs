//! Laws of signing in by mail.

use towergate_core::{
    Timestamp,
    contract::{Task, many, one, written},
};

use super::{
    AuditTrail,
    email_token::{code, issue, link, token, token_id, wrong_code},
    fixture::{
        Ear, MILLISECOND, NOW, email, establish, is_alive, login, origin, revoked, user, user_id, with_people,
    },
    mail::outbox_mail,
};
use crate::{
    ports::{IdentityStore, email_token::Issuing, user::AddingUser},
    rules::{
        email_token::{EmailToken, MAX_TRIES, Purpose, Shown},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail_sign_in::MailSpending,
        user::User,
    },
};

const PURPOSE: Purpose = Purpose::SignIn;

/// The `n`th proof to sign in, for the first person.
fn proof(n: u128) -> EmailToken {
    EmailToken { purpose: PURPOSE, expires_at: NOW.plus(PURPOSE.lifetime()), ..token(n) }
}

async fn spend<S: IdentityStore>(
    store: &S,
    n: u128,
    shown: Shown,
    grounded: bool,
    at: Timestamp,
) -> MailSpending {
    store.spend_mail_sign_in(token_id(n), shown, grounded, origin(at)).await.unwrap()
}

fn spent(n: u128, by: &'static str) -> IdentityFact {
    IdentityFact::EmailTokenSpent { token: token_id(n), user: user_id(1), purpose: PURPOSE, by }
}

fn refused(n: u128, reason: TokenRefusal) -> IdentityFact {
    IdentityFact::EmailTokenRefused { token: token_id(n), user: user_id(1), purpose: PURPOSE, reason }
}

const DEAD: MailSpending = MailSpending::Refused(TokenRefusal::Dead);

fn signed_in() -> MailSpending {
    MailSpending::Spent { user: user_id(1), reclaimed: false }
}

async fn with_proof<S: IdentityStore>(store: &S) {
    with_people(store).await;
    assert_eq!(issue(store, proof(1), 1).await, Issuing::Issued);
}

/// A proof signs in once; whoever had proven the address keeps what they have.
pub async fn a_mailed_sign_in_is_spent_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_proof(store).await;
    establish(store, login(1)).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(spend(store, 1, link(), true, NOW).await, signed_in());
    ear.heard(&[spent(1, "link")], NOW).await;
    for shown in [link(), code()] {
        assert_eq!(spend(store, 1, shown, true, NOW).await, DEAD);
        ear.heard(&[refused(1, TokenRefusal::Dead)], NOW).await;
    }
    assert!(is_alive(store, 1, NOW).await);
    assert!(store.find_user(user_id(1)).await.unwrap().unwrap().password.is_some());
}

/// A proof signs in until its end and no longer, also where the clock was set back since.
pub async fn a_mailed_sign_in_ends_on_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_proof(store).await;
    let end = proof(1).expires_at;
    assert_eq!(spend(store, 1, link(), true, end).await, DEAD);
    assert_eq!(spend(store, 1, code(), true, end.minus(MILLISECOND)).await, signed_in());
    assert_eq!(spend(store, 1, link(), true, NOW.minus(PURPOSE.lifetime())).await, DEAD);
}

/// Whoever stands on no firm ground does not get in, and the link stays good for whoever does.
pub async fn a_mailed_sign_in_needs_firm_ground<S: IdentityStore + AuditTrail>(store: &S) {
    with_proof(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(spend(store, 1, link(), false, NOW).await, MailSpending::Refused(TokenRefusal::Stranger));
    ear.heard(&[refused(1, TokenRefusal::Stranger)], NOW).await;
    for _ in 0..MAX_TRIES {
        let wrong = spend(store, 1, wrong_code(), true, NOW).await;
        assert_eq!(wrong, MailSpending::Refused(TokenRefusal::Wrong));
        ear.heard(&[refused(1, TokenRefusal::Wrong)], NOW).await;
    }
    assert_eq!(spend(store, 1, code(), true, NOW).await, DEAD);
    assert_eq!(spend(store, 1, link(), true, NOW).await, signed_in());
}

/// A proof is good for what it was mailed for, and for whom, at the address it went to.
pub async fn a_proof_is_bound_to_its_purpose<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for (n, purpose) in (1..).zip(Purpose::ALL) {
        if purpose != PURPOSE {
            let other = EmailToken { purpose, ..token(n) };
            assert_eq!(issue(store, other, n).await, Issuing::Issued);
            assert_eq!(spend(store, n, link(), true, NOW).await, MailSpending::Missing, "{purpose:?}");
        }
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(spend(store, 99, link(), true, NOW).await, MailSpending::Missing);
    ear.silence().await;
    let elsewhere = EmailToken { email: email(2), ..proof(20) };
    assert_eq!(issue(store, elsewhere, 20).await, Issuing::UserRefused);
    let of_another = EmailToken { user: user_id(2), ..proof(20) };
    assert_eq!(issue(store, of_another, 20).await, Issuing::UserRefused);
}

/// Whoever was shut out since their mail went out does not get in by it.
pub async fn whoever_is_shut_out_does_not_sign_in_by_mail<S: IdentityStore + AuditTrail>(store: &S) {
    with_proof(store).await;
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert_eq!(spend(store, 1, link(), true, NOW).await, DEAD);
}

/// Whoever signs in by mail where nobody had proven the address has the account alone: password, factors, sessions and
/// proofs of before are gone.
pub async fn a_mailed_sign_in_wipes_what_a_squatter_set<S: IdentityStore + AuditTrail>(store: &S) {
    let squatter = User { confirmed_at: None, ..user(1) };
    let added = store.register_user(squatter, token(1), outbox_mail(1), origin(NOW)).await.unwrap();
    assert_eq!(added, AddingUser::Added);
    establish(store, login(1)).await;
    store.begin_totp(user_id(1), b"squatter".to_vec(), origin(NOW)).await.unwrap();
    assert_eq!(issue(store, proof(2), 2).await, Issuing::Issued);
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    let got = spend(store, 2, link(), true, later).await;
    assert_eq!(got, MailSpending::Spent { user: user_id(1), reclaimed: true });
    let facts = [
        spent(2, "link"),
        IdentityFact::EmailConfirmed { user: user_id(1), token: token_id(2), by: "link" },
        IdentityFact::PasswordRemoved { user: user_id(1) },
        revoked(1, SessionEnd::AddressProven),
    ];
    ear.heard(&facts, later).await;
    assert!(!is_alive(store, 1, later).await);
    assert!(store.find_totp(user_id(1)).await.unwrap().is_none());
    let owner = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert!(owner.password.is_none() && owner.confirmed_at == Some(later));
    let confirming = store.confirm_email(token_id(1), link(), true, origin(later)).await.unwrap();
    assert_eq!(confirming, crate::ports::email_token::Confirming::Refused(TokenRefusal::Dead));
}

/// Of many who show one proof at once, one gets in.
pub fn parallel_mailed_sign_ins_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_proof(&store).await });
    let got = many(store, 32, &run, |store, n| async move {
        let shown = if n % 2 == 0 { link() } else { code() };
        spend(&store, 1, shown, true, NOW).await
    });
    assert_eq!(got.iter().filter(|got| **got == signed_in()).count(), 1);
    assert_eq!(got.iter().filter(|got| **got == DEAD).count(), 31);
    one(store, &run, |store| async move { assert_eq!(written(&store, "email_token.spent").await, 1) });
}
