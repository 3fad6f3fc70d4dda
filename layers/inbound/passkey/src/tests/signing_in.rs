//! Signing in with keys, honestly.

use towergate_core::{
    Secret,
    seal::{SealingKey, SealingRing},
};
use towergate_identity::{
    ports::{SessionStore, UserStore},
    rules::{
        level::Level,
        login_proof::Method,
        passkey::CeremonyFailure,
        session::{SessionRecord, SessionStage},
        totp::TotpSecret,
    },
};
use towergate_login::Authenticator;

use super::{Host, ORIGIN, browser};
use crate::{
    PasskeyError,
    soft::{Make, SoftPasskey},
};

async fn newest(host: &Host) -> SessionRecord {
    let alice = host.user("alice").await.id;
    host.store.sessions_of(alice, host.clock_now()).await.unwrap().remove(0)
}

impl Host {
    fn clock_now(&self) -> towergate_core::Timestamp {
        towergate_core::Clock::now(&*self.clock)
    }

    pub(super) async fn with_app(&self) {
        let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
        let secret = TotpSecret::fresh(&*self.random).unwrap();
        let keeper = Authenticator::new(self.store.clone(), sealing, self.random.clone());
        keeper.import(self.user("alice").await.id, &secret, self.origin()).await.unwrap();
    }
}

#[tokio::test]
async fn a_verifying_key_is_the_only_factor_that_is_needed() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::PHONE).await;
    host.with_app().await;
    let challenge = host.challenge_to_sign_in().await;
    assert_eq!(challenge.public_key["allowCredentials"], serde_json::json!([]));
    assert_eq!(challenge.public_key["userVerification"], "preferred");
    assert_eq!(challenge.public_key["rpId"], "id.example.com");
    let (signed_in, _) = host.sign_in(&mut soft).await;
    let signed_in = signed_in.unwrap();
    assert_eq!((signed_in.user, signed_in.stage), (host.user("alice").await.id, SessionStage::Complete));
    let session = newest(&host).await;
    assert_eq!(session.methods, [Method::Passkey, Method::UserVerified]);
    assert_eq!(Level::of(&session.methods), Some(Level::TwoFactors));
    let [used] = &host.events("passkey.used")[..] else { panic!("one use") };
    assert!(used.details.contains(&("verified", String::from("true"))));
    let passkeys = host.passkeys.of(signed_in.user).await.unwrap();
    assert_eq!((session.passkey, passkeys[0].last_used_at), (Some(passkeys[0].id), Some(host.clock_now())));
}

#[tokio::test]
async fn a_bare_key_is_one_factor_and_leaves_whoever_has_an_app_half_signed_in() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::BARE_KEY).await;
    assert_eq!(host.sign_in(&mut soft).await.0.unwrap().stage, SessionStage::Complete);
    assert_eq!(Level::of(&newest(&host).await.methods), Some(Level::OneFactor));
    host.with_app().await;
    assert_eq!(host.sign_in(&mut soft).await.0.unwrap().stage, SessionStage::AwaitsSecondFactor);
}

#[tokio::test]
async fn a_bare_key_completes_a_password() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::BARE_KEY).await;
    host.with_app().await;
    let half = host.password("alice").await;
    let before = newest(&host).await;
    assert_eq!(before.stage, SessionStage::AwaitsSecondFactor);
    let challenge = host.challenge_to_complete(&half).await.unwrap();
    assert_eq!(challenge.public_key["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
    let (whole, cookie) = host.answer_to_complete(&half, &challenge, credential).await;
    let whole = whole.unwrap();
    assert_eq!((whole.stage, whole.sign_in), (SessionStage::Complete, before.sign_in));
    assert_ne!(cookie.unwrap(), half, "a new identifier");
    let session = newest(&host).await;
    assert_eq!(session.methods, [Method::Password, Method::Passkey]);
    assert_eq!(Level::of(&session.methods), Some(Level::TwoFactors));
}

#[tokio::test]
async fn somebody_without_a_key_has_none_to_complete_with() {
    let host = Host::new().await;
    let cookie = host.password("bob").await;
    let refused = host.challenge_to_complete(&cookie).await;
    host.refused(refused, CeremonyFailure::UnknownKey).await;
    let nobody = host.challenge_to_complete("__Host-tgs=torn").await;
    assert!(matches!(nobody, Err(PasskeyError::NoSession)));
}

#[tokio::test]
async fn whoever_is_shut_out_stays_out_with_their_key() {
    let host = Host::new().await;
    let cookie = host.password("alice").await;
    let mut soft = host.passkey(&cookie, Make::PHONE).await;
    host.store.disable_user(host.user("alice").await.id, host.origin()).await.unwrap();
    let (refused, _) = host.sign_in(&mut soft).await;
    host.refused(refused, CeremonyFailure::UserRefused).await;
    host.sessions(0).await;
}

#[tokio::test]
async fn a_related_origin_is_taken_where_the_host_says_so() {
    let other = "https://id.example.co.uk";
    for related in [false, true] {
        let party = super::party();
        let party = if related { party.related_origin(other).unwrap() } else { party };
        let host = Host::of(party).await;
        let cookie = host.password("alice").await;
        let mut soft: SoftPasskey = host.passkey(&cookie, Make::PHONE).await;
        let challenge = host.challenge_to_sign_in().await;
        let credential = soft.sign(&challenge.public_key, other).unwrap();
        let (came, _) = host.answer_to_sign_in(None, &challenge, credential, Some(browser())).await;
        if related {
            came.unwrap();
        } else {
            host.refused(came, CeremonyFailure::Invalid).await;
        }
    }
}
