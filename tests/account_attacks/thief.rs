//! Whoever copied a cookie, and settles in.

use std::time::Duration;

use towergate::{
    core::{Clock, Secret},
    identity::rules::{mail::MailKind, notice::Notice, totp::TotpSecret},
    test_util::Standing,
};

use crate::town::{ALICE, Store, Town, credentials, form, is_nobody, signs_in, whoami};

const MALLORY: &str = "mallory@example.com";

/// An app that was enrolled before the address was asked for, in the same stolen session, keeps nobody out who has the address
/// back: it is gone, its person is told, and their forgotten password is set anew without it.
pub(crate) async fn what_a_thief_added_before_changing_the_address_goes_with_it<S: Store>(store: S) {
    let town = Town::new(store);
    let (_, mut mallory) = town.arrive(ALICE, Standing::SignedIn).await;
    town.clock.advance(Duration::from_secs(60));
    mallory.post("/account/security", &form(&[("action", "totp-enrol")])).await;
    let page = mallory.get("/account/security").await.text;
    let secret = page.split("id=\"totp-secret\">").nth(1).unwrap().split('<').next().unwrap();
    let app = TotpSecret::parse(&Secret::from(secret)).unwrap();
    let code = app.code_at(town.clock.now()).unwrap();
    mallory.post("/account/security", &form(&[("action", "totp-confirm"), ("code", code.expose())])).await;
    let user = town.user(ALICE).await.unwrap();
    assert!(town.store.find_totp(user.id).await.unwrap().is_some_and(|app| app.is_enrolled()));
    town.clock.advance(Duration::from_secs(60));
    mallory.post("/account/email", &form(&[("email", MALLORY)])).await;
    let (_, token) = town.link_to(MALLORY).await;
    town.clock.advance(Duration::from_secs(60));
    mallory.post("/account/email", &form(&[("token", &token)])).await;
    assert!(town.user(ALICE).await.is_none() && !is_nobody(&whoami(&mut mallory).await));

    town.clock.advance(Duration::from_secs(3 * 24 * 3600));
    let link = town.mailbox().await.link_to(ALICE).unwrap();
    let undo = link.split_once("undo=").unwrap().1.to_owned();
    let mut alice = town.browser();
    alice.post("/account/email", &form(&[("undo", &undo)])).await;
    assert!(is_nobody(&whoami(&mut mallory).await));
    assert!(town.store.find_totp(user.id).await.unwrap().is_none(), "the thief's app is gone");
    let told = town.mailbox().await.newest_to(ALICE).unwrap();
    assert!(told.text.contains("was taken away: an authenticator app."), "{}", told.text);
    let kind = MailKind::Notice(Notice::EmailRestored).as_str();
    assert!(town.events().await.iter().any(|event| format!("{event:?}").contains(kind)), "written down");

    alice.post("/forgot", &form(&[("email", ALICE)])).await;
    let (_, token) = town.link_to(ALICE).await;
    let new = "a better one than all of those";
    alice.post("/reset", &form(&[("token", &token), ("new_password", new)])).await;
    assert!(signs_in(&alice.post("/login", &credentials(ALICE, new)).await));
    assert!(!is_nobody(&whoami(&mut alice).await), "wholly, without a code of the thief's");
}
