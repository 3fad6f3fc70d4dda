//! Requests that clients pushed.

use std::time::Duration;

use proptest::{option, prelude::*};
use towergate_core::{Digest, Timestamp, contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    interaction::{is_full, scope_of},
    world::{client_id, number, person, recent, some_client, some_sign_in, subject},
};
use crate::{
    ports::{
        interaction::Issuing,
        pushed_request::{Pushing, Spending},
    },
    rules::{
        client::ClientId,
        fact::OAuthFact,
        interaction::{AuthorizationRequest, InteractionState},
        pushed_request::{LIFETIME, PushedRequest, PushedRequestId, Room},
    },
};

/// What is done about pushed requests. An interaction that begins from one is begun here too.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of a port")]
pub enum PushedRequestOperation {
    Push { client: u8, room: Room },
    Find { pushed: u8 },
    Begin { pushed: u8, client: u8 },
    Spend { pushed: u8 },
    IssueCode { pushed: u8, client: u8, subject: u8, sign_in: Option<u8>, rests_on: Option<u8> },
}

pub(super) fn operation() -> impl Strategy<Value = PushedRequestOperation> {
    use PushedRequestOperation as Do;
    let limit = || prop_oneof![5 => Just(100_u32), 1 => 0..4_u32];
    let room = (limit(), limit()).prop_map(|(all, own)| Room { all, own });
    prop_oneof![
        4 => (some_client(), room).prop_map(|(client, room)| Do::Push { client, room }),
        1 => recent().prop_map(|pushed| Do::Find { pushed }),
        5 => (recent(), some_client()).prop_map(|(pushed, client)| Do::Begin { pushed, client }),
        1 => recent().prop_map(|pushed| Do::Spend { pushed }),
        2 => (
            recent(),
            some_client(),
            person(),
            option::weighted(0.8, some_sign_in()),
            option::weighted(0.3, 0..3_u8),
        )
            .prop_map(|(pushed, client, subject, sign_in, rests_on)| Do::IssueCode {
                pushed, client, subject, sign_in, rests_on,
            }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = PushedRequestOperation> {
    (0..=begun).map(|pushed| PushedRequestOperation::Find { pushed })
}

impl Model {
    pub(super) async fn pushed_request<S>(&mut self, store: &S, operation: &PushedRequestOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            PushedRequestOperation::Push { client, room } => {
                let pushed = self.pushing(client);
                let answer = store.push_request(pushed.clone(), room, origin).await;
                let said = answer.as_ref().ok().copied();
                Answers::of(answer, self.push(pushed, room, said))
            }
            PushedRequestOperation::Find { pushed } => {
                let id = self.nth_pushed(pushed);
                Answers::of(store.find_pushed_request(id).await, self.pushed.get(&id).cloned())
            }
            PushedRequestOperation::Begin { pushed, client } => {
                let id = self.nth_pushed(pushed);
                self.begin(store, client, Some(id), 100).await
            }
            PushedRequestOperation::Spend { pushed } => {
                let id = self.nth_pushed(pushed);
                let answer = store.spend_pushed_request(id, origin).await;
                let spends = self.waits_for_answer(id);
                if spends {
                    self.answer_pushed(Some(id));
                }
                Answers::of(answer, if spends { Spending::Spent } else { Spending::Gone })
            }
            PushedRequestOperation::IssueCode { pushed, client, subject: n, sign_in, rests_on } => {
                let id = self.nth_pushed(pushed);
                let (grant, code) = self.new_grant(client_id(client), subject(n), sign_in, 1);
                let rests_on = rests_on.map(|scope| self.consent(subject(n), client_id(client), scope));
                let (kept, given) = (grant.clone(), code.clone());
                let answer = store.issue_pushed_code(id, kept, given, rests_on.clone(), origin).await;
                let may = match self.may_issue(&grant, rests_on.as_ref()) {
                    Issuing::Issued | Issuing::ConsentWithdrawn if !self.waits_for_answer(id) => {
                        Issuing::RequestSpent
                    }
                    may => may,
                };
                if may == Issuing::Issued {
                    self.keep_grant(grant, code);
                    self.answer_pushed(Some(id));
                }
                Answers::of(answer, may)
            }
        }
    }

    fn push(&mut self, pushed: PushedRequest, room: Room, said: Option<Pushing>) -> Pushing {
        let client = pushed.request.client_id.clone();
        let own = |over_for| self.pushed_waiting(Some(&client), over_for).try_into().unwrap();
        if is_full(room.own, own, said == Some(Pushing::ShareTaken)) {
            return Pushing::ShareTaken;
        }
        if is_full(room.all, |over_for| self.waiting(over_for), said == Some(Pushing::Full)) {
            return Pushing::Full;
        }
        self.tell(&OAuthFact::RequestPushed { pushed: pushed.id, client: client.clone() });
        self.pushed_room.insert(pushed.id, (client, pushed.takes_room_until()));
        self.pushed.insert(pushed.id, pushed);
        Pushing::Pushed
    }

    /// Whether it is neither answered nor expired.
    pub(super) fn waits_for_answer(&self, id: PushedRequestId) -> bool {
        self.pushed.get(&id).is_some_and(|there| self.trail.now() < there.expires_at)
    }

    /// What was pushed has its answer.
    pub(super) fn answer_pushed(&mut self, id: Option<PushedRequestId>) {
        let Some(id) = id else { return };
        if self.pushed.remove(&id).is_some() {
            self.pushed_room.remove(&id);
        }
        for there in self.interactions.values_mut().filter(|there| there.pushed == Some(id)) {
            if there.state == InteractionState::Open {
                there.state = InteractionState::Denied;
            }
        }
    }

    /// How many take up room until so long after, of one client or of all.
    pub(super) fn pushed_waiting(&self, client: Option<&ClientId>, over_for: Duration) -> usize {
        let now = self.trail.now();
        let takes = |(whose, until): &&(ClientId, Timestamp)| {
            client.is_none_or(|client| client == whose) && now < until.plus(over_for)
        };
        self.pushed_room.values().filter(takes).count()
    }

    fn pushing(&mut self, client: u8) -> PushedRequest {
        self.begun.pushed += 1;
        PushedRequest {
            id: pushed_id(self.begun.pushed.into()),
            digest: Digest::of(b"reference"),
            request: AuthorizationRequest {
                scope: scope_of(1),
                ..AuthorizationRequest::new(client_id(client), String::from("https://app.example/cb"))
            },
            expires_at: self.trail.now().plus(LIFETIME),
        }
    }

    fn nth_pushed(&self, after: u8) -> PushedRequestId {
        pushed_id(number(self.begun.pushed, after))
    }
}

fn pushed_id(n: u128) -> PushedRequestId {
    PushedRequestId::from_uuid(Uuid::from_u128(0x6000 + n))
}
