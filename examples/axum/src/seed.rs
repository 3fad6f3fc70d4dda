//! The people and clients of the configuration, brought into the store. To do it again changes nothing.

use std::{fmt, sync::Arc};

use towergate::{
    core::{
        Clock, Random, RandomUnavailable, Secret, StoreError,
        audit::Origin,
        random,
        seal::{SealError, SealingRing},
    },
    identity::{
        ports::{IdentityStore, user::AddingUser},
        rules::{
            email::EmailAddress,
            password::{InvalidPassword, Owner, Password},
            user::{User, UserId},
        },
    },
    login::{Authenticator, AuthenticatorError, HasherError, NewPasswordError, NewPasswords, PasswordHasher},
    oauth::{ports::OAuthStore, rules::client::Client},
};

use crate::config::{ClientEntry, UserEntry};

/// Writes what the configuration asks for.
#[derive(Clone)]
pub struct Seeder {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers and passwords come from.
    pub random: Arc<dyn Random>,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Takes the passwords of the configuration, as any new one.
    pub new_passwords: NewPasswords,
    /// Whether those must be what is asked of new ones. Else it is only told whose is not.
    pub strict: bool,
}

/// A person of the configuration, in the store by now.
#[derive(Debug)]
pub struct SeededUser {
    /// Their identifier.
    pub id: UserId,
    /// The address they sign in with.
    pub email: EmailAddress,
    /// How they get in.
    pub access: Access,
}

/// How a person gets in.
#[derive(Debug)]
pub enum Access {
    /// With the password of the configuration.
    Configured,
    /// With the password that the configuration had when they were first seen, which may be another by now.
    ConfiguredBefore,
    /// With this password, made just now and never to be seen again.
    Made(Secret<String>),
    /// With the password that they have had since an earlier start.
    AsBefore,
}

/// Why seeding stopped.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// An authenticator app could not be kept.
    #[error(transparent)]
    Authenticator(AuthenticatorError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The password of somebody is not taken.
    #[error("[[users]] {email}: `password`: {cause}")]
    NewPassword {
        /// Whose.
        email: EmailAddress,
        /// Why.
        #[source]
        cause: NewPasswordError,
    },
    /// The password is none.
    #[error(transparent)]
    Password(#[from] InvalidPassword),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// A secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody takes the address and gives it up again, over and over.
    #[error("the address {0} is being taken and released by somebody else")]
    Contended(EmailAddress),
}

impl fmt::Debug for Seeder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seeder").finish_non_exhaustive()
    }
}

impl Seeder {
    /// Gives the person the authenticator app of the configuration, if it names one and they have none.
    ///
    /// # Errors
    /// When the store or the randomness failed, or the secret could not be sealed.
    pub async fn totp<I: IdentityStore>(
        &self,
        people: &I,
        user: UserId,
        entry: &UserEntry,
        sealing: &SealingRing,
    ) -> Result<(), SeedError> {
        let Some(secret) = &entry.totp_secret else { return Ok(()) };
        let keeper = Authenticator::new(people.clone(), sealing.clone(), Arc::clone(&self.random));
        match keeper.import(user, secret, self.origin()?).await {
            Ok(()) | Err(AuthenticatorError::AlreadyThere) => Ok(()),
            Err(error) => Err(SeedError::Authenticator(error)),
        }
    }

    /// The person, newly written where the address is unknown.
    ///
    /// # Errors
    /// When the store, the hasher or the randomness failed.
    pub async fn user<I: IdentityStore>(
        &self,
        people: &I,
        entry: &UserEntry,
    ) -> Result<SeededUser, SeedError> {
        for _ in 0..2 {
            if let Some(found) = people.find_user_by_email(&entry.email).await? {
                let configured = entry.password.is_some() || entry.password_hash.is_some();
                let access = if configured { Access::ConfiguredBefore } else { Access::AsBefore };
                return Ok(SeededUser { id: found.id, email: entry.email.clone(), access });
            }
            if let Some(added) = self.add_user(people, entry).await? {
                return Ok(added);
            }
        }
        Err(SeedError::Contended(entry.email.clone()))
    }

    /// Writes the client, unless it is there just so. A client that was disabled stays so.
    ///
    /// # Errors
    /// When the store or the randomness failed, or the secret of a client that signs with it could not be sealed.
    pub async fn client<O: OAuthStore>(
        &self,
        grants: &O,
        entry: &ClientEntry,
        sealing: &SealingRing,
    ) -> Result<(), SeedError> {
        let mut client = entry.client.clone();
        if let Some(secret) = &entry.secret {
            client.seal_secret(secret, sealing, &self.random)?;
        }
        let found = grants.find_client(&client.id).await?;
        let same_secret = |kept: &Client| match (&kept.secret, &client.secret) {
            (Some(kept), Some(given)) => kept.matches(given),
            (None, None) => true,
            _ => false,
        };
        let well_sealed = |kept: &Client| match &kept.sealed_secret {
            Some(sealed) => client.sealed_secret.is_some() && sealing.is_stale(sealed) == Ok(false),
            None => client.sealed_secret.is_none(),
        };
        let is_the_same =
            |kept: &Client| kept.metadata == client.metadata && same_secret(kept) && well_sealed(kept);
        if found.as_deref().is_some_and(is_the_same) {
            return Ok(());
        }
        Ok(grants.put_client(client, self.origin()?).await?)
    }

