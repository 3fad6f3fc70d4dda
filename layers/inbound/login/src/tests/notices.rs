//! What people are told by mail of changes to their account.

use towergate_core::{
    id::Uuid,
    seal::{SealingKey, SealingRing},
};
use towergate_identity::{
    ports::MailOutbox,
    rules::{lockout::LockoutPolicy, mail::MailKind, notice::Notice, totp::TotpSecret},
};

use super::*;
use crate::{
    Authenticator, Enrolled,
    mail::{Herald, Mailroom},
};

pub(super) fn room() -> Mailroom {
    Mailroom::new("https://h.example", &Secret::new([7; 32])).unwrap()
}

fn sealing() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([7; 32])))
}

/// The notices that wait, taken away.
async fn due<H>(host: &Host<H>) -> Vec<Notice> {
    let year = Duration::from_secs(365 * 24 * 3600);
    let due = host.store.take_due_mails(host.clock.now(), year, 100, Vec::new()).await.unwrap();
    let notices = due.into_iter().map(|mail| match mail.kind {
        MailKind::Notice(notice) => notice,
        other => panic!("{other:?}"),
    });
    notices.collect()
}

/// Alice, whose address is proven.
async fn confirmed() -> (Host, User) {
    let host = Host::new();
    let now = host.clock.now();
    let user = User {
        id: UserId::fresh(now, &host.random).unwrap(),
        email: EmailAddress::parse(ALICE).unwrap(),
        password: Some(host.hashed(RIGHT, 16)),
        state: UserState::Active,
        created_at: now,
        confirmed_at: Some(now),
    };
    host.store.add_user(user.clone(), Origin::detached(now, &host.random).unwrap()).await.unwrap();
    (host, user)
}

fn herald(host: &Host) -> Herald {
    host.site().notices(room()).herald()
}

fn keeper(host: &Host, herald: Herald) -> Authenticator<MemoryStore> {
    Authenticator::new(host.store.clone(), sealing(), host.random.clone()).telling(herald)
}

/// Enrols, renews, removes.
async fn through_it_all(host: &Host, user: UserId, herald: Herald) {
    let keeper = keeper(host, herald);
    let origin = Origin::detached(host.clock.now(), &host.random).unwrap();
    keeper.begin(user, origin).await.unwrap();
    let Enrolled::Waiting(secret) = keeper.of(user, origin).await.unwrap() else { panic!("it waits") };
    let code = |secret: &TotpSecret| Secret::new(secret.code_at(origin.at).unwrap().expose().to_owned());
    keeper.confirm(user, &code(&secret), None, origin).await.unwrap();
    keeper.renew_backup_codes(user, origin).await.unwrap();
    keeper.remove(user, None, origin).await.unwrap();
}

#[tokio::test]
async fn each_change_of_factors_is_told_at_the_proven_address() {
    let (host, user) = confirmed().await;
    through_it_all(&host, user.id, herald(&host)).await;
    let mut told = due(&host).await;
    told.sort();
    assert_eq!(told, [Notice::BackupCodesRenewed, Notice::FactorEnrolled, Notice::FactorRemoved]);
}

#[tokio::test]
async fn an_address_that_nobody_proved_is_told_nothing() {
    let host = Host::with_alice().await;
    let alice = host.store.find_user_by_email(&EmailAddress::parse(ALICE).unwrap()).await.unwrap().unwrap();
    through_it_all(&host, alice.id, herald(&host)).await;
    assert_eq!(due(&host).await, []);
}

#[tokio::test]
async fn a_host_chooses_what_is_told() {
    let (host, user) = confirmed().await;
    let site = host.site().notices(room()).insecure_without_notice(Notice::BackupCodesRenewed);
    through_it_all(&host, user.id, site.herald()).await;
    let mut told = due(&host).await;
    told.sort();
    assert_eq!(told, [Notice::FactorEnrolled, Notice::FactorRemoved]);
    through_it_all(&host, user.id, host.site().herald()).await;
    assert_eq!(due(&host).await, [], "a host without mail tells nothing");
}

#[tokio::test]
async fn a_password_that_was_guessed_at_too_often_is_told_once() {
    let (host, user) = confirmed().await;
    let routes = LoginRoutes::new(host.store.clone(), host.hasher.clone(), host.site().notices(room()))
        .lockout(LockoutPolicy::default().limit(2));
    for n in 0..4_u8 {
        host.clock.advance(Duration::from_secs(24 * 3600));
        let session = SessionLayer::new(host.store.clone()).clock(host.clock.clone());
        let fields = form(&[("email", ALICE), ("password", "wrong")]);
        let answer = session.layer(routes.layer(service_fn(who)));
        let answer = receive(answer.oneshot(request("POST", "/login", None, &fields)).await).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let told = if n == 2 { vec![Notice::TooManyTries] } else { Vec::new() };
        assert_eq!(due(&host).await, told, "{n}");
    }
    assert_eq!(host.events("credential.blocked")[0].target.id, user.id.to_string());
}

#[test]
fn only_a_proven_address_is_warned() {
    let host = Host::new();
    let (herald, now) = (herald(&host), host.clock.now());
    let email = EmailAddress::parse(ALICE).unwrap();
    let id = UserId::from_uuid(Uuid::nil());
    let (state, created_at) = (UserState::Active, now);
    let user = User { id, email: email.clone(), password: None, state, created_at, confirmed_at: None };
    assert!(herald.warning(Some(&user), Some(&email), now).is_none());
    assert!(herald.warning(None, Some(&email), now).is_none());
    let proven = User { confirmed_at: Some(now), ..user };
    assert!(herald.warning(Some(&proven), None, now).is_some());
}
