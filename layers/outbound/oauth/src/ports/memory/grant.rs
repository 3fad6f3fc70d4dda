//! Grants, codes and tokens in memory.

use towergate_core::{StoreError, audit::Origin, id::Uuid};

use super::{MemoryStore, Tables};
use crate::{
    ports::grant::{
        GrantStore, Redeemed, Redemption, Revocation, Rotated, Rotation, StoredAccessToken, StoredCode,
        StoredRefreshToken,
    },
    rules::{
        access_token::AccessToken,
        client::{ClientId, GrantType},
        code::ConsumedCode,
        fact::OAuthFact,
        grant::{Grant, GrantId, RevocationReason, Subject},
        refresh_token::{RefreshTokenState, is_repetition},
    },
};

mod family;

pub(super) use family::Grants;

impl GrantStore for MemoryStore {
    async fn find_code(&self, id: Uuid) -> Result<Option<StoredCode>, StoreError> {
        self.step(|state| Ok(state.grants.code(id)))
    }

    async fn redeem_code(&self, redemption: Redemption, origin: Origin) -> Result<Redeemed, StoreError> {
        self.step(|state| redeem(state, redemption, &origin))
    }

    async fn find_refresh_token(&self, id: Uuid) -> Result<Option<StoredRefreshToken>, StoreError> {
        self.step(|state| Ok(state.grants.refresh_token(id)))
    }

    async fn rotate_refresh_token(&self, rotation: Rotation, origin: Origin) -> Result<Rotated, StoreError> {
        self.step(|state| rotate(state, rotation, &origin))
    }

    async fn issue_access_token(&self, token: AccessToken, origin: Origin) -> Result<(), StoreError> {
        self.step(|state| {
            state.grants.check_new_tokens(&token, None)?;
            state.unused.end(&token.client);
            state.log.write(&issued(&token, GrantType::ClientCredentials), &origin);
            state.grants.keep_access_token(token);
            Ok(())
        })
    }

    async fn find_access_token(&self, id: Uuid) -> Result<Option<StoredAccessToken>, StoreError> {
        self.step(|state| Ok(find_access_token(state, id)))
    }

    async fn revoke_access_token(
        &self,
        token: Uuid,
        client: ClientId,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        self.step(|state| {
            let living = find_access_token(state, token).is_some_and(|stored| {
                stored.token.client == client && !stored.revoked && origin.at < stored.token.expires_at
            });
            if !living {
                return Ok(Revocation::AlreadyDead);
            }
            state.grants.revoke_access_token(token);
            state.log.write(&OAuthFact::TokenRevoked { token, client }, &origin);
            Ok(Revocation::Revoked)
        })
    }

    async fn revoke_grant(
        &self,
        grant: GrantId,
        reason: RevocationReason,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        self.step(|state| match state.grants.revoke(grant, reason, &origin, &mut state.log) {
            true => Ok(Revocation::Revoked),
            false => Ok(Revocation::AlreadyDead),
        })
    }

    async fn grants_of(
        &self,
        subject: &Subject,
        after: Option<&Grant>,
        most: u16,
    ) -> Result<Vec<Grant>, StoreError> {
        let place = |grant: &Grant| (grant.client.clone(), grant.id);
        let after = after.map(place);
        self.step(|state| {
            let mut all: Vec<_> = state.grants.alive_of(subject).cloned().collect();
            all.sort_by_key(place);
            Ok(all.into_iter().filter(|grant| Some(place(grant)) > after).take(most.into()).collect())
        })
    }

    async fn end_session_grants(&self, sid: String, origin: Origin) -> Result<u64, StoreError> {
        self.step(|state| {
            state.grants.end_sign_in(sid.clone(), origin.at);
            state.logouts.end_sign_in(&sid, &state.clients, &origin, &mut state.log);
            Ok(state.grants.revoke_where(
                |grant| grant.sign_in.sid.as_ref() == Some(&sid) && !grant.is_offline(),
                RevocationReason::SessionEnded,
                &origin,
                &mut state.log,
            ))
        })
    }

