//! Requests that wait for a person, and consents that are remembered.

use std::{collections::BTreeSet, time::Duration};

use proptest::{option, prelude::*};
use towergate_core::{Digest, contract::model::Answers, id::Uuid};
use towergate_oauth_types::ErrorCode;

use super::{
    Model, Modelled,
    world::{client_id, number, person, recent, some_client, some_sign_in, subject},
};
use crate::{
    ports::{
        contract::fixture::scope,
        interaction::{Approval, Asked, Beginning, Binding, Closing, Issuing},
    },
    rules::{
        client::ClientId,
        consent::Consent,
        fact::OAuthFact,
        grant::{Grant, RevocationReason, Subject},
        interaction::{AuthorizationRequest, Interaction, InteractionId, InteractionState},
        pushed_request::PushedRequestId,
    },
};

/// What is done about interactions and consents.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum InteractionOperation {
    Begin { client: u8, limit: u32 },
    Find { interaction: u8 },
    Bind { interaction: u8, subject: u8 },
    Approve { interaction: u8, subject: u8, sign_in: u8, scope: u8, consent: Yes },
    Deny { interaction: u8, subject: Option<u8> },
    Refuse { interaction: u8, subject: u8 },
    IssueCode { client: u8, subject: u8, sign_in: Option<u8>, scope: u8, rests_on: Option<u8> },
    FindConsent { subject: u8, client: u8 },
    WithdrawConsent { subject: u8, client: u8 },
}

/// How a person said yes.
#[derive(Debug, Clone, Copy)]
pub enum Yes {
    /// Now, and is to be asked again.
    Once,
    /// Now, to this scope, and is not to be asked again.
    Remembered(u8),
    /// They are not asked: this scope is remembered.
    Before(u8),
}

/// Scopes that cover each other or not; the last one is offline.
const SCOPES: [&str; 3] = ["openid", "openid profile", "openid offline_access"];

pub(super) fn scope_of(n: u8) -> towergate_oauth_types::Scope {
    scope(SCOPES.get(usize::from(n)).copied().unwrap_or("openid"))
}

