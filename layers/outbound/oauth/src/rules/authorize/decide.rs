//! What is still missing before a code may be sent. Asked when a request arrives, and again when it is resumed.

use std::time::Duration;

use towergate_core::Timestamp;
use towergate_oauth_types::{ErrorCode, OAuthError};

use crate::rules::{
    consent::Consent,
    interaction::{AuthorizationRequest, Prompt},
};

/// How far the clocks of machines that serve one site may differ.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// What the decision rests on, beside the request itself.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// When the request arrived; for a resumed one, when its interaction began.
    pub asked_at: Timestamp,
    /// A sign-in before this moment does not count: what an earlier decision asked for.
    pub sign_in_after: Option<Timestamp>,
    /// When the person who is signed in proved who they are; `None` when nobody is signed in.
    pub auth_time: Option<Timestamp>,
    /// What this person asked to be remembered for this client.
    pub consent: Option<&'a Consent>,
}

/// What is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A sign-in, or a fresh one.
    LoginRequired {
        /// The sign-in must not be older than this.
        sign_in_after: Option<Timestamp>,
    },
    /// A yes or a no.
    ConsentRequired,
    /// Nothing: send a code.
    Proceed,
    /// The client forbade to ask, and there is something to ask.
    Refuse(OAuthError),
}

/// Decides, [OpenID Connect Core 3.1.2.3](https://openid.net/specs/openid-connect-core-1_0.html#Authenticates) and
/// [3.1.2.4](https://openid.net/specs/openid-connect-core-1_0.html#Consent).
#[must_use]
pub fn decide(request: &AuthorizationRequest, facts: &Facts<'_>) -> Decision {
    let silent = request.prompt.contains(&Prompt::None);
    if !facts.auth_time.is_some_and(|at| is_fresh(request, facts, at)) {
        return if silent {
            Decision::Refuse(OAuthError::new(ErrorCode::LoginRequired, "a sign-in is required"))
        } else {
            Decision::LoginRequired { sign_in_after: sign_in_after(request, facts.asked_at) }
        };
    }
    let remembered = facts.consent.is_some_and(|consent| consent.covers(&request.scope));
    if !remembered || request.prompt.contains(&Prompt::Consent) {
        return if silent {
            Decision::Refuse(OAuthError::new(ErrorCode::ConsentRequired, "a consent is required"))
        } else {
            Decision::ConsentRequired
        };
    }
    Decision::Proceed
}

/// Whether a sign-in is recent enough.
///
/// One made since the request arrived always is: the person may take their time on the consent page. An older one
/// must still be young enough now, not only when the request came. One from the future was made by a wrong clock, and
/// tells nothing about its age.
fn is_fresh(request: &AuthorizationRequest, facts: &Facts<'_>, auth_time: Timestamp) -> bool {
    if facts.sign_in_after.is_some_and(|after| auth_time < after) {
        return false;
    }
    let in_future = auth_time.since(facts.now) > MAX_CLOCK_SKEW;
    if auth_time > facts.asked_at && !in_future {
        return true;
    }
    let young =
        request.max_age.is_none_or(|seconds| facts.now.since(auth_time) <= Duration::from_secs(seconds));
    let young = young && (request.max_age.is_none() || !in_future);
    young && !must_sign_in_anew(request)
}

/// `max_age=0` asks for the same as `prompt=login`; choosing another account is done by signing in again.
fn must_sign_in_anew(request: &AuthorizationRequest) -> bool {
    request.prompt.contains(&Prompt::Login)
        || request.prompt.contains(&Prompt::SelectAccount)
        || request.max_age == Some(0)
}

fn sign_in_after(request: &AuthorizationRequest, asked_at: Timestamp) -> Option<Timestamp> {
    if must_sign_in_anew(request) {
        return Some(asked_at);
    }
    request.max_age.map(|seconds| asked_at.minus(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use towergate_oauth_types::Scope;

    use super::*;
    use crate::rules::{client::ClientId, grant::Subject, interaction::ResponseMode};

    const ASKED: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_700_000_000 + seconds)
    }

    fn request(prompt: &[Prompt], max_age: Option<u64>) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: ClientId::parse("shop").unwrap(),
            redirect_uri: String::from("https://shop.example/cb"),
            redirect_uri_was_sent: true,
            response_mode: ResponseMode::Query,
            scope: Scope::parse("openid email").unwrap(),
            state: None,
            nonce: None,
            code_challenge: String::new(),
            prompt: prompt.iter().copied().collect::<BTreeSet<_>>(),
            max_age,
            login_hint: None,
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
        let facts = Facts {
            now: at(now),
            asked_at: ASKED,
            sign_in_after: None,
            auth_time: auth_time.map(at),
            consent,
        };
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
        assert_eq!(
            decided(&asked, 600, Some(1), Some(&known)),
            Decision::Proceed,
            "signed in for this request"
        );
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
}
