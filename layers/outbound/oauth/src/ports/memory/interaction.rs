//! Interactions and remembered consents in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_oauth_types::ErrorCode;

use super::{Log, MemoryStore, Tables, already_there};
use crate::{
    ports::interaction::{Approval, Asked, Beginning, Binding, Closing, InteractionStore, Issuing},
    rules::{
        client::ClientId,
        code::Code,
        consent::Consent,
        fact::OAuthFact,
        grant::{Grant, RevocationReason, Subject},
        interaction::{Interaction, InteractionId, InteractionState},
        pushed_request::PushedRequestId,
    },
};

#[derive(Default)]
pub(super) struct Interactions {
    all: BTreeMap<InteractionId, Interaction>,
    consents: BTreeMap<(Subject, ClientId), Consent>,
}

impl InteractionStore for MemoryStore {
    async fn begin_interaction(
        &self,
        interaction: Interaction,
        limit: u32,
        origin: Origin,
    ) -> Result<Beginning, StoreError> {
        self.step(|state| {
            let id = interaction.id;
            if state.interactions.all.contains_key(&id) {
                return Err(already_there("interaction", id));
            }
            if interaction.pushed.is_some_and(|pushed| !state.pushed.waits(pushed, origin.at)) {
                return Ok(Beginning::RequestSpent);
            }
            if state.room.is_full(limit, origin.at) {
                return Ok(Beginning::Full);
            }
            let client = interaction.request.client_id.clone();
            state.log.write(&OAuthFact::InteractionBegun { interaction: id, client }, &origin);
            state.room.take(interaction.expires_at);
            state.interactions.all.insert(id, interaction);
            Ok(Beginning::Begun)
        })
    }

    async fn find_interaction(&self, id: InteractionId) -> Result<Option<Interaction>, StoreError> {
        self.step(|state| Ok(state.interactions.all.get(&id).cloned()))
    }

    async fn bind_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        origin: Origin,
    ) -> Result<Binding, StoreError> {
        self.step(|state| {
            let Some(interaction) = state.interactions.waiting(id, origin.at) else {
                return Ok(Binding::Gone);
            };
            if *interaction.subject.get_or_insert_with(|| subject.clone()) == subject {
                Ok(Binding::Bound)
            } else {
                Ok(Binding::SomebodyElses)
            }
        })
    }

    async fn approve_interaction(&self, approval: Approval, origin: Origin) -> Result<Closing, StoreError> {
        let Approval { interaction: id, grant, code, asked } = approval;
        self.step(|state| {
            let Some(interaction) = state.interactions.waiting(id, origin.at) else {
                return Ok(Closing::Gone);
            };
            if interaction.subject.as_ref() != Some(&grant.subject) || state.grants.sign_in_has_ended(&grant)
            {
                return Ok(Closing::Gone);
            }
            if !state.clients.may_act(&grant.client) {
                return Ok(Closing::Gone);
            }
            if let Asked::Before { rests_on } = &asked
                && !remembers(&state.interactions.consents, rests_on)
            {
                return Ok(Closing::ConsentWithdrawn);
            }
            state.grants.check_new(&grant, &code)?;
            let Some(interaction) = state.interactions.waiting(id, origin.at) else {
                return Ok(Closing::Gone);
            };
            interaction.state = InteractionState::Approved;
            let (end, pushed) = (interaction.expires_at, interaction.pushed);
            state.room.give_back(end);
            state.answer_pushed(pushed);
            if let Asked::Now { remember } = asked {
                let given = OAuthFact::ConsentGiven {
                    subject: grant.subject.clone(),
                    client: grant.client.clone(),
                    remembered: remember.is_some(),
                };
                state.log.write(&given, &origin);
                if let Some(consent) = remember {
                    state.interactions.remember(consent);
                }
            }
            write_code_issued(&grant, &code, &origin, &mut state.log);
            state.logouts.saw(&grant, origin.at);
            state.unused.end(&grant.client);
            state.grants.keep(grant, code);
            Ok(Closing::Closed)
        })
    }

    async fn deny_interaction(
        &self,
        id: InteractionId,
        subject: Option<Subject>,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.step(|state| {
            let Some(interaction) = state.interactions.waiting(id, origin.at) else {
                return Ok(Closing::Gone);
            };
            if interaction.subject.is_some() && interaction.subject != subject {
                return Ok(Closing::Gone);
            }
            interaction.state = InteractionState::Denied;
            let (client, pushed) = (interaction.request.client_id.clone(), interaction.pushed);
            state.answer_pushed(pushed);
            state.log.write(&OAuthFact::ConsentDenied { interaction: id, client, subject }, &origin);
            Ok(Closing::Closed)
        })
    }

    async fn refuse_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        error: ErrorCode,
        origin: Origin,
    ) -> Result<Closing, StoreError> {
        self.step(|state| {
            let Some(interaction) = state.interactions.waiting(id, origin.at) else {
                return Ok(Closing::Gone);
            };
            if interaction.subject.as_ref().is_some_and(|owner| *owner != subject) {
                return Ok(Closing::Gone);
            }
            interaction.state = InteractionState::Denied;
            let (client, pushed) = (interaction.request.client_id.clone(), interaction.pushed);
            state.answer_pushed(pushed);
            let fact = OAuthFact::InteractionRefused { interaction: id, client, subject, error };
            state.log.write(&fact, &origin);
            Ok(Closing::Closed)
        })
    }

    async fn issue_code(
        &self,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.step(|state| issue(state, None, grant, code, rests_on.as_ref(), &origin))
    }

    async fn find_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let key = (subject.clone(), client.clone());
        self.step(|state| Ok(state.interactions.consents.get(&key).cloned()))
    }

    async fn withdraw_consent(
        &self,
        subject: Subject,
        client: ClientId,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.step(|state| {
            state.interactions.consents.remove(&(subject.clone(), client.clone()));
            let fact = OAuthFact::ConsentWithdrawn { subject: subject.clone(), client: client.clone() };
            state.log.write(&fact, &origin);
            Ok(state.grants.revoke_where(
                |grant| grant.subject == subject && grant.client == client,
                RevocationReason::ConsentWithdrawn,
                &origin,
                &mut state.log,
            ))
        })
    }
}

