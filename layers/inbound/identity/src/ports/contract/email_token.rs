//! Laws of mailed proofs.

use towergate_core::{Digest, Secret, Timestamp, audit::Origin, id::Uuid};

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, assert_same, created, email, establish, is_alive, login, origin, revoked,
        session_id, succeeded, user, user_id, with_people,
    },
    mail::outbox_mail,
    passkey,
};
use crate::{
    ports::{
        IdentityStore,
        email_token::{Confirming, InVain, Issuing},
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, EmailTokenId, EmailTokenState, MAX_TRIES, Purpose, Shown},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        mail::{MailLimit, OutboxMail},
        passkey::{Ceremony, CeremonyPurpose},
        user::User,
    },
};

pub(super) fn token_id(n: u128) -> EmailTokenId {
    EmailTokenId::from_uuid(Uuid::from_u128(0x4000 + n))
}

/// The `n`th proof, for the first person.
pub(super) fn token(n: u128) -> EmailToken {
    EmailToken {
        id: token_id(n),
        digest: Digest::of(b"link"),
        code: Digest::of(b"code"),
        browser: Some(Digest::of(b"browser")),
        user: user_id(1),
        email: email(1),
        purpose: Purpose::Confirm,
        password: None,
        created_at: NOW,
        expires_at: NOW.plus(Purpose::Confirm.lifetime()),
        tries: 0,
        state: EmailTokenState::Open,
    }
}

pub(super) fn link() -> Shown {
    Shown::Link(Digest::of(b"link"))
}

pub(super) fn code() -> Shown {
    Shown::Code(Digest::of(b"code"))
}

pub(super) fn wrong_code() -> Shown {
    Shown::Code(Digest::of(b"other"))
}

fn issued(n: u128) -> [IdentityFact; 2] {
    let OfMail { mail, user, kind } = of_mail(n);
    [
        IdentityFact::EmailTokenIssued { token: token_id(n), user: user_id(1), purpose: Purpose::Confirm },
        IdentityFact::MailQueued { mail, user, kind },
    ]
}

struct OfMail {
    mail: crate::rules::mail::MailId,
    user: crate::rules::user::UserId,
    kind: crate::rules::mail::MailKind,
}

fn of_mail(n: u128) -> OfMail {
    let mail = outbox_mail(n);
    OfMail { mail: mail.id, user: mail.user, kind: mail.kind }
}

fn refused(n: u128, reason: TokenRefusal) -> IdentityFact {
    IdentityFact::EmailTokenRefused {
        token: token_id(n),
        user: user_id(1),
        purpose: Purpose::Confirm,
        reason,
    }
}

fn confirmed(n: u128, by: &'static str) -> IdentityFact {
    IdentityFact::EmailConfirmed { user: user_id(1), token: token_id(n), by }
}

/// Keeps the first person, unconfirmed, with the first proof.
pub(super) async fn with_token<S: IdentityStore>(store: &S) {
    let unconfirmed = User { confirmed_at: None, ..user(1) };
    let added = store.register_user(unconfirmed, token(1), outbox_mail(1), origin(NOW)).await.unwrap();
    assert_eq!(added, AddingUser::Added);
}

pub(super) async fn issue<S: IdentityStore>(store: &S, token: EmailToken, n: u128) -> Issuing {
    store.issue_email_token(token, outbox_mail(n), MailLimit::default(), origin(NOW)).await.unwrap()
}

async fn confirm<S: IdentityStore>(
    store: &S,
    n: u128,
    shown: Shown,
    grounded: bool,
    at: Timestamp,
) -> Confirming {
    store.confirm_email(token_id(n), shown, grounded, origin(at)).await.unwrap()
}

