//! Grants and what hangs from them, as one port.

use towergate_core::{StoreError, audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{
        GrantStore, Redeemed, Redemption, Revocation, Rotated, Rotation, StoredAccessToken, StoredCode,
        StoredRefreshToken,
    },
    rules::{
        access_token::AccessToken,
        client::ClientId,
        grant::{Grant, GrantId, RevocationReason, Subject},
    },
};

use super::{access_token, code, consent, grant_row, lock, logout, refresh_token};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

impl GrantStore for PostgresStore {
    async fn find_code(&self, id: Uuid) -> Result<Option<StoredCode>, StoreError> {
        self.one(code::FIND, params![id], code::read).await
    }

    async fn redeem_code(&self, redemption: Redemption, origin: Origin) -> Result<Redeemed, StoreError> {
        self.write_by_locks((redemption, origin), |step, (redemption, origin)| {
            Box::pin(code::redeem(step, redemption.clone(), origin))
        })
        .await
    }

    async fn find_refresh_token(&self, id: Uuid) -> Result<Option<StoredRefreshToken>, StoreError> {
        self.one(refresh_token::FIND, params![id], refresh_token::read).await
    }

    async fn rotate_refresh_token(&self, rotation: Rotation, origin: Origin) -> Result<Rotated, StoreError> {
        self.write_by_locks((rotation, origin), |step, (rotation, origin)| {
            Box::pin(refresh_token::rotate(step, rotation.clone(), origin))
        })
        .await
    }

    async fn issue_access_token(&self, token: AccessToken, origin: Origin) -> Result<(), StoreError> {
        self.write_by_locks((token, origin), |step, (token, origin)| {
            Box::pin(access_token::issue(step, token, origin))
        })
        .await
    }

    async fn find_access_token(&self, id: Uuid) -> Result<Option<StoredAccessToken>, StoreError> {
        self.one(access_token::FIND, params![id], access_token::read).await
    }

    async fn revoke_access_token(
        &self,
        token: Uuid,
        client: ClientId,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        self.write_by_locks((token, client, origin), |step, (token, client, origin)| {
            Box::pin(access_token::revoke(step, *token, client.clone(), origin))
        })
        .await
    }

    async fn revoke_grant(
        &self,
        grant: GrantId,
        reason: RevocationReason,
        origin: Origin,
    ) -> Result<Revocation, StoreError> {
        let revoked = self.write_by_locks((grant, reason, origin), |step, (grant, reason, origin)| {
            Box::pin(grant_row::revoke_one(step, *grant, *reason, origin))
        });
        Ok(if revoked.await? { Revocation::Revoked } else { Revocation::AlreadyDead })
    }

    async fn grants_of(
        &self,
        subject: &Subject,
        after: Option<&Grant>,
        most: u16,
    ) -> Result<Vec<Grant>, StoreError> {
        let client = after.map_or("", |after| after.client.as_str());
        let id = after.map_or(Uuid::from_u128(0), |after| *after.id.as_uuid());
        let key = params![subject.as_str(), client, &id, most];
        self.all(grant_row::ALIVE_OF_SUBJECT, key, grant_row::read).await
    }

    async fn end_session_grants(&self, sid: String, origin: Origin) -> Result<u64, StoreError> {
        self.write_by_locks((sid, origin), |step, (sid, origin)| Box::pin(end_session(step, sid, origin)))
            .await
    }

    async fn end_subject(&self, subject: Subject, origin: Origin) -> Result<u64, StoreError> {
        self.write_by_locks((subject, origin), |step, (subject, origin)| {
            Box::pin(end_subject(step, subject, origin))
        })
        .await
    }

    async fn has_sign_in_ended(&self, sid: &str) -> Result<bool, StoreError> {
        self.exists(grant_row::IS_SIGN_IN_ENDED, params![sid]).await
    }
}

async fn end_session(step: &mut Step, sid: &str, origin: &Origin) -> Result<u64, Failure> {
    lock::end_sign_in(&mut step.connection, sid).await?;
    end_sign_ins(step, &[sid.to_owned()], origin).await?;
    let (key, reason) = (params![origin.at, sid], RevocationReason::SessionEnded);
    grant_row::revoke(step, grant_row::REVOKE_OF_SID, key, reason, origin).await
}

async fn end_subject(step: &mut Step, subject: &Subject, origin: &Origin) -> Result<u64, Failure> {
    lock::end_for_person(&mut step.connection, subject).await?;
    let connection = &mut step.connection;
    let key = params![subject.as_str()];
    let sids = query::all(connection, grant_row::SIDS_OF_SUBJECT, key, |fields| fields.get("sid")).await?;
    end_sign_ins(step, &sids, origin).await?;
    query::change(&mut step.connection, consent::FORGET_OF_SUBJECT, params![subject.as_str()]).await?;
    let (key, reason) = (params![origin.at, subject.as_str()], RevocationReason::AccountRefused);
    grant_row::revoke(step, grant_row::REVOKE_ALL_OF_SUBJECT, key, reason, origin).await
}

async fn end_sign_ins(step: &mut Step, sids: &[String], origin: &Origin) -> Result<(), Failure> {
    grant_row::end_sign_ins(&mut step.connection, sids, origin).await?;
    logout::queue(step, sids, origin).await
}
