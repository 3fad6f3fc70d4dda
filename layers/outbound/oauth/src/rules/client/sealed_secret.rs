//! The secret of a client that signs with it: the server needs it in clear, the store must not have it so.

use towergate_core::{
    Random, Secret,
    seal::{SealError, SealingRing},
};

use super::{Client, ClientAuthMethod};

impl Client {
    /// Seals `secret` beside the client when its method, `client_secret_jwt`, needs it in clear; for any other method a
    /// digest is enough, and nothing is sealed.
    ///
    /// ```
    /// use towergate_core::{Secret, seal::{SealingKey, SealingRing}, system::OsRandom};
    /// use towergate_oauth::rules::client::{Client, ClientAuthMethod, ClientMetadata};
    ///
    /// let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
    /// let secret = Secret::from("nF3p0Ff4vO2NwYv8mQz1rT6uXc9bKd7e");
    /// let mut metadata = ClientMetadata::web("An app", "https://app.example/callback", "openid".parse()?);
    /// metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
    /// let mut client = Client::register("app".parse()?, Some(&secret), metadata)?;
    /// client.seal_secret(&secret, &sealing, &OsRandom::new())?;
    /// let opened = client.open_secret(&sealing)?.expect("it was sealed");
    /// assert_eq!(opened.expose(), secret.expose().as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal_secret(
        &mut self,
        secret: &Secret<String>,
        sealing: &SealingRing,
        random: &dyn Random,
    ) -> Result<(), SealError> {
        let is_needed = self.metadata.token_endpoint_auth_method == ClientAuthMethod::ClientSecretJwt;
        self.sealed_secret = if is_needed {
            Some(sealing.seal(&self.seal_context(), secret.expose().as_bytes(), random)?)
        } else {
            None
        };
        Ok(())
    }

    /// The secret in clear, under whichever key of the ring it was sealed; nothing when none was.
    ///
    /// # Errors
    /// When it does not open: it was sealed under a key that is not in the ring, for another client, or was altered.
    pub fn open_secret(&self, sealing: &SealingRing) -> Result<Option<Secret<Vec<u8>>>, SealError> {
        let sealed = self.sealed_secret.as_ref();
        sealed.map(|sealed| sealing.open(&self.seal_context(), sealed)).transpose()
    }

    /// The same secret under the newest key of the ring; nothing when it is under that one already, or none is kept.
    ///
    /// # Errors
    /// When it does not open, or there is no randomness.
    pub fn reseal_secret(
        &self,
        sealing: &SealingRing,
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, SealError> {
        let Some(sealed) = &self.sealed_secret else { return Ok(None) };
        if !sealing.is_stale(sealed)? {
            return Ok(None);
        }
        let context = self.seal_context();
        sealing.seal(&context, sealing.open(&context, sealed)?.expose(), random).map(Some)
    }

    /// A sealed secret opens only in its own client's row.
    fn seal_context(&self) -> Vec<u8> {
        format!("client secret {}", self.id).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::{random::InsecureSeededRandom, seal::SealingKey};

    use super::*;
    use crate::rules::client::{ClientId, ClientMetadata};

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(Secret::new([byte; 32]))
    }

    fn client(id: &str, method: ClientAuthMethod) -> Client {
        let metadata = ClientMetadata { token_endpoint_auth_method: method, ..Default::default() };
        Client::unchecked(ClientId::parse(id).unwrap(), None, metadata)
    }

    fn sealed(ring: &SealingRing) -> Client {
        let mut client = client("shop", ClientAuthMethod::ClientSecretJwt);
        client.seal_secret(&Secret::from("hush"), ring, &InsecureSeededRandom::new(1)).unwrap();
        client
    }

    #[test]
    fn a_secret_opens_under_an_older_key_too_and_under_no_other() {
        let client = sealed(&SealingRing::new(key(1)));
        let moved_on = SealingRing::new(key(2)).with_older(key(1));
        assert_eq!(client.open_secret(&moved_on).unwrap().unwrap().expose(), b"hush");
        assert_eq!(client.open_secret(&SealingRing::new(key(2))).unwrap_err(), SealError::UnknownKey);
    }

    #[test]
    fn a_secret_moves_to_the_newest_key_once() {
        let mut client = sealed(&SealingRing::new(key(1)));
        let moved_on = SealingRing::new(key(2)).with_older(key(1));
        let random = InsecureSeededRandom::new(2);
        client.sealed_secret = client.reseal_secret(&moved_on, &random).unwrap();
        assert_eq!(client.open_secret(&SealingRing::new(key(2))).unwrap().unwrap().expose(), b"hush");
        assert!(client.reseal_secret(&moved_on, &random).unwrap().is_none());
    }

    #[test]
    fn a_secret_opens_for_its_own_client_only() {
        let ring = SealingRing::new(key(1));
        let mut other = client("other", ClientAuthMethod::ClientSecretJwt);
        other.sealed_secret = sealed(&ring).sealed_secret;
        assert_eq!(other.open_secret(&ring).unwrap_err(), SealError::Broken);
    }

    #[test]
    fn a_secret_that_is_not_needed_is_not_kept() {
        let ring = SealingRing::new(key(1));
        for method in [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::PrivateKeyJwt] {
            let mut client = Client { id: sealed(&ring).id, ..client("shop", method) };
            client.sealed_secret = sealed(&ring).sealed_secret;
            client.seal_secret(&Secret::from("hush"), &ring, &InsecureSeededRandom::new(1)).unwrap();
            assert!(client.open_secret(&ring).unwrap().is_none());
        }
    }
}
