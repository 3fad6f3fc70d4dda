//! The gate in front of every change that would let a thief stay: of passwords, addresses, factors, and of the account itself.
//!
//! Whoever passes is signed in, or has to enrol a second factor on that very page, and proved who they are within the last five
//! minutes, by two factors if they can ([`Means`](towergate_identity::rules::means::Means)). Anybody else is sent to prove it,
//! and comes back.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use towergate_core::{LocalPath, StoreError, Timestamp};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        level::Level,
        session::{SessionRecord, SessionStage},
    },
};
use towergate_session::Session;

use crate::{answer, site::Site};

/// How old a proof may be, unless an [assurance profile](Site::assurance) says otherwise.
pub const FRESH: Duration = Duration::from_secs(5 * 60);

/// How far a proof may lie ahead of the clock, which was set back since.
const SKEW: Duration = Duration::from_secs(60);

/// Who stands at the gate.
#[derive(Debug)]
pub enum Admission {
    /// Whoever may pass, by this session.
    Admitted(Arc<SessionRecord>),
    /// Somebody who has something to prove first, to whom this is answered.
    Elsewhere(Box<Response<Bytes>>),
}

impl<P, H> Site<P, H> {
    /// Asks at `now` whether the person of `session` may make a sensitive change on the page `here`.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn admit<S: IdentityStore>(
        &self,
        store: &S,
        session: &Session,
        here: &LocalPath,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let elsewhere = |path| Admission::Elsewhere(Box::new(answer::see_other_first(path, here)));
        let Some(shown) = session.record() else { return Ok(elsewhere(&self.paths.login)) };
        // Whoever holds the body of a form back holds what was read at its head: a session that has ended since admits nobody.
        let Some(record) = store.load_session(shown.id, now).await? else {
            return Ok(elsewhere(&self.paths.login));
        };
        match record.stage {
            SessionStage::AwaitsSecondFactor => return Ok(elsewhere(&self.paths.second_factor)),
            SessionStage::Leaving => {
                return Ok(Admission::Elsewhere(Box::new(answer::see_other(&self.paths.delete))));
            }
            SessionStage::AwaitsEnrolment | SessionStage::Complete => {}
        }
        let means = self.means(store, record.user).await?;
        if record.stage == SessionStage::AwaitsEnrolment {
            // Or whoever has but the first factor would enrol one of their own beside it.
            if means.one_more_reaches(&record.methods, Level::TwoFactors) {
                return Ok(elsewhere(&self.paths.second_factor));
            }
            if !self.enrols(here) {
                return Ok(elsewhere(&self.paths.security));
            }
        }
        let least = means.strongest();
        if is_proven(&record, least == Level::TwoFactors, self.fresh_within(), now) {
            return Ok(Admission::Admitted(record));
        }
        // Two things that somebody has are one factor: whoever proved one of them signs in by what they know.
        let by_one_more = means.one_more_reaches(&record.methods, least);
        Ok(elsewhere(if by_one_more { &self.paths.second_factor } else { &self.paths.login }))
    }
}

impl<P, H> Site<P, H> {
    /// Whether second factors are enrolled on the page.
    fn enrols(&self, here: &LocalPath) -> bool {
        let page = here.as_str().split('?').next();
        [&self.paths.security, &self.paths.passkeys].iter().any(|path| page == Some(path.as_str()))
    }
}

/// Whether the last proof is strong enough, and no older than `within`.
#[must_use]
pub fn is_proven(record: &SessionRecord, has_second: bool, within: Duration, now: Timestamp) -> bool {
    let least = if has_second { Level::TwoFactors } else { Level::OneFactor };
    let at = record.authenticated_at;
    Level::of(&record.methods) >= Some(least) && now.since(at) <= within && at.since(now) <= SKEW
}
