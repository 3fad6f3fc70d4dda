//! Requests that clients pushed, in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, already_there, interaction::issue};
use crate::{
    ports::{
        interaction::Issuing,
        pushed_request::{PushedRequestStore, Pushing, Spending},
    },
    rules::{
        code::Code,
        consent::Consent,
        fact::OAuthFact,
        grant::Grant,
        pushed_request::{PushedRequest, PushedRequestId},
    },
};

#[derive(Default)]
pub(super) struct PushedRequests(BTreeMap<PushedRequestId, PushedRequest>);

impl PushedRequestStore for MemoryStore {
    async fn push_request(
        &self,
        pushed: PushedRequest,
        limit: u32,
        origin: Origin,
    ) -> Result<Pushing, StoreError> {
        self.step(|state| {
            let id = pushed.id;
            if state.pushed.0.contains_key(&id) {
                return Err(already_there("pushed request", id));
            }
            if state.room.taken(origin.at) >= usize::try_from(limit).unwrap_or(usize::MAX) {
                return Ok(Pushing::Full);
            }
            let client = pushed.request.client_id.clone();
            state.log.write(&OAuthFact::RequestPushed { pushed: id, client }, &origin);
            state.room.take(pushed.takes_room_until());
            state.pushed.0.insert(id, pushed);
            Ok(Pushing::Pushed)
        })
    }

    async fn find_pushed_request(&self, id: PushedRequestId) -> Result<Option<PushedRequest>, StoreError> {
        self.step(|state| Ok(state.pushed.0.get(&id).cloned()))
    }

    async fn spend_pushed_request(
        &self,
        id: PushedRequestId,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.step(|state| {
            if !state.pushed.waits(id, origin.at) {
                return Ok(Spending::Gone);
            }
            state.answer_pushed(Some(id));
            Ok(Spending::Spent)
        })
    }

    async fn issue_pushed_code(
        &self,
        id: PushedRequestId,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.step(|state| issue(state, Some(id), grant, code, rests_on.as_ref(), &origin))
    }
}

impl PushedRequests {
    /// Whether it is neither answered nor expired.
    pub(super) fn waits(&self, id: PushedRequestId, now: Timestamp) -> bool {
        self.0.get(&id).is_some_and(|pushed| now < pushed.expires_at)
    }
}

impl Tables {
    /// What was pushed has its answer: nobody is asked about it any more.
    pub(super) fn answer_pushed(&mut self, id: Option<PushedRequestId>) {
        let Some(id) = id else { return };
        if let Some(pushed) = self.pushed.0.remove(&id) {
            self.room.give_back(pushed.takes_room_until());
        }
        self.interactions.close_pushed(id);
    }
}
