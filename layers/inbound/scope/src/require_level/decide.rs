//! Who signed in strongly enough, and not too long ago: decided from facts alone.

use std::time::Duration;

use http::Extensions;
use towergate_core::Timestamp;
use towergate_identity::rules::{level::Level, session::SignInId, user::UserId};

use crate::current::CurrentScope;

/// How far a proof may lie ahead of the clock: several machines do not tell quite the same time.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Proof that the person behind a request signed in as strongly and as lately as a layer asked. Only
/// [`RequireLevel`](crate::RequireLevel) makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SteppedUp {
    user: UserId,
    sign_in: SignInId,
    level: Level,
    authenticated_at: Timestamp,
}

/// Why a request was turned away; found in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotSteppedUp {
    /// There is no session.
    #[error("nobody is signed in")]
    Anonymous,
    /// Somebody must enrol a second factor before all else.
    #[error("a second factor must be enrolled")]
    EnrolmentDue,
    /// Somebody is half signed in.
    #[error("a second factor is due")]
    SecondFactorDue,
    /// The last proof is older than is asked for.
    #[error("the last sign-in is too old")]
    TooOld,
    /// The last proof is weaker than is asked for.
    #[error("a stronger sign-in is needed")]
    TooWeak {
        /// What is asked for.
        asked: Level,
    },
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requirement {
    pub(super) level: Level,
    pub(super) max_age: Option<Duration>,
}

pub(super) fn decide(
    scope: &CurrentScope,
    requirement: Requirement,
    now: Timestamp,
) -> Result<SteppedUp, NotSteppedUp> {
    let facts = (scope.user(), scope.sign_in(), scope.authenticated_at());
    let (Some(user), Some(sign_in), Some(authenticated_at)) = facts else {
        return Err(match scope {
            scope if scope.second_factor_due() => NotSteppedUp::SecondFactorDue,
            scope if scope.enrolment_due() => NotSteppedUp::EnrolmentDue,
            _ => NotSteppedUp::Anonymous,
        });
    };
    let asked = requirement.level;
    let level = scope.level().filter(|level| *level >= asked).ok_or(NotSteppedUp::TooWeak { asked })?;
    let is_fresh = requirement.max_age.is_none_or(|max_age| {
        now.since(authenticated_at) <= max_age && authenticated_at.since(now) <= MAX_CLOCK_SKEW
    });
    if !is_fresh {
        return Err(NotSteppedUp::TooOld);
    }
    Ok(SteppedUp { user, sign_in, level, authenticated_at })
}

impl SteppedUp {
    /// The proof in a request's extensions.
    ///
    /// # Errors
    /// When no [`RequireLevelLayer`](crate::RequireLevelLayer) put one there.
    pub fn from_extensions(extensions: &Extensions) -> Result<&Self, MissingRequireLevelLayer> {
        extensions.get().ok_or(MissingRequireLevelLayer)
    }

    /// Who.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Their sign-in.
    #[must_use]
    pub const fn sign_in(&self) -> SignInId {
        self.sign_in
    }

    /// How strongly they signed in.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// When they last did.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }
}

/// No [`RequireLevelLayer`](crate::RequireLevelLayer) stands outside the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "RequireLevelLayer is missing: add `RequireLevelLayer::new(login)` of `towergate::scope` around this handler, inside \
     ScopeLayer"
)]
pub struct MissingRequireLevelLayer;