/// A person, the proof of their address and its mail come together, or not at all.
pub async fn a_registration_is_whole<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    with_token(store).await;
    let [token_issued, mail_queued] = issued(1);
    ear.heard(&[IdentityFact::UserRegistered { user: user_id(1) }, token_issued, mail_queued], NOW).await;
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().confirmed_at, None);
    let found = store.find_email_token(token_id(1)).await.unwrap().unwrap();
    assert_same(&found, &token(1));
    assert!(found.digest.matches(&token(1).digest) && found.code.matches(&token(1).code));
    assert!(found.was_asked_by(&Digest::of(b"browser")));

    let other = User { id: user_id(9), ..user(1) };
    let again = EmailToken { user: user_id(9), ..token(2) };
    let taken = store.register_user(other, again, outbox_mail(2), origin(NOW)).await.unwrap();
    assert_eq!(taken, AddingUser::EmailTaken);
    ear.silence().await;
    assert!(store.find_email_token(token_id(2)).await.unwrap().is_none());
    assert_eq!(store.take_due_mails(NOW, MILLISECOND, 9, Vec::new()).await.unwrap().len(), 1);
}

/// A proof is good once; the address is confirmed from then on.
pub async fn a_proof_is_good_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    assert_eq!(
        confirm(store, 1, link(), true, later).await,
        Confirming::Confirmed { user: user_id(1), sessions: 0 }
    );
    ear.heard(&[confirmed(1, "link")], later).await;
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().confirmed_at, Some(later));
    for shown in [link(), code()] {
        assert_eq!(confirm(store, 1, shown, true, later).await, Confirming::Refused(TokenRefusal::Dead));
        ear.heard(&[refused(1, TokenRefusal::Dead)], later).await;
    }
    assert!(store.open_email_token_of(user_id(1), Purpose::Confirm, NOW).await.unwrap().is_none());
}

/// A proof that nobody mailed confirms nothing.
pub async fn an_unknown_proof_confirms_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(confirm(store, 7, link(), true, NOW).await, Confirming::Missing);
    ear.silence().await;
}

/// A proof ends on time.
pub async fn a_proof_ends_on_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let end = token(1).expires_at;
    let before = end.minus(MILLISECOND);
    let purpose = Purpose::Confirm;
    assert!(store.open_email_token_of(user_id(1), purpose, before).await.unwrap().is_some());
    assert!(store.open_email_token_of(user_id(1), purpose, end).await.unwrap().is_none());
    assert_eq!(confirm(store, 1, link(), true, end).await, Confirming::Refused(TokenRefusal::Dead));
    assert!(matches!(confirm(store, 1, code(), true, before).await, Confirming::Confirmed { .. }));
}

/// A code is tried five times, then it is dead, also for whoever knows it; the link is not.
pub async fn a_code_is_tried_five_times<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let mut ear = Ear::on(store).await;
    for n in 0..MAX_TRIES {
        // A right code off firm ground looks as wrong as a wrong one, and costs a try too.
        let (shown, grounded) = if n % 2 == 0 { (wrong_code(), true) } else { (code(), false) };
        assert_eq!(confirm(store, 1, shown, grounded, NOW).await, Confirming::Refused(TokenRefusal::Wrong));
        ear.heard(&[refused(1, TokenRefusal::Wrong)], NOW).await;
    }
    assert_eq!(confirm(store, 1, code(), true, NOW).await, Confirming::Refused(TokenRefusal::Dead));
    assert_eq!(confirm(store, 1, link(), false, NOW).await, Confirming::Refused(TokenRefusal::Stranger));
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().confirmed_at, None);
    assert!(matches!(confirm(store, 1, link(), true, NOW).await, Confirming::Confirmed { .. }));
}

