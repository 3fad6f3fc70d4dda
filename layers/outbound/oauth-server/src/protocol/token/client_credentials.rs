//! A token for a client that acts for itself.

use towergate_oauth::{
    ports::OAuthStore,
    rules::token::{Refusal, TokenAnswer, access_claims, client_credentials::decide},
};
use towergate_oauth_types::Scope;

use super::{Call, Failure};
use crate::account::AccountResolver;

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    pub(super) async fn act_for_itself(
        &self,
        scope: Option<Scope>,
        resource: &[String],
    ) -> Result<Vec<u8>, Failure> {
        let scope = decide(&self.client, scope)?;
        let targets = self.endpoints.server.config().targets();
        let admitted = targets.admit(resource.iter().map(String::as_str)).map_err(Refusal::invalid_target)?;
        let audience = targets.audience(&admitted);
        let scope = targets.scope_at(&audience, scope);
        let row =
            |id| access_claims::of_client(id, self.client.client(), scope.clone(), audience, self.now());
        let (access_token, access) = self.access_token(row, None, None)?;
        let answer = TokenAnswer { access_token, scope, refresh_token: None, id_token: None };
        self.store().issue_access_token(access, self.origin).await?;
        Ok(answer.to_json()?)
    }
}
