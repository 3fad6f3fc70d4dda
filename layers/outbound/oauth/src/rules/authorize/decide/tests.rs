use std::collections::BTreeSet;

use towergate_oauth_types::Scope;

use super::*;
use crate::rules::{claims_request::ClaimsRequest, client::ClientId};

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

fn decided(
    request: &AuthorizationRequest,
    now: i64,
    auth_time: Option<i64>,
    is_remembered: bool,
) -> Decision {
    decide(request, &facts(now, auth_time, is_remembered))
}

/// Alice is signed in, if anybody is, by a level that says nothing.
fn facts(now: i64, auth_time: Option<i64>, is_remembered: bool) -> Facts<'static> {
    Facts {
        now: at(now),
        asked_at: ASKED,
        sign_in_after: None,
        signed_in: auth_time.map(|time| SignedIn { sub: "alice", auth_time: at(time), acr: None }),
        selectable: &[],
        acr_offered: &[],
        is_remembered,
    }
}

fn fresh_sign_in() -> Decision {
    Decision::LoginRequired { sign_in_after: Some(ASKED) }
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
        let decision = decided(&request, 0, Some(3600), true);
        assert!(matches!(decision, Decision::LoginRequired { .. }), "{request:?}: {decision:?}");
        // Another machine's clock may be a little ahead.
        let decision = decided(&request, 1, Some(30), true);
        assert_eq!(decision, Decision::Proceed, "{request:?}");
    }
    let unhurried = decided(&request(&[], None), 0, Some(3600), true);
    assert_eq!(unhurried, Decision::Proceed);
}

#[test]
fn nobody_signed_in_must_sign_in() {
    let decision = decided(&request(&[], None), 0, None, false);
    assert_eq!(decision, Decision::LoginRequired { sign_in_after: None });
}

#[test]
fn what_is_not_remembered_is_asked() {
    let plain = request(&[], None);
    assert_eq!(decided(&plain, 0, Some(-9), true), Decision::Proceed);
    assert_eq!(decided(&plain, 0, Some(-9), false), Decision::ConsentRequired);
}

#[test]
fn oidc_core_3_1_2_1_prompt_consent_asks_whatever_is_remembered() {
    let asked = request(&[Prompt::Consent], None);
    assert_eq!(decided(&asked, 0, Some(-9), true), Decision::ConsentRequired);
}

#[test]
fn oidc_core_3_1_2_1_prompt_login_wants_a_sign_in_after_the_request() {
    for asked in
        [request(&[Prompt::Login], None), request(&[], Some(0)), request(&[Prompt::SelectAccount], None)]
    {
        for stale in [None, Some(-9), Some(0)] {
            let decision = decided(&asked, 5, stale, true);
            assert_eq!(decision, Decision::LoginRequired { sign_in_after: Some(ASKED) });
        }
        assert_eq!(decided(&asked, 5, Some(1), true), Decision::Proceed);
    }
}

#[test]
fn oidc_core_3_1_2_1_max_age_counts_when_the_request_is_resumed_too() {
    let asked = request(&[], Some(60));
    assert_eq!(decided(&asked, 0, Some(-60), true), Decision::Proceed);
    let too_old = Decision::LoginRequired { sign_in_after: Some(at(-60)) };
    assert_eq!(decided(&asked, 0, Some(-61), true), too_old);
    assert_eq!(decided(&asked, 1, Some(-60), true), too_old, "grown old on the consent page");
    assert_eq!(decided(&asked, 600, Some(1), true), Decision::Proceed, "signed in for this request");
    assert_eq!(decided(&request(&[], Some(u64::MAX)), 0, Some(-9), true), Decision::Proceed);
}

#[test]
fn what_an_earlier_decision_asked_for_still_holds() {
    let facts = Facts { sign_in_after: Some(at(-5)), ..facts(9, Some(-6), true) };
    assert!(matches!(decide(&request(&[], None), &facts), Decision::LoginRequired { .. }));
}

#[test]
fn oidc_core_3_1_2_6_prompt_none_asks_nothing() {
    let silent = request(&[Prompt::None], Some(60));
    assert_eq!(refusal(decided(&silent, 0, None, false)), ErrorCode::LoginRequired);
    assert_eq!(refusal(decided(&silent, 0, Some(-61), false)), ErrorCode::LoginRequired);
    assert_eq!(refusal(decided(&silent, 0, Some(-1), false)), ErrorCode::ConsentRequired);
    assert_eq!(decided(&silent, 0, Some(-1), true), Decision::Proceed);
}

#[test]
fn oidc_core_3_1_2_1_an_answer_is_about_the_person_who_was_asked_for() {
    let asked = |prompt: &[Prompt], sub: &str| AuthorizationRequest {
        required_sub: Some(sub.to_owned()),
        ..request(prompt, None)
    };
    assert_eq!(decided(&asked(&[], "alice"), 0, Some(-9), true), Decision::Proceed);
    assert_eq!(decided(&asked(&[Prompt::None], "alice"), 0, Some(-9), true), Decision::Proceed);
    assert_eq!(decided(&asked(&[], "bob"), 5, Some(-9), true), fresh_sign_in());
    assert_eq!(refusal(decided(&asked(&[Prompt::None], "bob"), 0, Some(-9), true)), ErrorCode::LoginRequired);
    assert_eq!(
        refusal(decided(&asked(&[], "bob"), 5, Some(1), true)),
        ErrorCode::LoginRequired,
        "somebody else signed in for it"
    );
}

