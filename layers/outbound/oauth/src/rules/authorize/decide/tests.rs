use std::collections::BTreeSet;

use towergate_oauth_types::Scope;

use super::*;
use crate::rules::{client::ClientId, grant::Subject};

const ASKED: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + seconds)
}

fn request(prompt: &[Prompt], max_age: Option<u64>) -> AuthorizationRequest {
    let client = ClientId::parse("shop").unwrap();
    AuthorizationRequest {
        scope: Scope::parse("openid email").unwrap(),
        prompt: prompt.iter().copied().collect::<BTreeSet<_>>(),
        max_age,
        ..AuthorizationRequest::new(client, String::from("https://shop.example/cb"))
    }
}

fn consent(scope: &str) -> Consent {
    Consent {
        subject: Subject::parse("alice").unwrap(),
        client: ClientId::parse("shop").unwrap(),
        scope: Scope::parse(scope).unwrap(),
        given_at: ASKED,
    }
}

fn decided(
    request: &AuthorizationRequest,
    now: i64,
    auth_time: Option<i64>,
    consent: Option<&Consent>,
) -> Decision {
    let facts =
        Facts { now: at(now), asked_at: ASKED, sign_in_after: None, auth_time: auth_time.map(at), consent };
    decide(request, &facts)
}

fn refusal(decision: Decision) -> ErrorCode {
    match decision {
        Decision::Refuse(error) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sign_in_from_the_future_is_not_fresh() {
    for (prompt, max_age) in
        [(&[Prompt::Login][..], None), (&[Prompt::SelectAccount], None), (&[], Some(60)), (&[], Some(0))]
    {
        let request = request(prompt, max_age);
        let decision = decided(&request, 0, Some(3600), Some(&consent("openid email")));
        assert!(matches!(decision, Decision::LoginRequired { .. }), "{request:?}: {decision:?}");
        // Another machine's clock may be a little ahead.
        let decision = decided(&request, 1, Some(30), Some(&consent("openid email")));
        assert_eq!(decision, Decision::Proceed, "{request:?}");
    }
    let unhurried = decided(&request(&[], None), 0, Some(3600), Some(&consent("openid email")));
    assert_eq!(unhurried, Decision::Proceed);
}

#[test]
fn nobody_signed_in_must_sign_in() {
    let decision = decided(&request(&[], None), 0, None, None);
    assert_eq!(decision, Decision::LoginRequired { sign_in_after: None });
}

#[test]
fn a_remembered_consent_covers_what_it_covers() {
    let plain = request(&[], None);
    assert_eq!(decided(&plain, 0, Some(-9), Some(&consent("openid email"))), Decision::Proceed);
    assert_eq!(decided(&plain, 0, Some(-9), Some(&consent("openid"))), Decision::ConsentRequired);
    assert_eq!(decided(&plain, 0, Some(-9), None), Decision::ConsentRequired);
}

#[test]
fn oidc_core_3_1_2_1_prompt_consent_asks_whatever_is_remembered() {
    let asked = request(&[Prompt::Consent], None);
    assert_eq!(decided(&asked, 0, Some(-9), Some(&consent("openid email"))), Decision::ConsentRequired);
}

#[test]
fn oidc_core_3_1_2_1_prompt_login_wants_a_sign_in_after_the_request() {
    let known = consent("openid email");
    for asked in
        [request(&[Prompt::Login], None), request(&[], Some(0)), request(&[Prompt::SelectAccount], None)]
    {
        for stale in [None, Some(-9), Some(0)] {
            let decision = decided(&asked, 5, stale, Some(&known));
            assert_eq!(decision, Decision::LoginRequired { sign_in_after: Some(ASKED) });
        }
        assert_eq!(decided(&asked, 5, Some(1), Some(&known)), Decision::Proceed);
    }
}

#[test]
fn oidc_core_3_1_2_1_max_age_counts_when_the_request_is_resumed_too() {
    let known = consent("openid email");
    let asked = request(&[], Some(60));
    assert_eq!(decided(&asked, 0, Some(-60), Some(&known)), Decision::Proceed);
    let too_old = Decision::LoginRequired { sign_in_after: Some(at(-60)) };
    assert_eq!(decided(&asked, 0, Some(-61), Some(&known)), too_old);
    assert_eq!(decided(&asked, 1, Some(-60), Some(&known)), too_old, "grown old on the consent page");
    assert_eq!(decided(&asked, 600, Some(1), Some(&known)), Decision::Proceed, "signed in for this request");
    assert_eq!(decided(&request(&[], Some(u64::MAX)), 0, Some(-9), Some(&known)), Decision::Proceed);
}

#[test]
fn what_an_earlier_decision_asked_for_still_holds() {
    let known = consent("openid email");
    let facts = Facts {
        now: at(9),
        asked_at: ASKED,
        sign_in_after: Some(at(-5)),
        auth_time: Some(at(-6)),
        consent: Some(&known),
    };
    assert!(matches!(decide(&request(&[], None), &facts), Decision::LoginRequired { .. }));
}

#[test]
fn oidc_core_3_1_2_6_prompt_none_asks_nothing() {
    let silent = request(&[Prompt::None], Some(60));
    assert_eq!(refusal(decided(&silent, 0, None, None)), ErrorCode::LoginRequired);
    assert_eq!(refusal(decided(&silent, 0, Some(-61), None)), ErrorCode::LoginRequired);
    assert_eq!(refusal(decided(&silent, 0, Some(-1), None)), ErrorCode::ConsentRequired);
    assert_eq!(decided(&silent, 0, Some(-1), Some(&consent("openid email"))), Decision::Proceed);
}
