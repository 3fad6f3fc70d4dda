//! No challenge is good twice, for anybody else, or for anything else.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use towergate_core::Digest;
use towergate_identity::rules::passkey::{CEREMONY, CeremonyFailure, CeremonyRoom};

use super::{Host, ORIGIN, browser, party};
use crate::{
    Challenge, PasskeyError,
    soft::{Make, SoftPasskey, client_data},
};

/// A host on which Alice has a key.
async fn place() -> (Host, String, SoftPasskey) {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let soft = host.passkey(&cookie, Make::PHONE).await;
    (host, cookie, soft)
}

async fn is_refused_to_sign_in(
    host: &Host,
    challenge: &Challenge,
    credential: Value,
    reason: CeremonyFailure,
) {
    let (came, cookie) = host.answer_to_sign_in(None, challenge, credential, Some(browser())).await;
    host.refused(came, reason).await;
    assert_eq!(cookie, None);
    assert!(host.events("passkey.used").is_empty());
}

#[tokio::test]
async fn a_signature_is_not_good_twice() {
    let (host, _, mut soft) = place().await;
    let challenge = host.challenge_to_sign_in().await;
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    let sign_in = || host.answer_to_sign_in(None, &challenge, credential.clone(), Some(browser()));
    sign_in().await.0.unwrap();
    host.refused(sign_in().await.0, CeremonyFailure::Missing).await;
    // Nor is it for a challenge of its own.
    let next = host.challenge_to_sign_in().await;
    let (refused, _) = host.answer_to_sign_in(None, &next, credential.clone(), Some(browser())).await;
    host.refused(refused, CeremonyFailure::Invalid).await;
    host.sessions(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_answers_at_once_are_one_sign_in() {
    let (host, _, mut soft) = place().await;
    let challenge = host.challenge_to_sign_in().await;
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    let host = Arc::new(host);
    let answers: Vec<_> = (0..64)
        .map(|_| {
            let (host, challenge, credential) = (Arc::clone(&host), challenge.clone(), credential.clone());
            tokio::spawn(async move {
                host.answer_to_sign_in(None, &challenge, credential, Some(browser())).await.0.is_ok()
            })
        })
        .collect();
    let mut signed_in = 0;
    for answer in answers {
        signed_in += usize::from(answer.await.unwrap());
    }
    assert_eq!(signed_in, 1);
    host.sessions(2).await;
}

#[tokio::test]
async fn a_wrong_answer_spends_the_challenge_too() {
    let (host, _, mut soft) = place().await;
    let challenge = host.challenge_to_sign_in().await;
    let right = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    is_refused_to_sign_in(&host, &challenge, json!({}), CeremonyFailure::Invalid).await;
    is_refused_to_sign_in(&host, &challenge, right, CeremonyFailure::Missing).await;
}

#[tokio::test]
async fn a_challenge_waits_for_five_minutes() {
    let (host, cookie, mut soft) = place().await;
    let [in_time, late] = [host.challenge_to_sign_in().await, host.challenge_to_sign_in().await];
    let to_register = host.challenge_to_register(&cookie).await.unwrap();
    host.later(CEREMONY - Duration::from_millis(1));
    let credential = soft.sign(&in_time.public_key, ORIGIN).unwrap();
    host.answer_to_sign_in(None, &in_time, credential, Some(browser())).await.0.unwrap();
    host.later(Duration::from_millis(1));
    let credential = soft.sign(&late.public_key, ORIGIN).unwrap();
    let (came, _) = host.answer_to_sign_in(None, &late, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::Missing).await;
    let (_, credential) = SoftPasskey::create(Make::PHONE, &to_register.public_key, ORIGIN).unwrap();
    let came = host.register(&cookie, &to_register, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::Missing).await;
}

#[tokio::test]
async fn another_browser_answers_nothing() {
    let (host, cookie, mut soft) = place().await;
    for stranger in [None, Some(Digest::of(b"another browser"))] {
        let challenge = host.challenge_to_sign_in().await;
        let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
        let (came, _) = host.answer_to_sign_in(None, &challenge, credential, stranger.clone()).await;
        host.refused(came, CeremonyFailure::OtherBrowser).await;
        let challenge = host.challenge_to_register(&cookie).await.unwrap();
        let (_, credential) = SoftPasskey::create(Make::PHONE, &challenge.public_key, ORIGIN).unwrap();
        let came = host.register(&cookie, &challenge, credential, stranger).await;
        host.refused(came, CeremonyFailure::OtherBrowser).await;
    }
}

#[tokio::test]
async fn nobody_answers_another_persons_challenge() {
    let (host, alice, _) = place().await;
    let bob = host.password("bob").await;
    let mut theirs = host.passkey(&bob, Make::PHONE).await;
    // Bob registers a key of his with what was asked for Alice, so that it would open her account.
    let challenge = host.challenge_to_register(&alice).await.unwrap();
    let (_, credential) = SoftPasskey::create(Make::PHONE, &challenge.public_key, ORIGIN).unwrap();
    let came = host.register(&bob, &challenge, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::OtherPurpose).await;
    // Bob's key does not complete Alice's session, in hers or in his.
    for (asked, answered) in [(&alice, &alice), (&alice, &bob)] {
        let challenge = host.challenge_to_complete(asked).await.unwrap();
        let credential = theirs.sign(&challenge.public_key, ORIGIN).unwrap();
        let (came, _) = host.answer_to_complete(answered, &challenge, credential).await;
        let other =
            if asked == answered { CeremonyFailure::OtherUser } else { CeremonyFailure::OtherPurpose };
        host.refused(came, other).await;
    }
    // Nor in another session of her own.
    let elsewhere = host.password("alice").await;
    let challenge = host.challenge_to_register(&elsewhere).await.unwrap();
    let (_, credential) = SoftPasskey::create(Make::PHONE, &challenge.public_key, ORIGIN).unwrap();
    let came = host.register(&alice, &challenge, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::OtherPurpose).await;
}

#[tokio::test]
async fn a_challenge_is_good_for_its_own_purpose_alone() {
    let (host, cookie, mut soft) = place().await;
    // To step up, used to sign in; to sign in, used to step up; to step up, used to register.
    let challenge = host.challenge_to_complete(&cookie).await.unwrap();
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::OtherPurpose).await;
    let challenge = host.challenge_to_sign_in().await;
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    let (came, _) = host.answer_to_complete(&cookie, &challenge, credential).await;
    host.refused(came, CeremonyFailure::OtherPurpose).await;
    let challenge = host.challenge_to_complete(&cookie).await.unwrap();
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    let came = host.register(&cookie, &challenge, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::OtherPurpose).await;
    // What a key says when it is made does not sign anybody in.
    let challenge = host.challenge_to_sign_in().await;
    let kind = client_data("webauthn.create", challenge.public_key["challenge"].as_str().unwrap(), ORIGIN);
    let credential = soft.sign_client_data(&kind).unwrap();
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nothing() {
    let (host, cookie, mut soft) = place().await;
    for evil in [
        "https://id.example.com.evil.example",
        "https://evil.id.example.com",
        "https://id.example.com:8443",
        "http://id.example.com",
        "https://example.com",
        "null",
    ] {
        let challenge = host.challenge_to_sign_in().await;
        let credential = soft.sign(&challenge.public_key, evil).unwrap();
        is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
        let challenge = host.challenge_to_register(&cookie).await.unwrap();
        let (_, credential) = SoftPasskey::create(Make::PHONE, &challenge.public_key, evil).unwrap();
        let came = host.register(&cookie, &challenge, credential, Some(browser())).await;
        host.refused(came, CeremonyFailure::Invalid).await;
    }
}

#[tokio::test]
async fn a_page_within_somebody_elses_gets_nothing() {
    let (host, _, soft) = place().await;
    let challenge = host.challenge_to_sign_in().await;
    let framed = json!({
        "type": "webauthn.get", "challenge": challenge.public_key["challenge"], "origin": ORIGIN,
        "crossOrigin": true, "topOrigin": "https://evil.example",
    });
    let credential = soft.sign_client_data(framed.to_string().as_bytes()).unwrap();
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
}

#[tokio::test]
async fn a_key_of_another_host_opens_nothing_here() {
    let (host, cookie, mut soft) = place().await;
    soft.rp_id = String::from("evil.example");
    let challenge = host.challenge_to_sign_in().await;
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
    let challenge = host.challenge_to_register(&cookie).await.unwrap();
    let mut elsewhere = challenge.public_key.clone();
    elsewhere["rp"]["id"] = json!("evil.example");
    let (_, credential) = SoftPasskey::create(Make::PHONE, &elsewhere, ORIGIN).unwrap();
    let came = host.register(&cookie, &challenge, credential, Some(browser())).await;
    host.refused(came, CeremonyFailure::Invalid).await;
}

#[tokio::test]
async fn what_was_changed_on_the_way_is_worth_nothing() {
    let (host, _, mut soft) = place().await;
    let other = host.challenge_to_sign_in().await.public_key["challenge"].as_str().unwrap().to_owned();
    let changes: [fn(&mut Value, &str); 7] = [
        |response, other| {
            response["clientDataJSON"] =
                json!(URL_SAFE_NO_PAD.encode(client_data("webauthn.get", other, ORIGIN)));
        },
        |response, _| {
            // The same, said in other words: what was signed is other words.
            let text = response["clientDataJSON"].as_str().unwrap();
            let mut data: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
            data["more"] = json!(1);
            response["clientDataJSON"] = json!(URL_SAFE_NO_PAD.encode(data.to_string()));
        },
        |response, _| flip(response, "authenticatorData", 36),
        |response, _| flip(response, "authenticatorData", 32),
        |response, _| flip(response, "signature", 20),
        |response, _| response["signature"] = json!(""),
        |response, _| response["authenticatorData"] = json!(""),
    ];
    for change in changes {
        let challenge = host.challenge_to_sign_in().await;
        let mut credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
        change(&mut credential["response"], &other);
        is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
    }
}

/// Changes a bit in the middle of what is said.
fn flip(response: &mut Value, member: &str, place: usize) {
    let mut bytes = URL_SAFE_NO_PAD.decode(response[member].as_str().unwrap()).unwrap();
    bytes[place] ^= 0x04;
    response[member] = json!(URL_SAFE_NO_PAD.encode(bytes));
}

#[tokio::test]
async fn a_key_speaks_for_its_own_person_alone() {
    let (host, _, mut soft) = place().await;
    let bob = host.user("bob").await.id;
    for handle in [Some(bob.as_uuid().as_bytes().as_slice()), Some(b"torn"), None] {
        let challenge = host.challenge_to_sign_in().await;
        let mut credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
        credential["response"]["userHandle"] =
            handle.map_or(Value::Null, |handle| json!(URL_SAFE_NO_PAD.encode(handle)));
        is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::OtherUser).await;
    }
}

#[tokio::test]
async fn one_key_does_not_sign_for_another() {
    let (host, cookie, mut soft) = place().await;
    let mut other = host.passkey(&cookie, Make::PHONE).await;
    std::mem::swap(&mut other.credential_id, &mut soft.credential_id);
    let challenge = host.challenge_to_sign_in().await;
    let credential = other.sign(&challenge.public_key, ORIGIN).unwrap();
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
}

#[tokio::test]
async fn what_is_no_credential_is_refused_without_a_panic() {
    let (host, cookie, mut soft) = place().await;
    let challenge = host.challenge_to_register(&cookie).await.unwrap();
    let (_, made) = SoftPasskey::create(Make::PHONE, &challenge.public_key, ORIGIN).unwrap();
    let object = URL_SAFE_NO_PAD.decode(made["response"]["attestationObject"].as_str().unwrap()).unwrap();
    for cut in [0, 1, 10, 30, 40, 70, 85, 110, object.len() - 1] {
        let challenge = host.challenge_to_register(&cookie).await.unwrap();
        let (_, mut made) = SoftPasskey::create(Make::PHONE, &challenge.public_key, ORIGIN).unwrap();
        made["response"]["attestationObject"] = json!(URL_SAFE_NO_PAD.encode(&object[..cut]));
        let came = host.register(&cookie, &challenge, made, Some(browser())).await;
        host.refused(came, CeremonyFailure::Invalid).await;
    }
    for cut in [0, 10, 32, 36] {
        let challenge = host.challenge_to_sign_in().await;
        let mut credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
        let data = URL_SAFE_NO_PAD.decode(credential["response"]["authenticatorData"].as_str().unwrap());
        credential["response"]["authenticatorData"] = json!(URL_SAFE_NO_PAD.encode(&data.unwrap()[..cut]));
        is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
    }
    let challenge = host.challenge_to_sign_in().await;
    let mut credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    credential["type"] = json!("password");
    is_refused_to_sign_in(&host, &challenge, credential, CeremonyFailure::Invalid).await;
}

#[tokio::test]
async fn strangers_find_no_room_for_more_challenges_than_there_is() {
    let host = Host::of(party().room(CeremonyRoom { strangers: 3, each: 5 })).await;
    let cookie = host.password("alice").await;
    for n in 0..4_u8 {
        let begun = host.passkeys.begin_sign_in(&Digest::of(&[n]), host.origin()).await;
        assert_eq!(matches!(begun, Err(PasskeyError::Busy)), n == 3, "{begun:?}");
    }
    host.challenge_to_register(&cookie).await.unwrap();
}
