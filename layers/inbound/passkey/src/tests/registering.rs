//! A new passkey, honestly made.

use std::collections::BTreeSet;

use serde_json::json;
use towergate_identity::rules::passkey::{Aaguid, AaguidPolicy, CeremonyFailure, PasskeyName, Transport};

use super::{Host, NOW, ORIGIN, browser, party};
use crate::{
    PasskeyError,
    soft::{Make, SoftPasskey},
};

#[tokio::test]
async fn a_discoverable_key_is_asked_for_without_attestation_and_kept_whole() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let challenge = host.challenge_to_register(&cookie).await.unwrap();
    let options = &challenge.public_key;
    assert_eq!(options["rp"], json!({ "name": "Example", "id": "id.example.com" }));
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["requireResidentKey"], true);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!((&options["attestation"], &options["timeout"]), (&json!("none"), &json!(300_000)));
    assert_eq!(options["user"]["name"], "alice@example.com");
    assert_eq!(options["excludeCredentials"], json!([]));

    let (soft, credential) = SoftPasskey::create(Make::PHONE, options, ORIGIN).unwrap();
    let id = host.register(&cookie, &challenge, credential, Some(browser())).await.unwrap();
    let alice = host.user("alice").await.id;
    assert_eq!(soft.user_handle, alice.as_uuid().as_bytes());
    let [kept] = &host.passkeys.of(alice).await.unwrap()[..] else { panic!("one") };
    assert_eq!((kept.id, kept.user, &kept.credential_id), (id, alice, &soft.credential_id));
    assert_eq!((kept.aaguid, kept.count), (Aaguid::from_bytes([1; 16]), 0));
    assert_eq!(kept.transports, [Transport::Hybrid, Transport::Internal]);
    assert!(kept.verifies && kept.backup_eligible && kept.backed_up);
    assert_eq!((kept.created_at, kept.last_used_at), (NOW, None));
    assert_eq!(host.events("passkey.added").len(), 1);

    // The next challenge names it, so that no authenticator makes a second one for Alice.
    let next = host.challenge_to_register(&cookie).await.unwrap();
    assert_eq!(next.public_key["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_ne!(next.public_key["challenge"], options["challenge"]);
}

#[tokio::test]
async fn nobody_registers_without_a_session() {
    let host = Host::new().await;
    let cookie = format!("__Host-tgs={}", "x".repeat(70));
    let refused = host.challenge_to_register(&cookie).await;
    assert!(matches!(refused, Err(PasskeyError::NoSession)), "{refused:?}");
}

#[tokio::test]
async fn a_key_that_somebody_has_is_not_registered_again() {
    let host = Host::new().await;
    let (alice, bob) = (host.password("alice").await, host.password("bob").await);
    let soft = host.passkey(&alice, Make::PHONE).await;
    // An authenticator that does not look at what it is told it has.
    for (cookie, reason) in [(&alice, CeremonyFailure::Invalid), (&bob, CeremonyFailure::Taken)] {
        let challenge = host.challenge_to_register(cookie).await.unwrap();
        let again = soft.register(&challenge.public_key, ORIGIN).unwrap();
        let refused = host.register(cookie, &challenge, again, Some(browser())).await;
        host.refused(refused, reason).await;
    }
    assert!(host.passkeys.of(host.user("bob").await.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_person_has_so_many_passkeys_and_no_more() {
    let host = Host::of(party().most(2)).await;
    let cookie = host.password("alice").await;
    let early = host.challenge_to_register(&cookie).await.unwrap();
    for _ in 0..2 {
        host.passkey(&cookie, Make::PHONE).await;
    }
    let refused = host.challenge_to_register(&cookie).await;
    host.refused(refused, CeremonyFailure::TooMany).await;
    let (_, credential) = SoftPasskey::create(Make::PHONE, &early.public_key, ORIGIN).unwrap();
    let refused = host.register(&cookie, &early, credential, Some(browser())).await;
    host.refused(refused, CeremonyFailure::TooMany).await;
}

#[tokio::test]
async fn only_makes_that_the_host_allows_are_registered() {
    let known = BTreeSet::from([Aaguid::from_bytes([1; 16])]);
    for (policy, phone, key) in
        [(AaguidPolicy::Only(known.clone()), true, false), (AaguidPolicy::Not(known), false, true)]
    {
        let host = Host::of(party().makes(policy)).await;
        let cookie = host.password("alice").await;
        for (make, allowed) in [(Make::PHONE, phone), (Make::BARE_KEY, key)] {
            let challenge = host.challenge_to_register(&cookie).await.unwrap();
            let (_, credential) = SoftPasskey::create(make, &challenge.public_key, ORIGIN).unwrap();
            let came = host.register(&cookie, &challenge, credential, Some(browser())).await;
            if allowed {
                came.unwrap();
            } else {
                host.refused(came, CeremonyFailure::Aaguid).await;
            }
        }
    }
}

#[tokio::test]
async fn somebody_renames_and_removes_their_own() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::PHONE).await;
    let (alice, bob) = (host.user("alice").await.id, host.user("bob").await.id);
    let [kept] = &host.passkeys.of(alice).await.unwrap()[..] else { panic!("one") };
    let name = PasskeyName::parse("Blue phone").unwrap();
    assert!(!host.passkeys.rename(bob, kept.id, name.clone(), host.origin()).await.unwrap());
    assert!(host.passkeys.rename(alice, kept.id, name.clone(), host.origin()).await.unwrap());
    assert_eq!(host.passkeys.of(alice).await.unwrap()[0].name, name);

    // The session that rests on the key ends with it, and the key opens nothing.
    let (signed_in, by_key) = host.sign_in(&mut soft).await;
    signed_in.unwrap();
    host.sessions(2).await;
    let (passkeys, origin, id) = (host.passkeys.clone(), host.origin(), kept.id);
    let removal = |session: towergate_session::Session| async move {
        passkeys.remove(&session.record().unwrap(), id, origin).await.unwrap()
    };
    host.within(by_key.as_deref(), removal).await;
    host.sessions(0).await;
    let (refused, _) = host.sign_in(&mut soft).await;
    host.refused(refused, CeremonyFailure::UnknownKey).await;
}
