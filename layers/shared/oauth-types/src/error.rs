//! The error codes that a peer may see, each under its registered name.

use std::fmt;

/// An error code of the [IANA registry](https://www.iana.org/assignments/oauth-parameters) that this house answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The person or the server said no. [RFC 6749 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)
    AccessDenied,
    /// OpenID Connect: `prompt=none` and nobody chose an account.
    AccountSelectionRequired,
    /// OpenID Connect: `prompt=none` and consent is missing.
    ConsentRequired,
    /// RFC 9470: the sign-in behind the token is too weak or too old.
    InsufficientUserAuthentication,
    /// RFC 6750: the token lacks a scope value.
    InsufficientScope,
    /// OpenID Connect: `prompt=none` and a page would have to be shown.
    InteractionRequired,
    /// Client authentication failed. [RFC 6749 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
    InvalidClient,
    /// RFC 7591: a field of a client's metadata is wrong, or more than the server allows.
    InvalidClientMetadata,
    /// The code or refresh token is wrong, used, expired, or somebody else's.
    InvalidGrant,
    /// RFC 7591: a redirect URI of a client's metadata is wrong.
    InvalidRedirectUri,
    /// A parameter is missing, malformed, or given twice.
    InvalidRequest,
    /// OpenID Connect and RFC 9101: the request object is not signed as it must be, or says what it must not.
    InvalidRequestObject,
    /// OpenID Connect and RFC 9101: the `request_uri` stands for no request of this client.
    InvalidRequestUri,
    /// A scope value is unknown, malformed, or not for this client.
    InvalidScope,
    /// RFC 7591: the software statement is wrong.
    InvalidSoftwareStatement,
    /// RFC 8707: the resource is unknown or not for this client.
    InvalidTarget,
    /// RFC 6750: the access token is wrong, expired, or revoked.
    InvalidToken,
    /// OpenID Connect: `prompt=none` and nobody is signed in.
    LoginRequired,
    /// OpenID Connect: the `request` parameter is not supported.
    RequestNotSupported,
    /// OpenID Connect: the `request_uri` parameter is not supported.
    RequestUriNotSupported,
    /// Something broke on our side.
    ServerError,
    /// Try again soon.
    TemporarilyUnavailable,
    /// RFC 7591: the software statement is of somebody whom the server does not trust.
    UnapprovedSoftwareStatement,
    /// The client may not use this grant or response type.
    UnauthorizedClient,
    /// [OpenID Connect](https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html): the sign-in
    /// is not as strong as it must be, and asking again would not help.
    UnmetAuthenticationRequirements,
    /// The grant type is not offered.
    UnsupportedGrantType,
    /// The response type is not offered.
    UnsupportedResponseType,
}

impl ErrorCode {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the peer is told: a code and a sentence without secrets.
///
/// The sentence stays within the characters that
/// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) allows because it is a constant of ours,
/// never an echo of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    /// The registered code.
    pub code: ErrorCode,
    /// One sentence for the developer of the client.
    pub description: &'static str,
}

impl OAuthError {
    /// An error with its sentence.
    #[must_use]
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description }
    }
}
