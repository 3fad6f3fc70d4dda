//! Tokens of people's programs.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use towergate_core::{contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    world::{number, person, recent, user_id},
};
use crate::{
    ports::api_token::{CreatingApiToken, NotingUse},
    rules::{
        api_token::{ApiToken, ApiTokenId, ApiTokenName, Permission},
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        user::UserId,
    },
};

/// What is done about tokens of programs.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum ApiTokenOperation {
    Create { user: u8, hours: u8, most: u32, notice: bool },
    Find { token: u8 },
    Of { user: u8 },
    NoteUse { token: u8 },
    Revoke { user: u8, token: u8 },
    RevokeAll { user: u8 },
}

pub(super) fn operation() -> impl Strategy<Value = ApiTokenOperation> {
    use ApiTokenOperation as Do;
    prop_oneof![
        4 => (person(), proptest::sample::select(vec![1_u8, 24]), 1..4_u32, any::<bool>())
            .prop_map(|(user, hours, most, notice)| Do::Create { user, hours, most, notice }),
        1 => recent().prop_map(|token| Do::Find { token }),
        1 => person().prop_map(|user| Do::Of { user }),
        3 => recent().prop_map(|token| Do::NoteUse { token }),
        1 => (person(), recent()).prop_map(|(user, token)| Do::Revoke { user, token }),
        1 => person().prop_map(|user| Do::RevokeAll { user }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = ApiTokenOperation> {
    use ApiTokenOperation as Do;
    (1..4).map(|user| Do::Of { user }).chain((0..=begun).map(|token| Do::Find { token }))
}

impl Model {
    pub(super) async fn api_token<S>(&mut self, store: &S, operation: &ApiTokenOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            ApiTokenOperation::Create { user, hours, most, notice } => {
                let token = self.new_api_token(user_id(user.into()), hours);
                let notice = self.notice(token.user, notice);
                let answer = store.create_api_token(token.clone(), most, notice.clone(), origin).await;
                Answers::of(answer, self.create_api_token(token, most, notice))
            }
            ApiTokenOperation::Find { token } => {
                let id = self.nth_api_token(token);
                Answers::of(store.find_api_token(id).await, self.api_tokens.get(&id).cloned())
            }
            ApiTokenOperation::Of { user } => {
                let user = user_id(user.into());
                let theirs = self.api_tokens.values().filter(|there| there.user == user);
                let mut theirs: Vec<_> = theirs.cloned().collect();
                theirs.sort_by_key(|there| std::cmp::Reverse((there.created_at, there.id)));
                Answers::of(store.api_tokens_of(user).await, theirs)
            }
            ApiTokenOperation::NoteUse { token } => {
                let id = self.nth_api_token(token);
                let answer = store.note_api_token_use(id, origin).await;
                let Some(there) = self.api_tokens.get_mut(&id) else {
                    return Answers::of(answer, NotingUse::Missing);
                };
                let (user, is_first) = (there.user, there.last_used_at.is_none());
                there.last_used_at = there.last_used_at.max(Some(origin.at));
                if is_first {
                    self.tell(&IdentityFact::ApiTokenUsedFirst { user, token: id });
                }
                Answers::of(answer, if is_first { NotingUse::First } else { NotingUse::Noted })
            }
            ApiTokenOperation::Revoke { user, token } => {
                let (user, token, reason) =
                    (user_id(user.into()), self.nth_api_token(token), SessionEnd::RevokedByUser);
                let answer = store.revoke_api_token(user, token, origin).await;
                let is_theirs = self.api_tokens.get(&token).is_some_and(|there| there.user == user);
                if is_theirs {
                    self.api_tokens.remove(&token);
                    self.tell(&IdentityFact::ApiTokenRevoked { user, token, reason });
                }
                Answers::of(answer, is_theirs)
            }
            ApiTokenOperation::RevokeAll { user } => {
                let user = user_id(user.into());
                let answer = store.revoke_api_tokens_of(user, origin).await;
                Answers::of(answer, self.end_api_tokens_of(user, SessionEnd::RevokedByUser))
            }
        }
    }

    fn create_api_token(&mut self, new: ApiToken, most: u32, notice: Option<OutboxMail>) -> CreatingApiToken {
        let ApiToken { id: token, user, expires_at, .. } = new;
        if !self.may_sign_in(user) {
            return CreatingApiToken::UserRefused;
        }
        let now = self.trail.now();
        let good = self.api_tokens.values().filter(|there| there.user == user && there.is_alive(now));
        if good.count() >= most.try_into().unwrap() {
            return CreatingApiToken::TooMany;
        }
        let permissions = new.permissions.iter().cloned().collect();
        self.tell(&IdentityFact::ApiTokenCreated { user, token, permissions, expires_at });
        self.api_tokens.insert(token, new);
        notice.into_iter().for_each(|notice| self.queue(notice));
        CreatingApiToken::Created
    }

    /// Answers how many were still good, of which it is told.
    pub(super) fn end_api_tokens_of(&mut self, user: UserId, reason: SessionEnd) -> u64 {
        let now = self.trail.now();
        let good = self.api_tokens.values().filter(|there| there.user == user && there.is_alive(now));
        let good: Vec<_> = good.map(|there| there.id).collect();
        for token in &good {
            self.tell(&IdentityFact::ApiTokenRevoked { user, token: *token, reason });
        }
        self.api_tokens.retain(|_, there| there.user != user);
        good.len().try_into().unwrap()
    }

    fn new_api_token(&mut self, user: UserId, hours: u8) -> ApiToken {
        self.begun.api_tokens += 1;
        let now = self.trail.now();
        ApiToken {
            id: api_token_id(self.begun.api_tokens.into()),
            user,
            name: ApiTokenName::parse("backup").unwrap(),
            permissions: BTreeSet::from([Permission::parse("reports:read").unwrap()]),
            created_at: now,
            expires_at: now.plus(Duration::from_secs(3600 * u64::from(hours))),
            last_used_at: None,
        }
    }

    fn nth_api_token(&self, after: u8) -> ApiTokenId {
        api_token_id(number(self.begun.api_tokens, after))
    }
}

fn api_token_id(n: u128) -> ApiTokenId {
    ApiTokenId::from_uuid(Uuid::from_u128(0xa000 + n))
}
