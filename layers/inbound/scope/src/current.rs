//! Who is signed in.

use std::sync::Arc;

use http::Extensions;
use towergate_core::Timestamp;
use towergate_identity::rules::{
    level::Level,
    login_proof::Method,
    session::{SessionRecord, SessionStage, SignInId},
    user::UserId,
};
use towergate_session::Session;

/// Who is signed in, as it was when the request came in.
///
/// Closed by default: while a second factor is due, or must be enrolled, nobody is signed in, and all that is told is that it is
/// due.
#[derive(Debug, Clone, Default)]
pub struct CurrentScope(Option<Arc<SessionRecord>>);

impl CurrentScope {
    /// The scope that a session gives at this moment.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self(session.record())
    }

    /// The scope in a request's extensions.
    ///
    /// # Errors
    /// When no [`ScopeLayer`](crate::ScopeLayer) put one there.
    pub fn from_extensions(extensions: &Extensions) -> Result<&Self, MissingScopeLayer> {
        extensions.get().ok_or(MissingScopeLayer)
    }

    /// Who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.complete().map(|record| record.user)
    }

    /// Their sign-in: the `sid` that clients see.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignInId> {
        self.complete().map(|record| record.sign_in)
    }

    /// When they last proved who they are: `auth_time`.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.complete().map(|record| record.authenticated_at)
    }

    /// By which means: `amr`. Empty when nobody is signed in.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        self.complete().map_or(&[], |record| &record.methods)
    }

    /// How strongly: `acr`. `None` when nobody is signed in.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        Level::of(self.methods())
    }

    /// Whether somebody is half signed in, and a second factor is due.
    #[must_use]
    pub fn second_factor_due(&self) -> bool {
        self.0.as_ref().is_some_and(|record| record.stage == SessionStage::AwaitsSecondFactor)
    }

    /// Whether somebody must enrol a second factor before all else.
    #[must_use]
    pub fn enrolment_due(&self) -> bool {
        self.0.as_ref().is_some_and(|record| record.stage == SessionStage::AwaitsEnrolment)
    }

    /// What a trace says of it.
    pub(crate) fn outcome(&self) -> &'static str {
        self.0.as_ref().map_or("nobody", |record| match record.stage {
            SessionStage::Complete => "user",
            SessionStage::AwaitsSecondFactor => "second_factor_due",
            SessionStage::AwaitsEnrolment => "enrolment_due",
            SessionStage::Leaving => "leaving",
        })
    }

    fn complete(&self) -> Option<&SessionRecord> {
        self.0.as_deref().filter(|record| record.stage == SessionStage::Complete)
    }
}

/// No [`ScopeLayer`](crate::ScopeLayer) stands outside the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.advice())]
pub struct MissingScopeLayer;

impl MissingScopeLayer {
    /// What to add and where: a fixed sentence, which may be shown to anybody.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        "ScopeLayer is missing: add `ScopeLayer::new()` of `towergate::scope` outside this layer and inside SessionLayer, \
         that is between the two in a ServiceBuilder"
    }
}
