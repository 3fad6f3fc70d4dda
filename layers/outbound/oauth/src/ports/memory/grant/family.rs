//! A grant and what hangs from it, as maps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use towergate_core::{StoreError, Timestamp, audit::Origin, id::Uuid};

use crate::{
    ports::{
        grant::{StoredCode, StoredRefreshToken},
        memory::{Log, already_there},
    },
    rules::{
        access_token::AccessToken,
        client::ClientId,
        code::Code,
        fact::OAuthFact,
        grant::{ENDED_SIGN_IN_KEPT, Grant, GrantId, RevocationReason, Subject},
        refresh_token::{RefreshToken, RefreshTokenState},
    },
};

#[derive(Default)]
pub(in crate::ports::memory) struct Grants {
    grants: BTreeMap<GrantId, GrantRow>,
    codes: BTreeMap<Uuid, CodeRow>,
    access_tokens: BTreeMap<Uuid, AccessTokenRow>,
    refresh_tokens: BTreeMap<Uuid, RefreshTokenRow>,
    ended_sign_ins: BTreeMap<String, Timestamp>,
}

pub(super) struct GrantRow {
    pub(super) grant: Arc<Grant>,
    pub(super) revoked: bool,
}

pub(super) struct CodeRow {
    pub(super) code: Code,
    pub(super) spent: bool,
}

struct AccessTokenRow {
    token: Arc<AccessToken>,
    revoked: bool,
}

pub(super) struct RefreshTokenRow {
    pub(super) token: RefreshToken,
    pub(super) state: RefreshTokenState,
    /// The token that was exchanged for this one.
    predecessor: Option<Uuid>,
}

impl Grants {
    /// Refuses what would overwrite a grant or a code.
    pub(in crate::ports::memory) fn check_new(&self, grant: &Grant, code: &Code) -> Result<(), StoreError> {
        if self.grants.contains_key(&grant.id) {
            return Err(already_there("grant", grant.id));
        }
        if self.codes.contains_key(&code.id) {
            return Err(already_there("code", code.id));
        }
        Ok(())
    }

    pub(in crate::ports::memory) fn keep(&mut self, grant: Grant, code: Code) {
        self.grants.insert(grant.id, GrantRow { grant: Arc::new(grant), revoked: false });
        self.codes.insert(code.id, CodeRow { code, spent: false });
    }

    /// Remembers that a sign-in ended, and forgets what ended long ago.
    pub(super) fn end_sign_in(&mut self, sid: String, now: Timestamp) {
        self.ended_sign_ins.retain(|_, ended_at| now.since(*ended_at) < ENDED_SIGN_IN_KEPT);
        self.ended_sign_ins.insert(sid, now);
    }

    /// The sign-ins in which a person's living grants were given.
    pub(super) fn sign_ins_of(&self, subject: &Subject) -> BTreeSet<String> {
        self.alive_of(subject).filter_map(|grant| grant.sign_in.sid.clone()).collect()
    }

    /// A person's living grants.
    pub(super) fn alive_of(&self, subject: &Subject) -> impl Iterator<Item = &Grant> {
        let living = self.grants.values().filter(|row| !row.revoked);
        living.map(|row| &*row.grant).filter(|grant| grant.subject == *subject)
    }

    /// Whether the sign-in that the grant would be given in has ended.
    pub(in crate::ports::memory) fn sign_in_has_ended(&self, grant: &Grant) -> bool {
        grant.sign_in.sid.as_ref().is_some_and(|sid| self.has_ended(sid))
    }

    pub(super) fn has_ended(&self, sid: &str) -> bool {
        self.ended_sign_ins.contains_key(sid)
    }

    /// Revokes every living grant that `dies` names; answers how many.
    pub(in crate::ports::memory) fn revoke_where(
        &mut self,
        dies: impl Fn(&Grant) -> bool,
        reason: RevocationReason,
        origin: &Origin,
        log: &mut Log,
    ) -> u64 {
        let mut died = 0;
        for row in self.grants.values_mut().filter(|row| !row.revoked && dies(&row.grant)) {
            row.revoke(reason, origin, log);
            died += 1;
        }
        died
    }

    /// Whether this step revoked the grant.
    pub(super) fn revoke(
        &mut self,
        id: GrantId,
        reason: RevocationReason,
        origin: &Origin,
        log: &mut Log,
    ) -> bool {
        let living = self.grants.get_mut(&id).filter(|row| !row.revoked);
        living.map(|row| row.revoke(reason, origin, log)).is_some()
    }

