//! What is still missing before a code may be sent. Asked when a request arrives, and again when it is resumed.

use std::time::Duration;

use towergate_core::Timestamp;
use towergate_oauth_types::{ErrorCode, OAuthError};

use crate::rules::interaction::{AuthorizationRequest, Prompt};

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
    /// Who is signed in; `None` when nobody is.
    pub signed_in: Option<SignedIn<'a>>,
    /// Who are signed in beside each other, while nothing says [which of them](mod@super::select) it is about.
    pub selectable: &'a [SignedIn<'a>],
    /// The levels that the host can reach at all; any, when it does not say.
    pub acr_offered: &'a [String],
    /// Whether what this person asked to be remembered for this client covers the request.
    pub is_remembered: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn<'a> {
    /// The person, as the client knows them.
    pub sub: &'a str,
    /// When they proved who they are.
    pub auth_time: Timestamp,
    /// How strongly.
    pub acr: Option<&'a str>,
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
    /// The client forbade to ask, and there is something to ask; or asking again would not help.
    Refuse(OAuthError),
}

/// Decides, [OpenID Connect Core 3.1.2.3](https://openid.net/specs/openid-connect-core-1_0.html#Authenticates) and
/// [3.1.2.4](https://openid.net/specs/openid-connect-core-1_0.html#Consent): a sign-in, fresh enough, of the person who
/// was asked for, strong enough, and a consent.
#[must_use]
pub fn decide(request: &AuthorizationRequest, facts: &Facts<'_>) -> Decision {
    let silent = request.prompt.contains(&Prompt::None);
    let essential = request.claims.essential_acr();
    if !essential.is_empty() && !can_reach(&essential, facts) {
        return Decision::Refuse(UNMET);
    }
    let fresh = facts.signed_in.filter(|signed_in| is_fresh(request, facts, signed_in.auth_time));
    let Some(signed_in) = fresh else {
        return if silent {
            Decision::Refuse(if is_choice(request, facts) { SELECTION } else { LOGIN })
        } else {
            Decision::LoginRequired { sign_in_after: sign_in_after(request, facts.asked_at) }
        };
    };
    // Whoever has just signed in for this request would do no better by signing in again.
    let anew = is_anew(facts, signed_in.auth_time);
    let again = Decision::LoginRequired { sign_in_after: Some(facts.asked_at) };
    if request.required_sub.as_ref().is_some_and(|sub| sub != signed_in.sub) {
        return if silent || anew { Decision::Refuse(OTHER_PERSON) } else { again };
    }
    let has_one_of = |levels: &[&str]| signed_in.acr.is_some_and(|acr| levels.contains(&acr));
    if !essential.is_empty() && !has_one_of(&essential) {
        return match (silent, anew) {
            (true, _) => Decision::Refuse(STEP_UP),
            (false, true) => Decision::Refuse(UNMET),
            (false, false) => again,
        };
    }
    let preferred: Vec<&str> = request.acr_values.iter().map(String::as_str).collect();
    let worth_trying = !facts.acr_offered.is_empty() && !preferred.is_empty() && can_reach(&preferred, facts);
    if essential.is_empty() && worth_trying && !has_one_of(&preferred) && !silent && !anew {
        return again;
    }
    if !facts.is_remembered || request.prompt.contains(&Prompt::Consent) {
        return if silent { Decision::Refuse(CONSENT) } else { Decision::ConsentRequired };
    }
    Decision::Proceed
}

const LOGIN: OAuthError = OAuthError::new(ErrorCode::LoginRequired, "a sign-in is required");
const SELECTION: OAuthError = OAuthError::new(
    ErrorCode::AccountSelectionRequired,
    "several accounts are signed in, and one must be chosen",
);
const OTHER_PERSON: OAuthError =
    OAuthError::new(ErrorCode::LoginRequired, "the person who was asked for is not signed in");
const STEP_UP: OAuthError = OAuthError::new(ErrorCode::InteractionRequired, "a stronger sign-in is required");
const UNMET: OAuthError = OAuthError::new(
    ErrorCode::UnmetAuthenticationRequirements,
    "the essential acr is not reached by signing in here",
);
const CONSENT: OAuthError = OAuthError::new(ErrorCode::ConsentRequired, "a consent is required");

fn can_reach(levels: &[&str], facts: &Facts<'_>) -> bool {
    facts.acr_offered.is_empty() || facts.acr_offered.iter().any(|offered| levels.contains(&offered.as_str()))
}

/// Whether it would do to choose somebody who is signed in.
fn is_choice(request: &AuthorizationRequest, facts: &Facts<'_>) -> bool {
    facts.selectable.iter().any(|one| {
        is_fresh(request, facts, one.auth_time)
            && request.required_sub.as_ref().is_none_or(|sub| sub == one.sub)
    })
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
    if is_anew(facts, auth_time) {
        return true;
    }
    let in_future = auth_time.since(facts.now) > MAX_CLOCK_SKEW;
    let young =
        request.max_age.is_none_or(|seconds| facts.now.since(auth_time) <= Duration::from_secs(seconds));
    let young = young && (request.max_age.is_none() || !in_future);
    young && !must_sign_in_anew(request)
}

/// Whether a sign-in was made for this very request.
fn is_anew(facts: &Facts<'_>, auth_time: Timestamp) -> bool {
    auth_time > facts.asked_at && auth_time.since(facts.now) <= MAX_CLOCK_SKEW
}

/// `max_age=0` asks for the same as `prompt=login`; choosing another account, or making one, is done by signing in
/// again.
fn must_sign_in_anew(request: &AuthorizationRequest) -> bool {
    [Prompt::Login, Prompt::SelectAccount, Prompt::Create]
        .iter()
        .any(|prompt| request.prompt.contains(prompt))
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