    async fn end_subject(&self, subject: Subject, origin: Origin) -> Result<u64, StoreError> {
        self.step(|state| {
            for sid in state.grants.sign_ins_of(&subject) {
                state.grants.end_sign_in(sid.clone(), origin.at);
                state.logouts.end_sign_in(&sid, &state.clients, &origin, &mut state.log);
            }
            state.interactions.forget_subject(&subject);
            Ok(state.grants.revoke_where(
                |grant| grant.subject == subject,
                RevocationReason::AccountRefused,
                &origin,
                &mut state.log,
            ))
        })
    }

    async fn has_sign_in_ended(&self, sid: &str) -> Result<bool, StoreError> {
        self.step(|state| Ok(state.grants.has_ended(sid)))
    }
}

fn find_access_token(state: &Tables, id: Uuid) -> Option<StoredAccessToken> {
    let (token, given_back) = state.grants.access_token(id)?;
    let (grant, dead) = match token.grant {
        Some(grant) => state.grants.grant(grant),
        None => (None, !state.clients.may_act(&token.client)),
    };
    Some(StoredAccessToken { token, grant, revoked: given_back || dead })
}

fn redeem(state: &mut Tables, redemption: Redemption, origin: &Origin) -> Result<Redeemed, StoreError> {
    let Redemption { code, client, access, refresh } = redemption;
    let Tables { grants, log, .. } = state;
    let Some((row, family)) = grants.code_row(code) else {
        return Ok(Redeemed::Missing);
    };
    if family.revoked || family.grant.client != client {
        return Ok(Redeemed::Missing);
    }
    let (grant, spent) = (family.grant.id, row.spent);
    if spent {
        log.write(&OAuthFact::CodeReplayed { code, grant, client }, origin);
        grants.revoke(grant, RevocationReason::CodeReplayed, origin, log);
        return Ok(Redeemed::Replayed { grant });
    }
    if origin.at >= row.code.expires_at {
        return Ok(Redeemed::Missing);
    }
    grants.check_new_tokens(&access, refresh.as_ref())?;
    grants.spend(code);
    log.write(&OAuthFact::CodeRedeemed { code, grant, client }, origin);
    log.write(&issued(&access, GrantType::AuthorizationCode), origin);
    grants.keep_access_token(access);
    if let Some(refresh) = refresh {
        grants.keep_refresh_token(refresh, None);
    }
    Ok(Redeemed::Consumed(ConsumedCode::by_atomic_step_of_a_store()))
}

fn rotate(state: &mut Tables, rotation: Rotation, origin: &Origin) -> Result<Rotated, StoreError> {
    let Rotation { presented: token, client, access, refresh, sealed_answer, repeat_window } = rotation;
    let Tables { grants, log, .. } = state;
    let Some((row, family)) = grants.refresh_token_row(token) else {
        return Ok(Rotated::Missing);
    };
    if family.revoked || family.grant.client != client {
        return Ok(Rotated::Missing);
    }
    let grant = family.grant.id;
    if let RefreshTokenState::Rotated { at, successor_used, sealed_answer } = &row.state {
        if !successor_used && is_repetition(*at, origin.at, repeat_window) {
            return Ok(Rotated::Repeated { sealed_answer: sealed_answer.clone() });
        }
        log.write(&OAuthFact::TokenReused { token, grant, client }, origin);
        grants.revoke(grant, RevocationReason::RefreshTokenReused, origin, log);
        return Ok(Rotated::Reused { grant });
    }
    if origin.at >= row.token.expires_at || origin.at >= row.token.absolute_expires_at {
        return Ok(Rotated::Missing);
    }
    grants.check_new_tokens(&access, Some(&refresh))?;
    grants.exchange(token, origin.at, sealed_answer);
    let fact = OAuthFact::TokenRefreshed { token, successor: refresh.id, grant, client };
    log.write(&fact, origin);
    log.write(&issued(&access, GrantType::RefreshToken), origin);
    grants.keep_access_token(access);
    grants.keep_refresh_token(refresh, Some(token));
    Ok(Rotated::Rotated)
}

fn issued(token: &AccessToken, grant_type: GrantType) -> OAuthFact {
    OAuthFact::TokenIssued {
        token: token.id,
        client: token.client.clone(),
        subject: token.subject.clone(),
        grant_type,
    }
}
