//! Why somebody did not come in by a provider.

use towergate_core::{RandomUnavailable, StoreError, seal::SealError};
use towergate_guarded_http::{FetchError, InvalidUrl};
use towergate_session::SessionError;

use super::id_token::IdTokenError;
use crate::{arrival::Stopped, mail::NoticeError};

/// Why nothing came of a visit to a provider.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocialError {
    /// There is no provider of this name.
    #[error("there is no provider of this name")]
    UnknownProvider,
    /// Whoever comes back did not leave from here, came too late or a second time, or in another browser.
    #[error("nobody was sent there from this browser lately")]
    Stranger,
    /// The person, or the provider for them, said no.
    #[error("the provider was not allowed to say who it is")]
    Denied,
    /// Too many are at their providers.
    #[error("too many people are at their providers")]
    TooMany,
    /// The provider did not answer as it should. The reason is for operators.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The account opens another person's account here.
    #[error("this account opens somebody else's")]
    Taken,
    /// Somebody has the address here: they sign in as they always do, and link the account then.
    #[error("somebody has this address here")]
    OwnLoginFirst,
    /// The provider gave no address that could be trusted.
    #[error("the provider gave no address that is known to be theirs")]
    NoAddress,
    /// It is the last way in.
    #[error("this is the last way in")]
    LastWayIn,
    /// There is no such link, or no longer.
    #[error("there is no such link")]
    NotThere,
    /// The person may not sign in.
    #[error("the person may not sign in")]
    UserRefused,
    /// A token or a mail could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The session was not begun.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<NoticeError> for SocialError {
    fn from(error: NoticeError) -> Self {
        match error {
            NoticeError::Seal(error) => Self::Seal(error),
            NoticeError::Store(error) => Self::Store(error),
        }
    }
}

/// What was wrong with what a provider said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// An address of it cannot be asked.
    #[error("an address of the provider cannot be asked: {0}")]
    Url(#[from] InvalidUrl),
    /// It did not answer.
    #[error("the provider did not answer: {0}")]
    Fetch(#[from] FetchError),
    /// It did not answer a moment ago, and is left alone for some seconds.
    #[error("the provider failed a moment ago, and is asked again in some seconds")]
    Away,
    /// What it says of itself cannot be read.
    #[error("what the provider says of itself cannot be read")]
    Metadata,
    /// It says that it is another.
    #[error("the provider calls itself by another issuer than the one it is configured under")]
    OtherIssuer,
    /// Its keys cannot be read.
    #[error("the keys of the provider cannot be read")]
    Keys,
    /// What it gave for a code cannot be read.
    #[error("what the provider gave for a code cannot be read")]
    Tokens,
    /// Its ID token is not good.
    #[error("the ID token is refused: {0}")]
    IdToken(#[from] IdTokenError),
    /// The account is not one of the domain whose accounts are taken.
    #[error("the account is not one of the domain whose accounts are taken")]
    OtherDomain,
    /// Its UserInfo endpoint speaks of another person than its ID token.
    #[error("the UserInfo endpoint speaks of another person than the ID token")]
    OtherSubject,
    /// What it says of somebody cannot be read.
    #[error("what the provider says of somebody cannot be read")]
    User,
    /// The token that proves this host could not be signed.
    #[error("the token that proves this host to the provider could not be signed")]
    Proof,
}

impl ProviderError {
    /// The stable lower-case word.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Url(_) | Self::Fetch(_) | Self::Away => "unreachable",
            Self::Metadata | Self::Keys | Self::Tokens | Self::User => "unreadable",
            Self::OtherDomain => "other_domain",
            Self::OtherIssuer => "other_issuer",
            Self::OtherSubject => "other_subject",
            Self::IdToken(_) => "id_token",
            Self::Proof => "proof",
        }
    }
}