/// Only the newest proof is good, and the one before it keeps no password.
pub async fn only_the_newest_proof_is_good<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let mut ear = Ear::on(store).await;
    let chosen = EmailToken { password: Some(Secret::from("$argon2id$new")), ..token(2) };
    assert_eq!(issue(store, chosen, 2).await, Issuing::Issued);
    ear.heard(&issued(2), NOW).await;
    assert_eq!(confirm(store, 1, link(), true, NOW).await, Confirming::Refused(TokenRefusal::Dead));
    let open = store.open_email_token_of(user_id(1), Purpose::Confirm, NOW).await.unwrap().unwrap();
    assert_eq!((open.id, open.password.unwrap().expose().as_str()), (token_id(2), "$argon2id$new"));
    assert_eq!(issue(store, token(3), 3).await, Issuing::Issued);
    assert!(store.find_email_token(token_id(2)).await.unwrap().unwrap().password.is_none());
    let open = store.open_email_token_of(user_id(1), Purpose::Confirm, NOW).await.unwrap().unwrap();
    assert_eq!(open.id, token_id(3));
}

/// Whoever proves an address that somebody else registered before has it alone: that password, that second factor
/// and those sessions go.
pub async fn a_later_owner_wipes_what_a_squatter_set<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    establish(store, login(1)).await;
    store.begin_totp(user_id(1), b"squatter".to_vec(), origin(NOW)).await.unwrap();
    passkey::add(store, passkey::passkey(1)).await;
    let (user, session) = (user_id(1), session_id(1));
    let purpose = CeremonyPurpose::Register { user, session };
    passkey::begin(store, Ceremony { purpose, ..passkey::ceremony(1) }).await;
    let elsewhere = EmailToken { email: email(7), purpose: Purpose::ChangeEmail, ..token(3) };
    let asked = store.ask_email_change(elsewhere, outbox_mail(3), MailLimit::default(), origin(NOW)).await;
    assert_eq!(asked.unwrap(), Issuing::Issued);
    let chosen = EmailToken { password: Some(Secret::from("$argon2id$owner")), ..token(2) };
    issue(store, chosen, 2).await;
    let mut ear = Ear::on(store).await;
    let confirming = confirm(store, 2, link(), true, NOW).await;
    assert_eq!(confirming, Confirming::Confirmed { user: user_id(1), sessions: 1 });
    let facts = [
        confirmed(2, "link"),
        IdentityFact::PasswordSet { user: user_id(1) },
        revoked(1, SessionEnd::AddressProven),
    ];
    ear.heard(&facts, NOW).await;
    assert!(!is_alive(store, 1, NOW).await);
    assert!(store.find_totp(user_id(1)).await.unwrap().is_none());
    assert!(store.passkeys_of(user_id(1)).await.unwrap().is_empty());
    assert!(store.take_ceremony(passkey::ceremony_id(1), NOW).await.unwrap().is_none());
    let waiting = store.open_email_token_of(user_id(1), Purpose::ChangeEmail, NOW).await.unwrap();
    assert!(waiting.is_none(), "nor does the owner go to an address that the squatter wanted");
    let owner = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert_eq!(owner.password.unwrap().expose(), "$argon2id$owner");
    assert!(store.find_email_token(token_id(2)).await.unwrap().unwrap().password.is_none());
}

/// Whoever registered and proves the address keeps password and sessions.
pub async fn the_first_owner_keeps_what_they_have<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let mut ear = Ear::on(store).await;
    establish(store, login(1)).await;
    confirm(store, 1, code(), true, NOW).await;
    ear.heard(&[succeeded(1), created(1), confirmed(1, "code")], NOW).await;
    assert!(is_alive(store, 1, NOW).await);
}

/// A confirmed person's password is nobody's to replace by a proof.
pub async fn a_confirmed_person_keeps_their_password<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let chosen = EmailToken { password: Some(Secret::from("$argon2id$other")), ..token(1) };
    assert_eq!(issue(store, chosen, 1).await, Issuing::Issued);
    let later = NOW.plus(MILLISECOND);
    assert!(matches!(
        confirm(store, 1, link(), true, later).await,
        Confirming::Confirmed { sessions: 0, .. }
    ));
    let owner = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert_eq!(owner.password.unwrap().expose(), "$argon2id$old");
    assert_eq!(owner.confirmed_at, Some(NOW), "confirmed before, and since then");
}