/// A request that needs, or prefers, one of these levels.
fn at_level(levels: &str, essential: bool, prompt: &[Prompt]) -> AuthorizationRequest {
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":{essential},"values":["{levels}"]}}}}}}"#);
    AuthorizationRequest {
        claims: ClaimsRequest::parse(&claims).unwrap(),
        acr_values: vec![levels.to_owned()],
        ..request(prompt, None)
    }
}

/// Alice signed in at a level, at a host that reaches two.
fn at_level_of(request: &AuthorizationRequest, auth_time: i64, acr: Option<&str>) -> Decision {
    let offered = [String::from("pwd"), String::from("mfa")];
    let signed_in = SignedIn { sub: "alice", auth_time: at(auth_time), acr };
    decide(request, &Facts { signed_in: Some(signed_in), acr_offered: &offered, ..facts(5, None, true) })
}

#[test]
fn oidc_core_5_5_1_1_an_essential_acr_is_reached_or_refused() {
    let asked = at_level("mfa", true, &[]);
    assert_eq!(at_level_of(&asked, -9, Some("mfa")), Decision::Proceed);
    for weak in [None, Some("pwd")] {
        assert_eq!(at_level_of(&asked, -9, weak), fresh_sign_in());
        let unmet = refusal(at_level_of(&asked, 1, weak));
        assert_eq!(unmet, ErrorCode::UnmetAuthenticationRequirements, "signed in for it, and too weakly");
        let silent = refusal(at_level_of(&at_level("mfa", true, &[Prompt::None]), -9, weak));
        assert_eq!(silent, ErrorCode::InteractionRequired);
    }
    for nobody in [-9, 1] {
        let unreachable = refusal(at_level_of(&at_level("smartcard", true, &[]), nobody, Some("mfa")));
        assert_eq!(unreachable, ErrorCode::UnmetAuthenticationRequirements);
    }
    let unsaid = Facts { acr_offered: &[], ..facts(5, Some(-9), true) };
    assert_eq!(decide(&at_level("smartcard", true, &[]), &unsaid), fresh_sign_in());
}

#[test]
fn rfc9470_5_a_preferred_acr_is_tried_for_once() {
    let asked = at_level("mfa", false, &[]);
    assert_eq!(at_level_of(&asked, -9, Some("pwd")), fresh_sign_in());
    assert_eq!(at_level_of(&asked, 1, Some("pwd")), Decision::Proceed, "it was tried");
    assert_eq!(at_level_of(&asked, -9, Some("mfa")), Decision::Proceed);
    assert_eq!(at_level_of(&at_level("mfa", false, &[Prompt::None]), -9, Some("pwd")), Decision::Proceed);
    assert_eq!(
        at_level_of(&at_level("smartcard", false, &[]), -9, Some("pwd")),
        Decision::Proceed,
        "in vain"
    );
    let unsaid = Facts { acr_offered: &[], ..facts(5, Some(-9), true) };
    assert_eq!(decide(&asked, &unsaid), Decision::Proceed);
}

#[test]
fn prompt_create_wants_an_account_that_was_made_for_the_request() {
    let asked = request(&[Prompt::Create], None);
    assert_eq!(decided(&asked, 5, Some(-9), true), fresh_sign_in());
    assert_eq!(decided(&asked, 5, Some(1), true), Decision::Proceed);
}

#[test]
fn oidc_core_3_1_2_6_several_people_must_be_chosen_from() {
    let one = |sub, time| SignedIn { sub, auth_time: at(time), acr: None };
    let several = [one("alice", -61), one("bob", -9)];
    let facts = |selectable| Facts { selectable, ..facts(0, None, false) };
    let silent = |max_age| request(&[Prompt::None], max_age);
    let asked_for = |sub: &str| AuthorizationRequest { required_sub: Some(sub.to_owned()), ..silent(None) };
    for (law, request, error) in [
        ("in silence", silent(None), ErrorCode::AccountSelectionRequired),
        ("one is fresh enough", silent(Some(10)), ErrorCode::AccountSelectionRequired),
        ("nobody is fresh enough", silent(Some(8)), ErrorCode::LoginRequired),
        ("two of the same name", asked_for("bob"), ErrorCode::AccountSelectionRequired),
        ("none is who was asked for", asked_for("carol"), ErrorCode::LoginRequired),
    ] {
        assert_eq!(refusal(decide(&request, &facts(&several))), error, "{law}");
    }
    assert_eq!(refusal(decide(&silent(None), &facts(&[]))), ErrorCode::LoginRequired, "nobody");
    let page = Decision::LoginRequired { sign_in_after: None };
    assert_eq!(decide(&request(&[], None), &facts(&several)), page);
}
