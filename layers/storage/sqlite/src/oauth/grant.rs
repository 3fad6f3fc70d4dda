//! Grants and what hangs from them, as one port.

use rusqlite::params;
use towergate_core::{StoreError, audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{
        GrantStore, Redeemed, Redemption, Revocation, Rotated, Rotation, StoredAccessToken, StoredCode,
        StoredRefreshToken,
    },
    rules::{
        access_token::AccessToken,
        client::{ClientId, GrantType},
        grant::{Grant, GrantId, RevocationReason, Subject},
    },
};

use super::{access_token, code, consent, grant_row, logout, refresh_token, unused_client};
use crate::{query, store::SqliteStore};

impl GrantStore for SqliteStore {
    async fn find_code(&self, id: Uuid) -> Result<Option<StoredCode>, StoreError> {
        self.read(|connection| code::find(connection, id))
    }

    async fn redeem_code(&self, redemption: Redemption, origin: Origin) -> Result<Redeemed, StoreError> {
        self.write(move |step| code::redeem(step, redemption, &origin)).await
    }

    async fn find_refresh_token(&self, id: Uuid) -> Result<Option<StoredRefreshToken>, StoreError> {
        self.read(|connection| refresh_token::find(connection, id))
    }

    async fn rotate_refresh_token(&self, rotation: Rotation, origin: Origin) -> Result<Rotated, StoreError> {
        self.write(move |step| refresh_token::rotate(step, rotation, &origin)).await
    }

    async fn issue_access_token(&self, token: AccessToken, origin: Origin) -> Result<(), StoreError> {
        self.write(move |step| {
            unused_client::end(step.connection, &token.client)?;
            access_token::issue(step, &token, GrantType::ClientCredentials, &origin)
        })
        .await
    }

    async fn find_access_token(&self, id: Uuid) -> Result<Option<StoredAccessToken>, StoreError> {
        self.read(|connection| access_token::find(connection, id))
    }

    async fn revoke_access_token(
        &self,
        token: Uuid,
        client: ClientId,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        self.write(move |step| access_token::revoke(step, token, client, &origin)).await
    }

    async fn revoke_grant(
        &self,
        grant: GrantId,
        reason: RevocationReason,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        self.write(move |step| {
            Ok(if grant_row::revoke_one(step, grant, reason, &origin)? {
                Revocation::Revoked
            } else {
                Revocation::AlreadyDead
            })
        })
        .await
    }

    async fn grants_of(
        &self,
        subject: &Subject,
        after: Option<&Grant>,
        most: u16,
    ) -> Result<Vec<Grant>, StoreError> {
        let client = after.map_or("", |after| after.client.as_str());
        let id = after.map_or(&[][..], |after| after.id.as_uuid().as_bytes());
        self.read(|connection| {
            let key = params![subject.as_str(), client, id, most];
            query::all(connection, grant_row::ALIVE_OF_SUBJECT, key, grant_row::read)
        })
    }

    async fn end_session_grants(&self, sid: String, origin: Origin) -> Result<u64, StoreError> {
        self.write(move |step| {
            grant_row::end_sign_in(step.connection, &sid, &origin)?;
            logout::queue(step, &sid, &origin)?;
            let key = params![origin.at.unix_millis(), sid];
            grant_row::revoke(step, grant_row::REVOKE_OF_SID, key, RevocationReason::SessionEnded, &origin)
        })
        .await
    }

    async fn end_subject(&self, subject: Subject, origin: Origin) -> Result<u64, StoreError> {
        self.write(move |step| {
            let key = params![subject.as_str()];
            let sids = query::all(step.connection, grant_row::SIDS_OF_SUBJECT, key, |fields| {
                fields.get::<String>("sid")
            })?;
            for sid in sids {
                grant_row::end_sign_in(step.connection, &sid, &origin)?;
                logout::queue(step, &sid, &origin)?;
            }
            query::change(step.connection, consent::FORGET_OF_SUBJECT, params![subject.as_str()])?;
            let key = params![origin.at.unix_millis(), subject.as_str()];
            let reason = RevocationReason::AccountRefused;
            grant_row::revoke(step, grant_row::REVOKE_ALL_OF_SUBJECT, key, reason, &origin)
        })
        .await
    }

    async fn has_sign_in_ended(&self, sid: &str) -> Result<bool, StoreError> {
        self.read(|connection| query::exists(connection, grant_row::IS_SIGN_IN_ENDED, params![sid]))
    }
}
