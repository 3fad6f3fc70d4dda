//! The one gate in front of every endpoint: may this client do this at all?

use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{Client, ClientState, GrantType};

/// Lets an active client through that registered `grant`.
///
/// # Errors
/// `invalid_client` when it was shut out: the same answer that an unknown client gets; `unauthorized_client` when it
/// did not register the grant.
pub fn admit(client: &Client, grant: GrantType) -> Result<(), OAuthError> {
    active(client)?;
    if !client.metadata.grant_types.contains(&grant) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "the client is not registered for this grant type",
        ));
    }
    Ok(())
}

/// Lets an active client through.
///
/// # Errors
/// `invalid_client` when it was shut out: the same answer that an unknown client gets.
pub fn active(client: &Client) -> Result<(), OAuthError> {
    if client.state != ClientState::Active {
        return Err(OAuthError::new(
            ErrorCode::InvalidClient,
            "no such client, or its credentials are wrong",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::client::{ClientId, ClientMetadata};

    fn client(state: ClientState) -> Client {
        let id = ClientId::parse("shop").unwrap();
        Client { state, ..Client::unchecked(id, None, ClientMetadata::default()) }
    }

    #[test]
    fn a_disabled_client_is_refused_for_every_grant() {
        for grant in [GrantType::AuthorizationCode, GrantType::ClientCredentials, GrantType::RefreshToken] {
            let refusal = admit(&client(ClientState::Disabled), grant).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::InvalidClient);
        }
    }

    #[test]
    fn a_client_uses_only_the_grants_it_registered() {
        let client = client(ClientState::Active);
        assert!(admit(&client, GrantType::AuthorizationCode).is_ok());
        assert_eq!(
            admit(&client, GrantType::ClientCredentials).unwrap_err().code,
            ErrorCode::UnauthorizedClient
        );
    }
}
