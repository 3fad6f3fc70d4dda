//! What a person allowed a client: the root from which code, access tokens and refresh tokens hang.
//!
//! To revoke the grant is to revoke all of them, in one row.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize, Serializer};
use towergate_core::{Timestamp, typed_id};
use towergate_oauth_types::Scope;

use super::{
    claims_request::ClaimsRequest,
    client::{Client, ClientId},
};

typed_id! {
    /// A grant, and the family of everything that came from it.
    GrantId
}

/// The stable identifier of an account at this issuer: the `sub` claim. Never an e-mail address.
///
/// At most 255 ASCII characters,
/// [OpenID Connect Core section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken). To clone it is to point at the same
/// text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Subject(Arc<str>);

/// The text is not 1 to 255 visible ASCII characters, or it is an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject must be 1 to 255 visible ASCII characters and not an e-mail address")]
pub struct InvalidSubject;

impl Subject {
    /// Reads a subject.
    ///
    /// # Errors
    /// When it is empty, too long, not visible ASCII, or holds an `@`: addresses change hands, subjects must not.
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        let stable = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'@');
        if !stable || text.is_empty() || text.len() > 255 {
            return Err(InvalidSubject);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The subject that a digest in base64url is.
    pub(super) fn of_digest(text: String) -> Self {
        Self(text.into())
    }
}

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        Self::parse(text)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Subject {
    type Error = InvalidSubject;

    fn try_from(text: String) -> Result<Self, InvalidSubject> {
        Self::parse(&text)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// How and when the person signed in; the host says so, the tokens repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// When the person last proved who they are: `auth_time`.
    pub auth_time: Timestamp,
    /// How strongly: `acr`.
    pub acr: Option<String>,
    /// By which means: `amr`, [RFC 8176](https://www.rfc-editor.org/rfc/rfc8176).
    pub amr: Vec<String>,
    /// The login session, shared by all clients of it: `sid`.
    pub sid: Option<String>,
}

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier.
    pub id: GrantId,
    /// To whom.
    pub client: ClientId,
    /// By whom.
    pub subject: Subject,
    /// How far.
    pub scope: Scope,
    /// Who may be called with its access tokens.
    pub audience: Vec<String>,
    /// Which single claims were asked for.
    pub claims: ClaimsRequest,
    /// The sign-in it was given in.
    pub sign_in: SignIn,
    /// When it was given.
    pub created_at: Timestamp,
}

impl Grant {
    /// How far `client` may go with it today: what was allowed, within what the client is still registered for. The grant
    /// itself stays as it is, and with it what comes back when the registration is widened again.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn scope_left_to(&self, client: &Client) -> Result<Scope, NothingLeft> {
        let left = self.scope.intersection(&client.metadata.scope);
        if left.is_empty() && !self.scope.is_empty() { Err(NothingLeft) } else { Ok(left) }
    }

    /// Whether it outlives the login session: `offline_access` was allowed.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.scope.contains("offline_access")
    }

    /// The login session that it ends with; `None` when it outlives it.
    #[must_use]
    pub fn ends_with(&self) -> Option<&str> {
        if self.is_offline() { None } else { self.sign_in.sid.as_deref() }
    }
}

/// Of all that was allowed, the client is registered for nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client is registered for nothing of what was granted any more")]
pub struct NothingLeft;

/// How long a store remembers that a sign-in ended, so that a request which began before cannot issue a code in it.
pub const ENDED_SIGN_IN_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Why a grant was revoked, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// The host no longer knows the account, or lets it in no more.
    AccountRefused,
    /// The client is no more.
    ClientDeleted,
    /// The client was disabled.
    ClientDisabled,
    /// The client gave it back.
    ClientRevoked,
    /// A code was presented a second time.
    CodeReplayed,
    /// The person took the consent back.
    ConsentWithdrawn,
    /// A refresh token was presented a second time.
    RefreshTokenReused,
    /// An operator ended it.
    RevokedByOperator,
    /// The login session ended.
    SessionEnded,
}

impl RevocationReason {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountRefused => "account_refused",
            Self::ClientDeleted => "client_deleted",
            Self::ClientDisabled => "client_disabled",
            Self::ClientRevoked => "client_revoked",
            Self::CodeReplayed => "code_replayed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::RevokedByOperator => "revoked_by_operator",
            Self::SessionEnded => "session_ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_core_2_a_subject_is_short_visible_and_no_address_of_a_person() {
        let longest = "x".repeat(255);
        for good in ["a", "alice-1", "018bcfe5-6800-7c76", &longest] {
            assert!(Subject::parse(good).is_ok(), "{good}");
        }
        let long = "x".repeat(256);
        for bad in ["", "alice@shop.example", "a b", "a\n", "\u{7f}", "jos\u{e9}", &long] {
            assert_eq!(Subject::parse(bad), Err(InvalidSubject), "{bad}");
        }
    }

    #[test]
    fn what_is_offline_does_not_end_with_the_sign_in() {
        let grant = |scope: &str| Grant {
            id: GrantId::from_uuid(towergate_core::id::Uuid::from_u128(1)),
            client: ClientId::parse("shop").unwrap(),
            subject: Subject::parse("alice-1").unwrap(),
            scope: Scope::parse(scope).unwrap(),
            audience: Vec::new(),
            claims: ClaimsRequest::default(),
            sign_in: SignIn {
                auth_time: Timestamp::from_unix_seconds(1),
                acr: None,
                amr: Vec::new(),
                sid: Some(String::from("sid")),
            },
            created_at: Timestamp::from_unix_seconds(1),
        };
        assert_eq!(grant("openid").ends_with(), Some("sid"));
        assert_eq!(grant("openid offline_access").ends_with(), None);
    }
}
