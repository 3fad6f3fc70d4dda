//! An operator ends sessions.

use std::sync::Mutex;

use towergate_core::{StoreError, audit::Origin};
use towergate_identity::rules::session::SignInId;

use super::*;
use crate::{EndedByOperator, OnLogout, OperatorEnd};

/// Hears which sign-ins end, and fails while it is told to.
#[derive(Debug, Clone, Default)]
struct Other(Arc<Mutex<(Vec<SignInId>, bool)>>);

impl OnLogout for Other {
    async fn ending(&self, sign_in: SignInId, _: Origin) -> Result<(), StoreError> {
        let mut heard = self.0.lock().unwrap();
        if heard.1 {
            return Err(StoreError::unavailable("told to"));
        }
        heard.0.push(sign_in);
        Ok(())
    }
}

#[tokio::test]
async fn an_operator_ends_the_sessions_of_one_person_or_of_everybody() {
    let host = Host::with_alice().await;
    let mut cookies = Vec::new();
    for n in 0..250 {
        let email = format!("p{n}@example.com");
        host.add(&email, Some(host.hashed(RIGHT, 16)), UserState::Active).await;
        cookies.push(host.sign_in(&email, RIGHT, None).await.cookie());
    }
    let (one, two) =
        (host.sign_in(ALICE, RIGHT, None).await.cookie(), host.sign_in(ALICE, RIGHT, None).await.cookie());
    let other = Other::default();
    let operator = OperatorEnd::new(host.store.clone()).on_logout(other.clone());
    let is_out = async |cookie: &str| host.get("/", Some(cookie)).await.body == "nobody";

    let alice = host.alice().await;
    assert_eq!(operator.person(alice, host.origin()).await.unwrap(), 2);
    assert!(is_out(&one).await && is_out(&two).await && !is_out(&cookies[0]).await);
    let ended = host.events("session.revoked");
    assert!(ended.iter().all(|event| event.reason == Some("revoked_by_operator")) && ended.len() == 2);

    other.0.lock().unwrap().1 = true;
    assert!(operator.everybody(host.origin()).await.is_err());
    assert!(!is_out(&cookies[0]).await, "what other software holds ends first");
    other.0.lock().unwrap().1 = false;
    let all = EndedByOperator { people: 250, sessions: 250 };
    assert_eq!(operator.everybody(host.origin()).await.unwrap(), all);
    for cookie in &cookies {
        assert!(is_out(cookie).await);
    }
    assert_eq!(other.0.lock().unwrap().0.len(), 252);
    assert_eq!(host.events("session.revoked").len(), 252);
    assert_eq!(operator.everybody(host.origin()).await.unwrap(), EndedByOperator::default());
    assert_eq!(
        host.sign_in(ALICE, RIGHT, None).await.status,
        StatusCode::SEE_OTHER,
        "whoever comes back may"
    );
}