impl Interactions {
    /// Forgets what a person consented to.
    pub(in crate::ports::memory) fn forget_subject(&mut self, subject: &Subject) {
        self.consents.retain(|(holder, _), _| holder != subject);
    }

    /// The interaction, if it is open and has not expired.
    fn waiting(&mut self, id: InteractionId, now: Timestamp) -> Option<&mut Interaction> {
        self.all
            .get_mut(&id)
            .filter(|interaction| interaction.state == InteractionState::Open && now < interaction.expires_at)
    }

    /// Asks nobody about what was pushed any more.
    pub(super) fn close_pushed(&mut self, pushed: PushedRequestId) {
        let asking =
            |one: &&mut Interaction| one.state == InteractionState::Open && one.pushed == Some(pushed);
        for interaction in self.all.values_mut().filter(asking) {
            interaction.state = InteractionState::Denied;
        }
    }

    /// Asks nobody on behalf of the client any more, and forgets what people agreed to.
    pub(super) fn forget_client(&mut self, client: &ClientId) {
        let asking =
            |one: &&mut Interaction| one.state == InteractionState::Open && one.request.client_id == *client;
        for interaction in self.all.values_mut().filter(asking) {
            interaction.state = InteractionState::Denied;
        }
        self.forget_consents(client);
    }

    /// Forgets what people consented to for a client.
    pub(super) fn forget_consents(&mut self, client: &ClientId) {
        self.consents.retain(|(_, holder), _| holder != client);
    }

    /// Adds to what is remembered already.
    fn remember(&mut self, consent: Consent) {
        let key = (consent.subject.clone(), consent.client.clone());
        let consent = match self.consents.get(&key) {
            Some(before) => before.extended_by(consent),
            None => consent,
        };
        self.consents.insert(key, consent);
    }
}

/// Keeps a grant and its code where nobody had to be asked.
pub(super) fn issue(
    state: &mut Tables,
    pushed: Option<PushedRequestId>,
    grant: Grant,
    code: Code,
    rests_on: Option<&Consent>,
    origin: &Origin,
) -> Result<Issuing, StoreError> {
    state.grants.check_new(&grant, &code)?;
    if state.grants.sign_in_has_ended(&grant) {
        return Ok(Issuing::SignInEnded);
    }
    if !state.clients.may_act(&grant.client) {
        return Ok(Issuing::ClientDisabled);
    }
    if pushed.is_some_and(|pushed| !state.pushed.waits(pushed, origin.at)) {
        return Ok(Issuing::RequestSpent);
    }
    if rests_on.is_some_and(|asked| !remembers(&state.interactions.consents, asked)) {
        return Ok(Issuing::ConsentWithdrawn);
    }
    write_code_issued(&grant, &code, origin, &mut state.log);
    state.logouts.saw(&grant, origin.at);
    state.unused.end(&grant.client);
    state.grants.keep(grant, code);
    state.answer_pushed(pushed);
    Ok(Issuing::Issued)
}

fn remembers(consents: &BTreeMap<(Subject, ClientId), Consent>, asked: &Consent) -> bool {
    let key = (asked.subject.clone(), asked.client.clone());
    consents.get(&key).is_some_and(|given| given.covers(asked))
}

fn write_code_issued(grant: &Grant, code: &Code, origin: &Origin, log: &mut Log) {
    let fact = OAuthFact::CodeIssued {
        code: code.id,
        grant: grant.id,
        client: grant.client.clone(),
        subject: grant.subject.clone(),
    };
    log.write(&fact, origin);
}
