//! Grants and their codes, and the sign-ins that they end with.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use towergate_core::{Digest, contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    interaction::scope_of,
    logout::Notice,
    world::{client_id, number, person, recent, sid, some_client, some_sign_in, subject},
};
use crate::{
    ports::grant::{Redeemed, Redemption, Revocation, StoredCode},
    rules::{
        client::{ClientId, GrantType},
        code::{Code, ConsumedCode},
        fact::OAuthFact,
        grant::{Grant, GrantId, RevocationReason, SignIn, Subject},
    },
};

/// What is done about grants.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum GrantOperation {
    FindCode { grant: u8 },
    RedeemCode { grant: u8, client: Option<u8>, refresh: bool },
    Revoke { grant: u8 },
    EndSession { sign_in: u8 },
    EndSubject { subject: u8 },
    GrantsOf { subject: u8, after: Option<u8>, most: u16 },
    HasSignInEnded { sign_in: u8 },
}

#[derive(Debug, Clone)]
pub(super) struct KeptGrant {
    pub(super) grant: Grant,
    pub(super) revoked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct KeptCode {
    pub(super) code: Code,
    pub(super) spent: bool,
}

pub(super) fn operation() -> impl Strategy<Value = GrantOperation> {
    use GrantOperation as Do;
    prop_oneof![
        1 => recent().prop_map(|grant| Do::FindCode { grant }),
        8 => (recent(), proptest::option::weighted(0.1, some_client()), any::<bool>())
            .prop_map(|(grant, client, refresh)| Do::RedeemCode { grant, client, refresh }),
        1 => recent().prop_map(|grant| Do::Revoke { grant }),
        2 => some_sign_in().prop_map(|sign_in| Do::EndSession { sign_in }),
        1 => person().prop_map(|subject| Do::EndSubject { subject }),
        1 => (person(), proptest::option::of(recent()), 0..3_u16)
            .prop_map(|(subject, after, most)| Do::GrantsOf { subject, after, most }),
        1 => some_sign_in().prop_map(|sign_in| Do::HasSignInEnded { sign_in }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = GrantOperation> {
    let ended = (1..4).map(|sign_in| GrantOperation::HasSignInEnded { sign_in });
    let held = (1..3).map(|subject| GrantOperation::GrantsOf { subject, after: None, most: 1000 });
    (0..=begun).map(|grant| GrantOperation::FindCode { grant }).chain(ended).chain(held)
}

impl Model {
    pub(super) async fn grant<S>(&mut self, store: &S, operation: &GrantOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            GrantOperation::FindCode { grant } => {
                let id = code_id(number(self.begun.grants, grant));
                Answers::of(store.find_code(id).await, self.find_code(id))
            }
            GrantOperation::RedeemCode { grant, client, refresh } => {
                let redemption = self.redemption(grant, client, refresh);
                let answer = store.redeem_code(redemption.clone(), origin).await;
                Answers::of(answer, self.redeem_code(redemption))
            }
            GrantOperation::Revoke { grant } => {
                let (id, reason) =
                    (grant_id(number(self.begun.grants, grant)), RevocationReason::ClientRevoked);
                let answer = store.revoke_grant(id, reason, origin).await;
                let is_revoked = self.revoke_grants(|grant| grant.id == id, reason) == 1;
                Answers::of(answer, if is_revoked { Revocation::Revoked } else { Revocation::AlreadyDead })
            }
            GrantOperation::EndSession { sign_in } => {
                let answer = store.end_session_grants(sid(sign_in), origin).await;
                self.end_sign_in(&sid(sign_in));
                let ends = |grant: &Grant| grant.sign_in.sid == Some(sid(sign_in)) && !grant.is_offline();
                Answers::of(answer, self.revoke_grants(ends, RevocationReason::SessionEnded))
            }
            GrantOperation::EndSubject { subject: n } => {
                let answer = store.end_subject(subject(n), origin).await;
                Answers::of(answer, self.end_subject(&subject(n)))
            }
            GrantOperation::GrantsOf { subject: n, after, most } => {
                let place = |grant: &Grant| (grant.client.clone(), grant.id);
                let after = after.map(|after| grant_id(number(self.begun.grants, after)));
                let after = after.and_then(|after| self.grants.get(&after)).map(|there| there.grant.clone());
                let answer = store.grants_of(&subject(n), after.as_ref(), most).await;
                let living = self.grants.values().filter(|there| !there.revoked);
                let mut all: Vec<_> = living.map(|there| there.grant.clone()).collect();
                all.retain(|grant| grant.subject == subject(n));
                all.retain(|grant| after.as_ref().is_none_or(|after| place(after) < place(grant)));
                all.sort_by_key(place);
                all.truncate(most.into());
                Answers::of(answer, all)
            }
            GrantOperation::HasSignInEnded { sign_in } => {
                let answer = store.has_sign_in_ended(&sid(sign_in)).await;
                Answers::of(answer, self.ended_sign_ins.contains_key(&sid(sign_in)))
            }
        }
    }

    fn find_code(&self, id: Uuid) -> Option<StoredCode> {
        let KeptCode { code, spent } = self.codes.get(&id)?.clone();
        let KeptGrant { grant, revoked } = self.grants.get(&code.grant)?.clone();
        Some(StoredCode { code, grant: Arc::new(grant), spent, revoked })
    }

    fn redeem_code(&mut self, redemption: Redemption) -> Redeemed {
        let Redemption { code, client, access, refresh } = redemption;
        let Some(there) = self.find_code(code) else { return Redeemed::Missing };
        let grant = there.grant.id;
        if there.revoked || there.grant.client != client {
            return Redeemed::Missing;
        }
        if there.spent {
            self.tell(&OAuthFact::CodeReplayed { code, grant, client });
            self.revoke_grants(|there| there.id == grant, RevocationReason::CodeReplayed);
            return Redeemed::Replayed { grant };
        }
        if there.code.expires_at <= self.trail.now() {
            return Redeemed::Missing;
        }
        self.codes.get_mut(&code).unwrap().spent = true;
        self.tell(&OAuthFact::CodeRedeemed { code, grant, client });
        self.keep_access_token(access, GrantType::AuthorizationCode);
        if let Some(refresh) = refresh {
            self.keep_refresh_token(refresh, None);
        }
        Redeemed::Consumed(ConsumedCode::by_atomic_step_of_a_store())
    }

    fn end_subject(&mut self, subject: &Subject) -> u64 {
        let living = self.grants.values().filter(|there| !there.revoked && there.grant.subject == *subject);
        let mut sids: Vec<_> = living.filter_map(|there| there.grant.sign_in.sid.clone()).collect();
        sids.sort();
        sids.dedup();
        for sid in sids {
            self.end_sign_in(&sid);
        }
        self.consents.retain(|(holder, _), _| holder != subject);
        self.revoke_grants(|grant| grant.subject == *subject, RevocationReason::AccountRefused)
    }

    /// A sign-in has ended, and its clients that want to know are told, once.
    fn end_sign_in(&mut self, sid: &str) {
        let now = self.trail.now();
        self.ended_sign_ins.insert(sid.to_owned(), now);
        for (key, subject) in self.clients_of_sign_ins.clone() {
            let uri = self.clients.get(&key.1).filter(|_| self.may_act(&key.1));
            let uri = uri.and_then(|client| client.metadata.backchannel_logout_uri.clone());
            let Some(uri) = uri.filter(|_| key.0 == sid && !self.notices.contains_key(&key)) else {
                continue;
            };
            self.tell(&OAuthFact::LogoutQueued { sid: sid.to_owned(), client: key.1.clone() });
            self.notices.insert(key.clone(), Notice::due(key, &uri, subject, now));
        }
    }

    /// Revokes these of the living grants; answers how many.
    pub(super) fn revoke_grants(&mut self, which: impl Fn(&Grant) -> bool, reason: RevocationReason) -> u64 {
        let dying = self.grants.values_mut().filter(|there| !there.revoked && which(&there.grant));
        let mut facts = Vec::new();
        for there in dying {
            there.revoked = true;
            let (grant, client) = (there.grant.id, there.grant.client.clone());
            facts.push(OAuthFact::GrantRevoked { grant, client, reason });
        }
        facts.iter().for_each(|fact| self.tell(fact));
        facts.len().try_into().unwrap()
    }

    pub(super) fn has_ended(&self, grant: &Grant) -> bool {
        grant.sign_in.sid.as_ref().is_some_and(|sid| self.ended_sign_ins.contains_key(sid))
    }

    /// Keeps a new grant and its code, and that its client had a part in the sign-in.
    pub(super) fn keep_grant(&mut self, grant: Grant, code: Code) {
        let (id, client, subject) = (grant.id, grant.client.clone(), grant.subject.clone());
        self.unused.remove(&client);
        if let Some(sid) = grant.sign_in.sid.clone() {
            self.clients_of_sign_ins.insert((sid, client.clone()), subject.clone());
        }
        self.tell(&OAuthFact::CodeIssued { code: code.id, grant: id, client, subject });
        self.grants.insert(id, KeptGrant { grant, revoked: false });
        self.codes.insert(code.id, KeptCode { code, spent: false });
    }

    pub(super) fn new_grant(
        &mut self,
        client: ClientId,
        subject: Subject,
        sign_in: Option<u8>,
        scope: u8,
    ) -> (Grant, Code) {
        self.begun.grants += 1;
        let (n, now) = (self.begun.grants.into(), self.trail.now());
        let grant = Grant {
            id: grant_id(n),
            client,
            subject,
            scope: scope_of(scope),
            audience: vec![String::from("https://api.example")],
            claims: Default::default(),
            sign_in: SignIn { auth_time: now, acr: None, amr: Vec::new(), sid: sign_in.map(sid) },
            created_at: now,
        };
        let code = Code {
            id: code_id(n),
            digest: Digest::of(b"code"),
            grant: grant.id,
            redirect_uri: String::from("https://app.example/cb"),
            redirect_uri_was_sent: true,
            code_challenge: None,
            nonce: None,
            expires_at: now.plus(Duration::from_secs(60)),
        };
        (grant, code)
    }

    /// The exchange of a code, by its own client unless another one comes with it.
    fn redemption(&mut self, grant: u8, client: Option<u8>, refresh: bool) -> Redemption {
        let n = number(self.begun.grants, grant);
        let own = self.grants.get(&grant_id(n)).map(|there| there.grant.clone());
        let own_client = own.as_ref().map_or_else(|| client_id(1), |grant| grant.client.clone());
        let client = client.map_or(own_client, client_id);
        let access = self.new_access_token(client.clone(), own.as_ref());
        let refresh = refresh.then(|| self.new_refresh_token(grant_id(n), None));
        Redemption { code: code_id(n), client, access, refresh }
    }
}

fn grant_id(n: u128) -> GrantId {
    GrantId::from_uuid(Uuid::from_u128(0x1000 + n))
}

fn code_id(n: u128) -> Uuid {
    Uuid::from_u128(0x2000 + n)
}
