//! The layer.

use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;
use towergate_core::{Clock, LocalPath, system::SystemClock};
use towergate_identity::rules::level::Level;

use super::{decide::Requirement, service::RequireLevel};
use crate::to_login::ToLogin;

/// Lets through only requests of somebody who signed in strongly enough, and not too long ago.
#[derive(Clone)]
#[must_use]
pub struct RequireLevelLayer<R = ToLogin> {
    requirement: Requirement,
    clock: Arc<dyn Clock>,
    rejection: R,
}

impl RequireLevelLayer {
    /// Asks for one factor, however long ago, and sends people who navigate to `login`.
    pub fn new(login: LocalPath) -> Self {
        Self::rejecting(ToLogin::new(login))
    }
}

impl Default for RequireLevelLayer {
    /// Sends people to `/login`, where `LoginRoutes` answers unless it was told another path.
    fn default() -> Self {
        Self::rejecting(ToLogin::default())
    }
}

impl<R> RequireLevelLayer<R> {
    /// Answers whoever does not pass with `rejection`.
    pub fn rejecting(rejection: R) -> Self {
        let requirement = Requirement { level: Level::OneFactor, max_age: None };
        Self { requirement, clock: Arc::new(SystemClock), rejection }
    }

    /// Asks for at least this level.
    pub const fn level(mut self, level: Level) -> Self {
        self.requirement.level = level;
        self
    }

    /// Asks for a proof that is no older than this.
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.requirement.max_age = Some(max_age);
        self
    }

    /// Tells the time by `clock`.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl<S, R: Clone> Layer<S> for RequireLevelLayer<R> {
    type Service = RequireLevel<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let (requirement, clock) = (self.requirement, Arc::clone(&self.clock));
        RequireLevel { inner, requirement, clock, rejection: self.rejection.clone() }
    }
}

impl<R> fmt::Debug for RequireLevelLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLevelLayer").field("requirement", &self.requirement).finish_non_exhaustive()
    }
}