    async fn add_user<I: IdentityStore>(
        &self,
        people: &I,
        entry: &UserEntry,
    ) -> Result<Option<SeededUser>, SeedError> {
        let (hash, access) = match (&entry.password_hash, &entry.password) {
            (Some(hash), _) => (hash.clone(), Access::Configured),
            (None, Some(password)) => (self.given(people, entry, password).await?, Access::Configured),
            (None, None) => {
                let made = Secret::new(self.readable()?);
                (self.hasher.hash(Password::parse(&made)?).await?, Access::Made(made))
            }
        };
        let origin = self.origin()?;
        let mut user = User::fresh(entry.email.clone(), hash, origin.at, &self.random)?;
        user.confirmed_at = entry.is_confirmed().then_some(origin.at);
        let id = user.id;
        match people.add_user(user, origin).await? {
            AddingUser::Added => Ok(Some(SeededUser { id, email: entry.email.clone(), access })),
            AddingUser::EmailTaken => Ok(None),
        }
    }

    async fn given<I: IdentityStore>(
        &self,
        people: &I,
        entry: &UserEntry,
        password: &Secret<String>,
    ) -> Result<Secret<String>, SeedError> {
        if entry.insecure_password {
            return Ok(self.hasher.hash(Password::parse(password)?).await?);
        }
        let owner = Owner { email: &entry.email, second_factor: entry.totp_secret.is_some() };
        match self.new_passwords.hash(password, owner, people, self.origin()?).await {
            Ok(hash) => Ok(hash),
            Err(weakness) if !self.strict && weakness.advice().is_some() => {
                // Without the address: the log names nobody.
                tracing::warn!(%weakness, "a password of the configuration would be refused as a new one");
                Ok(self.hasher.hash(Password::parse(password)?).await?)
            }
            Err(cause) => Err(SeedError::NewPassword { email: entry.email.clone(), cause }),
        }
    }

    /// A hundred random bits that a person can copy by hand.
    fn readable(&self) -> Result<String, RandomUnavailable> {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
        let drawn: [u8; 20] = random::bytes(&self.random)?;
        let mut text = String::with_capacity(24);
        for (place, byte) in drawn.iter().enumerate() {
            if place > 0 && place % 5 == 0 {
                text.push('-');
            }
            text.extend(LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
        }
        Ok(text)
    }

    fn origin(&self) -> Result<Origin, RandomUnavailable> {
        Origin::detached(self.clock.now(), &self.random)
    }
}

#[cfg(test)]
mod tests {
    use towergate::{
        core::{
            Timestamp, clock::ManualClock, random::InsecureSeededRandom, seal::SealingKey, system::OsRandom,
        },
        identity::rules::password::HashParams,
        oauth::{
            ports::{ClientStore, memory::MemoryStore},
            rules::client::{ClientAuthMethod, ClientMetadata},
        },
    };

    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(Secret::new([byte; 32]))
    }

    #[tokio::test]
    async fn a_secret_that_signs_is_sealed_once_and_again_when_the_sealing_key_has_changed() {
        let random: Arc<dyn Random> = Arc::new(InsecureSeededRandom::new(1));
        let hasher = PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new())).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
        let new_passwords = NewPasswords::new(hasher.clone());
        let seeder = Seeder { clock, random, hasher, new_passwords, strict: true };
        let secret = Secret::from("0123456789abcdef0123456789abcdef");
        let mut metadata = ClientMetadata::web("C", "https://c.example/cb", Default::default());
        metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
        let client = Client::register("c".parse().unwrap(), Some(&secret), metadata).unwrap();
        let entry = ClientEntry { client, secret: Some(secret) };
        let store = MemoryStore::new();
        let kept = async || store.find_client(&entry.client.id).await.unwrap().unwrap();

        let ring = SealingRing::new(key(1));
        seeder.client(&store, &entry, &ring).await.unwrap();
        let first = kept().await.sealed_secret.clone();
        seeder.client(&store, &entry, &ring).await.unwrap();
        assert_eq!(kept().await.sealed_secret, first);

        let ring = SealingRing::new(key(2)).with_older(key(1));
        seeder.client(&store, &entry, &ring).await.unwrap();
        assert_ne!(kept().await.sealed_secret, first);
        let opened = kept().await.open_secret(&SealingRing::new(key(2))).unwrap().unwrap();
        assert_eq!(opened.expose(), b"0123456789abcdef0123456789abcdef");
    }
}
