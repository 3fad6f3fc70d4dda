//! The token that manages a registration,
//! [RFC 7592 section 1.2](https://www.rfc-editor.org/rfc/rfc7592#section-1.2).

use std::sync::Arc;

use towergate_core::{
    Digest,
    token::{OpaqueToken, Prefix},
};

use super::{Client, gate};

/// The beginning of every registration access token.
pub const PREFIX: Prefix = Prefix::new("tgreg");

/// What a store would keep of a presented token, whatever it looks like.
#[must_use]
pub fn digest(presented: &str) -> Digest {
    match OpaqueToken::parse(PREFIX, presented) {
        Some(token) => token.digest(),
        None => Digest::of(presented.as_bytes()),
    }
}

/// The client, when it may act and the token manages it. A client that is not there costs the same.
#[must_use]
pub fn managed(client: Option<Arc<Client>>, token: &Digest) -> Option<Arc<Client>> {
    let nobody = Digest::from_stored([0; 32]);
    let own = client.as_ref().and_then(|client| client.registration_access_token.as_ref());
    let matches = own.unwrap_or(&nobody).matches(token);
    client.filter(|client| {
        matches && client.registration_access_token.is_some() && gate::active(client).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::client::{ClientId, ClientMetadata, ClientState};

    fn client(token: Option<&[u8]>) -> Arc<Client> {
        let id = ClientId::parse("shop").unwrap();
        let token = token.map(Digest::of);
        let client = Client::unchecked(id, None, ClientMetadata::default());
        Arc::new(Client { registration_access_token: token, ..client })
    }

    #[test]
    fn only_the_own_token_of_an_active_client_manages_it() {
        let token = Digest::of(b"mine");
        assert!(managed(Some(client(Some(b"mine"))), &token).is_some());
        assert!(managed(Some(client(Some(b"other"))), &token).is_none());
        assert!(managed(Some(client(None)), &token).is_none());
        assert!(managed(Some(client(None)), &Digest::from_stored([0; 32])).is_none());
        assert!(managed(None, &Digest::from_stored([0; 32])).is_none());
        let mut shut_out = client(Some(b"mine"));
        Arc::make_mut(&mut shut_out).state = ClientState::Disabled;
        assert!(managed(Some(shut_out), &token).is_none());
    }
}
