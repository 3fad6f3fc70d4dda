//! What was shown once.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::{Timestamp, contract::model::Answers};

use super::{Model, Modelled};
use crate::{
    ports::replay::Remembering,
    rules::single_use::{SingleUse, SingleUseKind},
};

/// What is done about identifiers that count once.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "it is the method of the port")]
pub enum ReplayOperation {
    RememberOnce { identifier: u8, seconds: u16 },
}

/// An identifier that was shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    until: Timestamp,
    /// Its time was over once: it may be forgotten, even if the clock was set back since.
    may_be_gone: bool,
}

pub(super) fn operation() -> impl Strategy<Value = ReplayOperation> {
    let seconds = proptest::sample::select(vec![1_u16, 30, 600]);
    (0..3_u8, seconds).prop_map(|(identifier, seconds)| ReplayOperation::RememberOnce { identifier, seconds })
}

impl Model {
    pub(super) async fn replay<S>(&mut self, store: &S, operation: &ReplayOperation) -> Answers
    where
        S: Modelled,
    {
        let ReplayOperation::RememberOnce { identifier, seconds } = *operation;
        let (origin, now) = (self.trail.origin(), self.trail.now());
        let until = now.plus(Duration::from_secs(seconds.into()));
        let kind = SingleUseKind::ClientAssertion;
        let once = SingleUse::new(kind, "client-1", &identifier.to_string(), until);
        let answer = store.remember_once(once, origin).await;
        for mark in self.marks.values_mut() {
            mark.may_be_gone |= mark.until <= now;
        }
        let is_first = match self.marks.get(&identifier) {
            None => true,
            Some(mark) if mark.until <= now => true,
            Some(mark) => mark.may_be_gone && matches!(answer, Ok(Remembering::First)),
        };
        if is_first {
            self.marks.insert(identifier, Mark { until, may_be_gone: false });
        }
        Answers::of(answer, if is_first { Remembering::First } else { Remembering::Seen })
    }
}
