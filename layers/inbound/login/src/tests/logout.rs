use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use towergate_core::StoreError;
use towergate_identity::rules::session::SignInId;

use super::*;

#[derive(Clone, Default)]
struct Hook {
    ended: Arc<Mutex<Vec<SignInId>>>,
    fails: Arc<AtomicBool>,
    half_ended: Arc<AtomicBool>,
}

impl OnLogout for Hook {
    async fn ending(&self, sign_in: SignInId, _: Origin) -> Result<(), StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("away"));
        }
        self.ended.lock().unwrap().push(sign_in);
        Ok(())
    }

    async fn has_ended(&self, _: SignInId) -> Result<bool, StoreError> {
        Ok(self.half_ended.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_in_the_store() {
    let host = Host::with_alice().await;
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let answer = host.post("/logout", Some(&cookie), "").await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/bye"));
    assert_eq!(answer.cookie(), format!("{COOKIE}="));
    assert_eq!(answer.header("clear-site-data".parse().unwrap()), "\"cache\", \"storage\"");
    assert_eq!(host.get("/", Some(&cookie)).await.body, "nobody");
    assert_eq!(host.events("session.revoked")[0].reason, Some("logout"));
}

#[tokio::test]
async fn a_link_cannot_sign_out() {
    let host = Host::with_alice().await;
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    for method in ["GET", "HEAD", "PUT"] {
        let answer = host.send(request(method, "/logout", Some(&cookie), "")).await;
        assert_eq!((answer.status, answer.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
    assert_ne!(host.get("/", Some(&cookie)).await.body, "nobody");
}

#[tokio::test]
async fn signing_out_without_a_session_writes_nothing() {
    let host = Host::new().with_hook(Hook::default());
    assert_eq!(host.post("/logout", None, "").await.status, StatusCode::SEE_OTHER);
    assert!(host.store.events().is_empty());
    assert!(host.hook.ended.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_host_is_told_which_sign_in_ends() {
    let host = Host::with_alice().await.with_hook(Hook::default());
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let sid = host.events("session.created")[0].details[0].1.clone();
    host.post("/logout", Some(&cookie), "").await;
    let ended = host.hook.ended.lock().unwrap();
    assert_eq!(ended.iter().map(SignInId::to_string).collect::<Vec<_>>(), [sid]);
}

#[tokio::test]
async fn what_could_not_end_whole_has_not_ended_and_can_be_tried_again() {
    let host = Host::with_alice().await.with_hook(Hook::default());
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    host.hook.fails.store(true, Ordering::SeqCst);
    let answer = host.post("/logout", Some(&cookie), "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    assert_ne!(host.get("/", Some(&cookie)).await.body, "nobody");

    host.hook.fails.store(false, Ordering::SeqCst);
    assert_eq!(host.post("/logout", Some(&cookie), "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(host.get("/", Some(&cookie)).await.body, "nobody");
}

#[tokio::test]
async fn the_host_is_told_which_sign_in_another_one_replaces() {
    let host = Host::with_alice().await;
    host.add("bob@example.com", Some(host.hashed(RIGHT, 16)), UserState::Active).await;
    let host = host.with_hook(Hook::default());
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let sid = host.events("session.created")[0].details[0].1.clone();
    host.sign_in("bob@example.com", "a wrong pass phrase", Some(&cookie)).await;
    assert!(host.hook.ended.lock().unwrap().is_empty());

    host.sign_in("bob@example.com", RIGHT, Some(&cookie)).await.cookie();
    let ended = host.hook.ended.lock().unwrap();
    assert_eq!(ended.iter().map(SignInId::to_string).collect::<Vec<_>>(), [sid]);
}

#[tokio::test]
async fn whoever_proves_themself_again_goes_on_with_their_sign_in() {
    let host = Host::with_alice().await.with_hook(Hook::default());
    let first = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let second = host.sign_in(ALICE, RIGHT, Some(&first)).await.cookie();
    assert!(host.hook.ended.lock().unwrap().is_empty(), "nothing ends");
    let created = host.events("session.created");
    assert_eq!(created[0].details, created[1].details, "one sid");

    // A sign-out that still comes with the first cookie ends it, here and at the host.
    let answer = host.post("/logout", Some(&first), "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(host.get("/", Some(&second)).await.body, "nobody");
    let ended = host.hook.ended.lock().unwrap();
    assert_eq!(ended.iter().map(SignInId::to_string).collect::<Vec<_>>(), [created[0].details[0].1.clone()]);
}

#[tokio::test]
async fn nobody_goes_on_with_a_sign_in_that_the_host_has_ended() {
    let host = Host::with_alice().await.with_hook(Hook::default());
    let first = host.sign_in(ALICE, RIGHT, None).await.cookie();
    host.hook.half_ended.store(true, Ordering::SeqCst);
    let second = host.sign_in(ALICE, RIGHT, Some(&first)).await.cookie();
    assert_ne!(host.get("/", Some(&second)).await.body, "nobody");
    assert_eq!(host.get("/", Some(&first)).await.body, "nobody");
    let created = host.events("session.created");
    assert_ne!(created[0].details, created[1].details, "two sids");
}
