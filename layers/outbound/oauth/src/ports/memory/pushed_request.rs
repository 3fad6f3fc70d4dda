//! Requests that clients pushed, in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, already_there, interaction::issue, room};
use crate::{
    ports::{
        interaction::Issuing,
        pushed_request::{PushedRequestStore, Pushing, Spending},
    },
    rules::{
        client::ClientId,
        code::Code,
        consent::Consent,
        fact::OAuthFact,
        grant::Grant,
        pushed_request::{PushedRequest, PushedRequestId, Room},
    },
};

#[derive(Default)]
pub(super) struct PushedRequests {
    all: BTreeMap<PushedRequestId, PushedRequest>,
    room: BTreeMap<ClientId, room::Room>,
}

impl PushedRequestStore for MemoryStore {
    async fn push_request(
        &self,
        pushed: PushedRequest,
        room: Room,
        origin: Origin,
    ) -> Result<Pushing, StoreError> {
        self.step(|state| {
            let id = pushed.id;
            if state.pushed.all.contains_key(&id) {
                return Err(already_there("pushed request", id));
            }
            let client = pushed.request.client_id.clone();
            let own = state.pushed.room.entry(client.clone()).or_default();
            if own.is_full(room.own, origin.at) {
                return Ok(Pushing::ShareTaken);
            }
            if state.room.is_full(room.all, origin.at) {
                return Ok(Pushing::Full);
            }
            state.log.write(&OAuthFact::RequestPushed { pushed: id, client }, &origin);
            state.room.take(pushed.takes_room_until());
            own.take(pushed.takes_room_until());
            state.pushed.all.insert(id, pushed);
            Ok(Pushing::Pushed)
        })
    }

    async fn find_pushed_request(&self, id: PushedRequestId) -> Result<Option<PushedRequest>, StoreError> {
        self.step(|state| Ok(state.pushed.all.get(&id).cloned()))
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
        self.all.get(&id).is_some_and(|pushed| now < pushed.expires_at)
    }
}

impl Tables {
    /// What was pushed has its answer: nobody is asked about it any more.
    pub(super) fn answer_pushed(&mut self, id: Option<PushedRequestId>) {
        let Some(id) = id else { return };
        if let Some(pushed) = self.pushed.all.remove(&id) {
            self.room.give_back(pushed.takes_room_until());
            if let Some(own) = self.pushed.room.get_mut(&pushed.request.client_id) {
                own.give_back(pushed.takes_room_until());
            }
        }
        self.interactions.close_pushed(id);
    }
}