/// No proof goes to whoever is shut out, is not there, or has another address; one that went before is dead.
pub async fn a_proof_is_bound_to_person_and_address<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    let elsewhere = EmailToken { email: email(2), ..token(2) };
    assert_eq!(issue(store, elsewhere, 2).await, Issuing::UserRefused);
    let nobody = EmailToken { user: user_id(9), ..token(2) };
    assert_eq!(issue(store, nobody, 2).await, Issuing::UserRefused);
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert_eq!(issue(store, token(2), 2).await, Issuing::UserRefused);
    assert_eq!(confirm(store, 1, link(), true, NOW).await, Confirming::Refused(TokenRefusal::Dead));
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().confirmed_at, None);
}

/// A proof that would be one mail too many is not written, and the one before it stays good.
pub async fn too_many_proofs_are_not_written<S: IdentityStore + AuditTrail>(store: &S) {
    with_token(store).await;
    for n in 2..=5 {
        assert_eq!(issue(store, token(n), n).await, Issuing::Issued);
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(issue(store, token(6), 6).await, Issuing::TooMany);
    let user = Some(user_id(1));
    ear.heard(&[IdentityFact::EmailTokenUnknown { user, asked: "too_many" }], NOW).await;
    assert!(store.find_email_token(token_id(6)).await.unwrap().is_none());
    let limit = MailLimit::default();
    let at = |at| -> Origin { origin(at) };
    let end = NOW.plus(limit.within);
    let mail = OutboxMail { created_at: end, ..outbox_mail(6) };
    let early =
        store.issue_email_token(token(6), mail.clone(), limit, at(end.minus(MILLISECOND))).await.unwrap();
    assert_eq!(early, Issuing::TooMany);
    assert!(store.open_email_token_of(user_id(1), Purpose::Confirm, NOW).await.unwrap().is_some());
    let issuing = store.issue_email_token(token(6), mail, limit, at(end)).await.unwrap();
    assert_eq!(issuing, Issuing::Issued);
}

/// What is written for an address that nobody may prove is as much as for somebody's, opens nothing, goes to nobody, and
/// counts as somebody's mail does.
pub async fn what_is_written_in_vain_opens_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let limit = MailLimit::default();
    let in_vain = async |n: u128, at: Timestamp| {
        let token = EmailToken { user: user_id(9), ..token(n) };
        let mail = OutboxMail { user: user_id(9), created_at: at, ..outbox_mail(n) };
        let vain = InVain { token, mail, person: Some(user_id(2)), asked: "resend" };
        store.issue_in_vain(vain, limit, origin(at)).await.unwrap();
    };
    let (user, kind) = (Some(user_id(2)), outbox_mail(1).kind);
    for n in 1..=5 {
        in_vain(n, NOW).await;
        let unknown = IdentityFact::EmailTokenUnknown { user, asked: "resend" };
        ear.heard(&[unknown, IdentityFact::MailWithheld { user, kind }], NOW).await;
        assert!(store.find_email_token(token_id(n)).await.unwrap().is_none());
        assert_eq!(confirm(store, n, link(), true, NOW).await, Confirming::Missing);
    }
    assert!(store.open_email_token_of(user_id(9), Purpose::Confirm, NOW).await.unwrap().is_none());
    assert!(store.take_due_mails(NOW, limit.within, 9, Vec::new()).await.unwrap().is_empty());
    let end = NOW.plus(limit.within);
    for (n, at, asked) in [(6, NOW, "too_many"), (6, end.minus(MILLISECOND), "too_many"), (6, end, "resend")]
    {
        in_vain(n, at).await;
        let mut heard = vec![IdentityFact::EmailTokenUnknown { user, asked }];
        heard.extend((asked == "resend").then_some(IdentityFact::MailWithheld { user, kind }));
        ear.heard(&heard, at).await;
    }
    // Somebody's mail is not counted among it, nor the other way round.
    assert_eq!(issue(store, token(7), 7).await, Issuing::Issued);
}