pub(super) fn operation() -> impl Strategy<Value = InteractionOperation> {
    use InteractionOperation as Do;
    let yes = prop_oneof![
        1 => Just(Yes::Once),
        2 => (0..3_u8).prop_map(Yes::Remembered),
        1 => (0..3_u8).prop_map(Yes::Before),
    ];
    let limit = prop_oneof![5 => Just(100_u32), 1 => 0..4_u32];
    prop_oneof![
        4 => (some_client(), limit).prop_map(|(client, limit)| Do::Begin { client, limit }),
        1 => recent().prop_map(|interaction| Do::Find { interaction }),
        3 => (recent(), person()).prop_map(|(interaction, subject)| Do::Bind { interaction, subject }),
        4 => (recent(), person(), some_sign_in(), 0..3_u8, yes).prop_map(
            |(interaction, subject, sign_in, scope, consent)| Do::Approve {
                interaction, subject, sign_in, scope, consent,
            },
        ),
        1 => (recent(), option::of(person()))
            .prop_map(|(interaction, subject)| Do::Deny { interaction, subject }),
        1 => (recent(), person()).prop_map(|(interaction, subject)| Do::Refuse { interaction, subject }),
        4 => (some_client(), person(), option::weighted(0.8, some_sign_in()), 0..3_u8, option::weighted(0.3, 0..3_u8))
            .prop_map(|(client, subject, sign_in, scope, rests_on)| Do::IssueCode {
                client, subject, sign_in, scope, rests_on,
            }),
        1 => (person(), some_client()).prop_map(|(subject, client)| Do::FindConsent { subject, client }),
        1 => (person(), some_client()).prop_map(|(subject, client)| Do::WithdrawConsent { subject, client }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = InteractionOperation> {
    let consents = (1..3)
        .flat_map(|subject| (1..6).map(move |client| InteractionOperation::FindConsent { subject, client }));
    (0..=begun).map(|interaction| InteractionOperation::Find { interaction }).chain(consents)
}

/// Whether there is no more room; what has expired may take it up for a minute more, and is as full as was `said`.
pub(super) fn is_full(limit: u32, waiting: impl Fn(Duration) -> u32, said: bool) -> bool {
    let (least, most) = (waiting(Duration::ZERO), waiting(Duration::from_secs(60)));
    if least < limit && limit <= most { said } else { limit <= least }
}

impl Model {
    pub(super) async fn interaction<S>(&mut self, store: &S, operation: &InteractionOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            InteractionOperation::Begin { client, limit } => self.begin(store, client, None, limit).await,
            InteractionOperation::Find { interaction } => {
                let id = self.nth_interaction(interaction);
                Answers::of(store.find_interaction(id).await, self.interactions.get(&id).cloned())
            }
            InteractionOperation::Bind { interaction, subject: n } => {
                let id = self.nth_interaction(interaction);
                let answer = store.bind_interaction(id, subject(n), origin).await;
                Answers::of(answer, self.bind_interaction(id, &subject(n)))
            }
            InteractionOperation::Approve { interaction, subject: n, sign_in, scope, consent } => {
                let id = self.nth_interaction(interaction);
                let client = self.interactions.get(&id).map_or_else(|| client_id(1), asked_for);
                let (grant, code) = self.new_grant(client.clone(), subject(n), Some(sign_in), scope);
                let of = |scope| self.consent(subject(n), client.clone(), scope);
                let asked = match consent {
                    Yes::Once => Asked::Now { remember: None },
                    Yes::Remembered(scope) => Asked::Now { remember: Some(of(scope)) },
                    Yes::Before(scope) => Asked::Before { rests_on: of(scope) },
                };
                let approval = Approval { interaction: id, grant, code, asked };
                let answer = store.approve_interaction(approval.clone(), origin).await;
                Answers::of(answer, self.approve_interaction(approval))
            }
            InteractionOperation::Deny { interaction, subject: n } => {
                let id = self.nth_interaction(interaction);
                let answer = store.deny_interaction(id, n.map(subject), origin).await;
                Answers::of(answer, self.deny_interaction(id, n.map(subject)))
            }
            InteractionOperation::Refuse { interaction, subject: n } => {
                let (id, error) = (self.nth_interaction(interaction), ErrorCode::AccessDenied);
                let answer = store.refuse_interaction(id, subject(n), error, origin).await;
                Answers::of(answer, self.refuse_interaction(id, subject(n), error))
            }
            InteractionOperation::IssueCode { client, subject: n, sign_in, scope, rests_on } => {
                let (grant, code) = self.new_grant(client_id(client), subject(n), sign_in, scope);
                let rests_on = rests_on.map(|scope| self.consent(subject(n), client_id(client), scope));
                let answer = store.issue_code(grant.clone(), code.clone(), rests_on.clone(), origin).await;
                let may = self.may_issue(&grant, rests_on.as_ref());
                if may == Issuing::Issued {
                    self.keep_grant(grant, code);
                }
                Answers::of(answer, may)
            }
            InteractionOperation::FindConsent { subject: n, client } => {
                let key = (subject(n), client_id(client));
                let answer = store.find_consent(&key.0, &key.1).await;
                Answers::of(answer, self.consents.get(&key).cloned())
            }
            InteractionOperation::WithdrawConsent { subject: n, client } => {
                let (subject, client) = (subject(n), client_id(client));
                let answer = store.withdraw_consent(subject.clone(), client.clone(), origin).await;
                Answers::of(answer, self.withdraw_consent(&subject, &client))
            }
        }
    }

    pub(super) async fn begin<S>(
        &mut self,
        store: &S,
        client: u8,
        pushed: Option<PushedRequestId>,
        limit: u32,
    ) -> Answers
    where
        S: Modelled,
    {
        let interaction = Interaction { pushed, ..self.asking(client) };
        let answer = store.begin_interaction(interaction.clone(), limit, self.trail.origin()).await;
        let said = answer.as_ref().is_ok_and(|said| *said == Beginning::Full);
        let is_full = is_full(limit, |over_for| self.waiting(over_for), said);
        Answers::of(answer, self.begin_interaction(interaction, is_full))
    }

    /// What becomes of a code where nobody is asked.
    pub(super) fn may_issue(&self, grant: &Grant, rests_on: Option<&Consent>) -> Issuing {
        match rests_on {
            _ if self.has_ended(grant) => Issuing::SignInEnded,
            _ if !self.may_act(&grant.client) => Issuing::ClientDisabled,
            Some(asked) if !self.remembers(asked) => Issuing::ConsentWithdrawn,
            _ => Issuing::Issued,
        }
    }

    fn begin_interaction(&mut self, interaction: Interaction, is_full: bool) -> Beginning {
        if interaction.pushed.is_some_and(|pushed| !self.waits_for_answer(pushed)) {
            return Beginning::RequestSpent;
        }
        if is_full {
            return Beginning::Full;
        }
        let client = asked_for(&interaction);
        self.tell(&OAuthFact::InteractionBegun { interaction: interaction.id, client });
        self.interactions.insert(interaction.id, interaction);
        Beginning::Begun
    }

    fn bind_interaction(&mut self, id: InteractionId, subject: &Subject) -> Binding {
        match self.open(id) {
            None => Binding::Gone,
            Some(there) if there.subject.as_ref().is_some_and(|owner| owner != subject) => {
                Binding::SomebodyElses
            }
            Some(there) => {
                there.subject = Some(subject.clone());
                Binding::Bound
            }
        }
    }

    fn approve_interaction(&mut self, approval: Approval) -> Closing {
        let Approval { interaction: id, grant, code, asked } = approval;
        let is_theirs = self.open(id).is_some_and(|there| there.subject.as_ref() == Some(&grant.subject));
        if !is_theirs || self.has_ended(&grant) || !self.may_act(&grant.client) {
            return Closing::Gone;
        }
        let (subject, client) = (grant.subject.clone(), grant.client.clone());
        match asked {
            Asked::Before { rests_on } if !self.remembers(&rests_on) => return Closing::ConsentWithdrawn,
            Asked::Before { .. } => {}
            Asked::Now { remember } => {
                let remembered = remember.is_some();
                self.tell(&OAuthFact::ConsentGiven {
                    subject: subject.clone(),
                    client: client.clone(),
                    remembered,
                });
                if let Some(consent) = remember {
                    let before = self.consents.get(&(subject.clone(), client.clone()));
                    let all = before.map_or(consent.clone(), |before| before.extended_by(consent));
                    self.consents.insert((subject, client), all);
                }
            }
        }
        self.close(id, InteractionState::Approved);
        self.keep_grant(grant, code);
        Closing::Closed
    }

    fn deny_interaction(&mut self, id: InteractionId, subject: Option<Subject>) -> Closing {
        let Some(there) = self.open(id) else { return Closing::Gone };
        if there.subject.is_some() && there.subject != subject {
            return Closing::Gone;
        }
        let client = asked_for(there);
        self.tell(&OAuthFact::ConsentDenied { interaction: id, client, subject });
        self.close(id, InteractionState::Denied)
    }

    fn refuse_interaction(&mut self, id: InteractionId, subject: Subject, error: ErrorCode) -> Closing {
        let Some(there) = self.open(id) else { return Closing::Gone };
        if there.subject.as_ref().is_some_and(|owner| *owner != subject) {
            return Closing::Gone;
        }
        let client = asked_for(there);
        self.tell(&OAuthFact::InteractionRefused { interaction: id, client, subject, error });
        self.close(id, InteractionState::Denied)
    }

    fn close(&mut self, id: InteractionId, state: InteractionState) -> Closing {
        let there = self.interactions.get_mut(&id).unwrap();
        there.state = state;
        let pushed = there.pushed;
        self.answer_pushed(pushed);
        Closing::Closed
    }

    fn withdraw_consent(&mut self, subject: &Subject, client: &ClientId) -> u64 {
        self.consents.remove(&(subject.clone(), client.clone()));
        self.tell(&OAuthFact::ConsentWithdrawn { subject: subject.clone(), client: client.clone() });
        self.revoke_grants(
            |grant| grant.subject == *subject && grant.client == *client,
            RevocationReason::ConsentWithdrawn,
        )
    }

    fn remembers(&self, asked: &Consent) -> bool {
        let given = self.consents.get(&(asked.subject.clone(), asked.client.clone()));
        given.is_some_and(|given| given.covers(asked))
    }

    pub(super) fn consent(&self, subject: Subject, client: ClientId, scope: u8) -> Consent {
        let (claims, resource) = (BTreeSet::new(), BTreeSet::new());
        Consent { subject, client, scope: scope_of(scope), claims, resource, given_at: self.trail.now() }
    }

    /// How many take up room: those that are not approved and have not been over for so long.
    pub(super) fn waiting(&self, over_for: Duration) -> u32 {
        let now = self.trail.now();
        let waits = |there: &&Interaction| {
            there.state != InteractionState::Approved && now < there.expires_at.plus(over_for)
        };
        let interactions = self.interactions.values().filter(waits).count();
        (interactions + self.pushed_waiting(None, over_for)).try_into().unwrap()
    }

    /// The interaction, if it waits for its answer.
    fn open(&mut self, id: InteractionId) -> Option<&mut Interaction> {
        let now = self.trail.now();
        let there = self.interactions.get_mut(&id);
        there.filter(|there| there.state == InteractionState::Open && now < there.expires_at)
    }

    fn asking(&mut self, client: u8) -> Interaction {
        self.begun.interactions += 1;
        let now = self.trail.now();
        Interaction {
            id: interaction_id(self.begun.interactions.into()),
            browser: Digest::of(b"browser"),
            request: AuthorizationRequest {
                scope: scope_of(1),
                ..AuthorizationRequest::new(client_id(client), String::from("https://app.example/cb"))
            },
            pushed: None,
            subject: None,
            sign_in_after: None,
            created_at: now,
            expires_at: now.plus(Duration::from_secs(900)),
            state: InteractionState::Open,
        }
    }

    fn nth_interaction(&self, after: u8) -> InteractionId {
        interaction_id(number(self.begun.interactions, after))
    }
}

fn interaction_id(n: u128) -> InteractionId {
    InteractionId::from_uuid(Uuid::from_u128(0x5000 + n))
}

fn asked_for(interaction: &Interaction) -> ClientId {
    interaction.request.client_id.clone()
}
