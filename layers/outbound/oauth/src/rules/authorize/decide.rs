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
mod tests;
