//! A refresh token for the next one. The answer is kept sealed under the presented token's own secret, so that the same
//! client may hear it again for a moment, and nobody else ever.

use towergate_core::{seal::SealingKey, token::OpaqueToken};
use towergate_oauth::{
    ports::{
        OAuthStore,
        grant::{Rotated, Rotation, StoredRefreshToken},
    },
    rules::{
        refresh_token::REPEAT_WINDOW,
        token::{
            Refusal, TokenAnswer,
            refresh_token::{Exchange, RefreshFacts, decide, successor},
        },
    },
};
use towergate_oauth_types::Scope;

use super::{Call, Failure, mint::Share};
use crate::account::AccountResolver;

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    pub(super) async fn refresh(
        &self,
        token: Option<OpaqueToken>,
        scope: Option<Scope>,
        resource: &[String],
    ) -> Result<Vec<u8>, Failure> {
        let presented = token.ok_or(Refusal::invalid_grant("malformed_refresh_token"))?;
        let stored = self.store().find_refresh_token(presented.id()).await?;
        let stored = stored.ok_or(Refusal::invalid_grant("unknown_refresh_token"))?;
        let StoredRefreshToken { token, grant, state, revoked } = &stored;
        let facts = RefreshFacts { token, grant, state, revoked: *revoked };
        let (rotation, answer) = match decide(facts, &presented, scope, &self.client, self.now)? {
            Exchange::Allowed { scope } => {
                let share = self.share(grant, Ok(scope), resource)?;
                self.check_account(grant, &share.scope).await?;
                self.rotation(&stored, &presented, &share).await?
            }
            // The token is used already: nothing of this rotation can ever be kept.
            Exchange::Again => (self.unminted_rotation(&stored)?, Vec::new()),
        };
        match self.store().rotate_refresh_token(rotation, self.origin).await? {
            Rotated::Rotated => Ok(answer),
            Rotated::Repeated { sealed_answer } => {
                self.check_account(grant, &grant.scope).await?;
                let kept = sealing_key(&presented)?.open(presented.id().as_bytes(), &sealed_answer)?;
                Ok(kept.expose().clone())
            }
            Rotated::Reused { .. } => Err(Refusal::invalid_grant("refresh_token_reused").into()),
            Rotated::Missing => Err(Refusal::invalid_grant("refresh_token_gone").into()),
        }
    }

    async fn rotation(
        &self,
        stored: &StoredRefreshToken,
        presented: &OpaqueToken,
        share: &Share,
    ) -> Result<(Rotation, Vec<u8>), Failure> {
        let grant = &stored.grant;
        let (access_token, access) = self.access_token_of(grant, share)?;
        let id_token = self.id_token(grant, &share.scope, None, &access_token).await?;
        let next = self.refresh_token()?;
        let scope = access.scope.clone();
        let answer = TokenAnswer { access_token, scope, refresh_token: Some(next.reveal()), id_token };
        let answer = answer.to_json()?;
        let sealed_answer = sealing_key(presented)?.seal(
            presented.id().as_bytes(),
            &answer,
            &self.endpoints.server.random,
        )?;
        let rotation = Rotation {
            presented: stored.token.id,
            client: self.client.client().id.clone(),
            access,
            refresh: successor(next.id(), next.digest(), &stored.token, self.now),
            sealed_answer,
            repeat_window: REPEAT_WINDOW,
        };
        Ok((rotation, answer))
    }

    fn unminted_rotation(&self, stored: &StoredRefreshToken) -> Result<Rotation, Failure> {
        let next = self.refresh_token()?;
        Ok(Rotation {
            presented: stored.token.id,
            client: self.client.client().id.clone(),
            access: self.unminted(&stored.grant)?,
            refresh: successor(next.id(), next.digest(), &stored.token, self.now),
            sealed_answer: Vec::new(),
            repeat_window: REPEAT_WINDOW,
        })
    }
}

fn sealing_key(presented: &OpaqueToken) -> Result<SealingKey, Failure> {
    Ok(SealingKey::derive(presented.secret(), "refresh answer")?)
}
