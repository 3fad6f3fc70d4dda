//! What is mailed: B1, B10, B11.

use http::StatusCode;
use towergate::test_util::{PASSWORD, Standing};

use crate::town::{ALICE, Store, Town, credentials, form, is_nobody, named, signs_in, whoami};

const MALLORY: &str = "mallory@example.com";

/// Somebody makes an account at an address that is not theirs, and waits for its owner to come.
pub(crate) async fn b01_a_pre_registered_account_is_not_shared_with_whoever_squats_on_it<S: Store>(store: S) {
    let town = Town::new(store);
    let mut mallory = town.browser();
    let squats = credentials(ALICE, "the squatter's own password");
    mallory.post("/register", &squats).await;
    assert!(signs_in(&mallory.post("/login", &squats).await), "before anybody proved the address");
    assert!(!is_nobody(&whoami(&mut mallory).await));

    let mut alice = town.browser();
    alice.post("/magic", &form(&[("email", ALICE)])).await;
    let (path, token) = town.link_to(ALICE).await;
    alice.get(&path).await;
    assert!(is_nobody(&whoami(&mut alice).await), "looking at a link does nothing");
    assert!(signs_in(&alice.post("/magic", &form(&[("token", &token)])).await));

    assert!(is_nobody(&whoami(&mut mallory).await), "the squatter's session has ended");
    assert!(!signs_in(&mallory.post("/login", &squats).await), "and the squatter's password is gone");
    let user = town.user(ALICE).await.unwrap();
    assert!(user.password.is_none() && user.confirmed_at.is_some());
    assert_eq!(whoami(&mut alice).await, named(Some(user.id)));
}

/// Every form in which somebody chooses a password. `every_way_that_sets_a_password_asks_the_same`, a test of `towergate-login`,
/// asks the plain calls the same, about passwords that leaked too.
pub(crate) async fn b10_every_form_that_sets_a_password_asks_the_policy<S: Store>(store: S) {
    let town = Town::new(store);
    let (_, mut alice) = town.arrive(ALICE, Standing::SignedIn).await;
    town.browser().post("/forgot", &form(&[("email", ALICE)])).await;
    let (_, token) = town.link_to(ALICE).await;
    let new = "newcomer@example.com";
    for weak in ["password", "password1", "correct", "aaaaaaaaaaaaaaaaaaaa"] {
        let forms = [
            ("/register", credentials(new, weak)),
            ("/reset", form(&[("token", &token), ("new_password", weak)])),
            ("/account/password", form(&[("password", PASSWORD), ("new_password", weak)])),
        ];
        for (path, body) in forms {
            let answer = alice.post(path, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {weak}: {}", answer.text);
        }
    }
    assert!(town.user(new).await.is_none());
    assert!(signs_in(&town.browser().post("/login", &credentials(ALICE, PASSWORD)).await));
    // What was refused left the link good.
    let better = "a better one than all of those";
    town.browser().post("/reset", &form(&[("token", &token), ("new_password", better)])).await;
    assert!(signs_in(&town.browser().post("/login", &credentials(ALICE, better)).await));
}

/// A code is good for the person, the address and the purpose that it was mailed for.
pub(crate) async fn b11_a_mailed_code_opens_nobody_elses_account_and_nothing_else<S: Store>(store: S) {
    let town = Town::new(store);
    town.arrive(ALICE, Standing::SignedIn).await;
    town.arrive(MALLORY, Standing::SignedIn).await;
    let mut mallory = town.browser();
    // Both ask in one browser: whose code is typed for whom is all that differs.
    mallory.post("/magic", &form(&[("email", ALICE)])).await;
    mallory.post("/magic", &form(&[("email", MALLORY)])).await;
    let code = town.mailbox().await.code_to(MALLORY).unwrap();
    let alices = town.mailbox().await.code_to(ALICE).unwrap();
    assert_ne!(code, alices, "drawn by themselves");
    assert!(!signs_in(&mallory.post("/magic", &form(&[("email", ALICE), ("code", &code)])).await));
    assert!(signs_in(&mallory.post("/magic", &form(&[("email", MALLORY), ("code", &code)])).await));

    // A proof of an address is no sign-in, and a sign-in proves no new address.
    let mut fresh = town.browser();
    fresh.post("/register", &credentials("fresh@example.com", PASSWORD)).await;
    let code = town.mailbox().await.code_to("fresh@example.com").unwrap();
    let (_, token) = town.link_to("fresh@example.com").await;
    let typed = [("email", "fresh@example.com"), ("code", code.as_str())];
    assert!(!signs_in(&fresh.post("/magic", &form(&typed)).await));
    assert!(!signs_in(&fresh.post("/magic", &form(&[("token", &token)])).await));
    assert!(town.user("fresh@example.com").await.unwrap().confirmed_at.is_none());
    let (_, mut signed_in) = town.arrive("bob@example.com", Standing::SignedIn).await;
    signed_in.post("/account/email", &form(&[("token", &token)])).await;
    assert!(town.user("bob@example.com").await.is_some());
}

/// Somebody mistypes their new address, and it is somebody else's.
pub(crate) async fn b11_a_mistyped_new_address_takes_no_account_over<S: Store>(store: S) {
    let town = Town::new(store);
    let (_, mut alice) = town.arrive(ALICE, Standing::SignedIn).await;
    let asked = alice.post("/account/email", &form(&[("email", MALLORY)])).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    let (path, token) = town.link_to(MALLORY).await;
    let mut mallory = town.browser();
    mallory.get(&path).await;
    mallory.post("/account/email", &form(&[("token", &token)])).await;
    assert!(is_nobody(&whoami(&mut mallory).await));
    assert!(town.user(MALLORY).await.is_none(), "whoever reads the mail is not signed in as Alice");
    assert!(town.user(ALICE).await.is_some(), "the address stays until its proof is shown in her session");
}