    /// The grant and whether it is dead; a grant that is not there is dead.
    pub(super) fn grant(&self, id: GrantId) -> (Option<Arc<Grant>>, bool) {
        match self.grants.get(&id) {
            Some(row) => (Some(Arc::clone(&row.grant)), row.revoked),
            None => (None, true),
        }
    }

    /// The code and its grant.
    pub(super) fn code_row(&self, id: Uuid) -> Option<(&CodeRow, &GrantRow)> {
        let row = self.codes.get(&id)?;
        Some((row, self.grants.get(&row.code.grant)?))
    }

    /// The refresh token and its grant.
    pub(super) fn refresh_token_row(&self, id: Uuid) -> Option<(&RefreshTokenRow, &GrantRow)> {
        let row = self.refresh_tokens.get(&id)?;
        Some((row, self.grants.get(&row.token.grant)?))
    }

    pub(super) fn code(&self, id: Uuid) -> Option<StoredCode> {
        let (row, GrantRow { grant, revoked }) = self.code_row(id)?;
        Some(StoredCode {
            code: row.code.clone(),
            grant: Arc::clone(grant),
            spent: row.spent,
            revoked: *revoked,
        })
    }

    pub(super) fn refresh_token(&self, id: Uuid) -> Option<StoredRefreshToken> {
        let (row, GrantRow { grant, revoked }) = self.refresh_token_row(id)?;
        Some(StoredRefreshToken {
            token: row.token.clone(),
            grant: Arc::clone(grant),
            state: row.state.clone(),
            revoked: *revoked,
        })
    }

    /// The access token and whether it was revoked itself; its grant may be dead all the same.
    pub(super) fn access_token(&self, id: Uuid) -> Option<(Arc<AccessToken>, bool)> {
        self.access_tokens.get(&id).map(|row| (Arc::clone(&row.token), row.revoked))
    }

    pub(super) fn revoke_access_token(&mut self, id: Uuid) {
        if let Some(row) = self.access_tokens.get_mut(&id) {
            row.revoked = true;
        }
    }

    /// Revokes what a client got for itself.
    pub(in crate::ports::memory) fn revoke_own(&mut self, client: &ClientId) {
        let own = |row: &&mut AccessTokenRow| row.token.grant.is_none() && row.token.client == *client;
        self.access_tokens.values_mut().filter(own).for_each(|row| row.revoked = true);
    }

    /// Refuses what would overwrite a token.
    pub(super) fn check_new_tokens(
        &self,
        access: &AccessToken,
        refresh: Option<&RefreshToken>,
    ) -> Result<(), StoreError> {
        if self.access_tokens.contains_key(&access.id) {
            return Err(already_there("access token", access.id));
        }
        match refresh.filter(|refresh| self.refresh_tokens.contains_key(&refresh.id)) {
            Some(refresh) => Err(already_there("refresh token", refresh.id)),
            None => Ok(()),
        }
    }

    pub(super) fn spend(&mut self, code: Uuid) {
        if let Some(row) = self.codes.get_mut(&code) {
            row.spent = true;
        }
    }

    /// Marks the token exchanged, and with it the one before as followed up: the answer to that can be asked for no more.
    pub(super) fn exchange(&mut self, token: Uuid, at: Timestamp, sealed_answer: Vec<u8>) {
        let Some(row) = self.refresh_tokens.get_mut(&token) else { return };
        row.state = RefreshTokenState::Rotated { at, successor_used: false, sealed_answer };
        let Some(predecessor) = row.predecessor else { return };
        if let Some(RefreshTokenRow {
            state: RefreshTokenState::Rotated { successor_used, sealed_answer, .. },
            ..
        }) = self.refresh_tokens.get_mut(&predecessor)
        {
            *successor_used = true;
            *sealed_answer = Vec::new();
        }
    }

    pub(super) fn keep_access_token(&mut self, token: AccessToken) {
        let row = AccessTokenRow { token: Arc::new(token), revoked: false };
        self.access_tokens.insert(row.token.id, row);
    }

    pub(super) fn keep_refresh_token(&mut self, token: RefreshToken, predecessor: Option<Uuid>) {
        let row = RefreshTokenRow { token, state: RefreshTokenState::Unused, predecessor };
        self.refresh_tokens.insert(row.token.id, row);
    }
}

impl GrantRow {
    fn revoke(&mut self, reason: RevocationReason, origin: &Origin, log: &mut Log) {
        self.revoked = true;
        let Grant { id: grant, client, .. } = &*self.grant;
        log.write(&OAuthFact::GrantRevoked { grant: *grant, client: client.clone(), reason }, origin);
    }
}
