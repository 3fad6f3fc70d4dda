//! Sessions, and who may do what: B5 to B8.

use std::time::Duration;

use http::{Request, StatusCode};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::{
        ports::device::DeviceRef,
        rules::{linked_identity::ExternalAccount, user::UserState},
    },
    test_util::{PASSWORD, Standing},
};

use crate::{
    house::browser::request,
    town::{ALICE, Store, Town, credentials, form, is_nobody, named, signs_in, whoami},
};

/// A sign-in that waited for its second factor for too long.
pub(crate) async fn b05_a_half_sign_in_that_is_too_old_is_not_completed<S: Store>(store: S) {
    let town = Town::new(store);
    let (guest, mut browser) = town.arrive(ALICE, Standing::HalfSignedIn).await;
    town.clock.advance(Duration::from_secs(600));
    let code = guest.totp.unwrap().code_at(town.clock.now()).unwrap();
    let late = browser.post("/mfa", &form(&[("code", code.expose())])).await;
    assert!(!signs_in(&late) && late.location.starts_with("/login"), "{}", late.location);
    assert!(is_nobody(&whoami(&mut browser).await));
    assert_eq!(
        (town.count("factor.used").await, town.count("login.succeeded").await),
        (0, 0),
        "the code is not even spent"
    );
}

/// No cache of cookies stands between a request and the store: what was revoked is over at once.
pub(crate) async fn b06_a_revoked_session_does_not_finish_what_it_began<S: Store>(store: S) {
    let town = Town::new(store);
    let (guest, mut thief) = town.arrive(ALICE, Standing::SignedIn).await;
    let alice = guest.user.unwrap();
    assert_eq!(thief.get("/account/delete").await.status, StatusCode::OK, "the page is open");
    let mut owner = town.browser();
    assert!(signs_in(&owner.post("/login", &credentials(ALICE, PASSWORD)).await));
    let ended = owner.post("/account/devices", "action=devices-end-others").await;
    assert!(ended.status.is_success() || ended.status.is_redirection(), "{}", ended.text);
    assert!(!is_nobody(&whoami(&mut owner).await));

    let delete = form(&[("action", "delete"), ("confirmation", ALICE)]);
    for (path, body) in [
        ("/account/delete", delete.as_str()),
        ("/account/email", "email=thief%40example.com"),
        ("/account/security", "action=totp-enrol"),
        ("/account/devices", "action=devices-end-all"),
    ] {
        let answer = thief.clone().post(path, body).await;
        assert!(answer.location.starts_with("/login"), "{path}: {} {}", answer.status, answer.text);
    }
    assert!(town.store.deletion_of(alice).await.unwrap().is_none());
    assert_eq!(whoami(&mut owner).await, named(Some(alice)));
    assert!(is_nobody(&whoami(&mut thief).await));
}

/// Sessions are ended by whom they are of: neither by a link or a form of another site, nor by somebody who knows their name.
pub(crate) async fn b07_nobody_ends_or_takes_anothers_session<S: Store>(store: S) {
    let town = Town::new(store);
    let (guest, mut alice) = town.arrive(ALICE, Standing::SignedIn).await;
    let (mallory_guest, mut mallory) = town.arrive("mallory@example.com", Standing::SignedIn).await;
    let user = guest.user.unwrap();
    let mut second = town.browser();
    second.post("/login", &credentials(ALICE, PASSWORD)).await;

    // By the name that the page gives it, and by its identifier in the store.
    let page = alice.get("/account/devices").await.text;
    let handles: Vec<_> = page
        .split("name=\"device\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    assert!(!handles.is_empty(), "{page}");
    for handle in &handles {
        mallory.post("/account/devices", &form(&[("action", "device-end"), ("device", handle)])).await;
    }
    let origin = Origin::detached(town.clock.now(), &OsRandom::new()).unwrap();
    for session in town.store.sessions_of(user, town.clock.now()).await.unwrap() {
        let there = DeviceRef::Session(session.id);
        assert!(!town.store.end_device(mallory_guest.user.unwrap(), there, origin).await.unwrap());
        let id = session.id.to_string();
        mallory.post("/account/devices", &form(&[("action", "device-end"), ("device", &id)])).await;
    }

    // By a link, and by a form of another site.
    alice.get("/logout").await;
    for said in ["cross-site", "same-site"] {
        let head = Request::post("/logout").header("host", "id.example").header("cookie", alice.cookie());
        let refused = request(&town.app, head.header("sec-fetch-site", said), String::new()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    for browser in [&mut alice, &mut second] {
        assert_eq!(whoami(browser).await, named(Some(user)));
    }
}

/// Fields that no form has change nothing, and nobody is somebody by an empty name. What members of an organization may do to each
/// other, and whose providers they sign in by, belongs to organizations, which are to come.
pub(crate) async fn b08_fields_that_no_form_has_change_nothing<S: Store>(store: S) {
    let town = Town::new(store);
    let more = [
        ("email", ALICE),
        ("password", PASSWORD),
        ("role", "admin"),
        ("is_admin", "true"),
        ("state", "active"),
        ("confirmed_at", "2020-01-01T00:00:00Z"),
        ("id", "00000000-0000-0000-0000-000000000001"),
    ];
    town.browser().post("/register", &form(&more)).await;
    if let Some(user) = town.user(ALICE).await {
        assert_eq!((user.state, user.confirmed_at), (UserState::Active, None));
        assert_ne!(user.id.to_string(), more[6].1);
    }
    let (guest, mut bob) = town.arrive("bob@example.com", Standing::Unconfirmed).await;
    let (victim, _) = town.arrive("victim@example.com", Standing::SignedIn).await;
    let victim = victim.user.unwrap();
    let id = victim.to_string();
    for (path, fields) in [
        ("/account/email", vec![("email", "new@example.com"), ("user", &id), ("confirmed", "true")]),
        ("/account/security", vec![("action", "totp-enrol"), ("user", &id)]),
        (
            "/account/delete",
            vec![("action", "delete"), ("confirmation", "victim@example.com"), ("user", &id)],
        ),
        ("/account/devices", vec![("action", "devices-end-all"), ("user", &id)]),
    ] {
        bob.clone().post(path, &form(&fields)).await;
        let there = town.user("victim@example.com").await.unwrap();
        assert_eq!((there.id, there.state), (victim, UserState::Active), "{path}");
    }
    assert_eq!(town.store.sessions_of(victim, town.clock.now()).await.unwrap().len(), 1);
    assert!(town.user("bob@example.com").await.unwrap().confirmed_at.is_none());
    assert_eq!(town.user("bob@example.com").await.unwrap().id, guest.user.unwrap());
    drop(bob.get("/who").await);

    for (issuer, subject) in [("", "1"), ("https://provider.example", ""), ("", "")] {
        assert!(ExternalAccount::new(issuer, subject).is_err());
    }
    // A provider is its issuer, whatever it is called.
    let trusted = ExternalAccount::new("https://provider.example", "1").unwrap();
    assert_ne!(trusted, ExternalAccount::new("https://provider.example.evil.example", "1").unwrap());
}
