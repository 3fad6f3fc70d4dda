//! From parameters to an [`AuthorizationRequest`]: a table of checks, read from top to bottom.

mod person;
mod protocol;
mod reach;

use towergate_jose::JwkSet;
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    params::{Params, invalid},
    redirect_uri::{RedirectUri, Unbound},
};
use crate::rules::{
    claims::ScopeClaims,
    client::{Client, GrantType, gate},
    interaction::{AuthorizationRequest, ResponseMode},
    resource::Targets,
};

/// What the server offers, as far as a request may ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Whom tokens may be for.
    pub targets: Targets<'a>,
    /// Which claims each scope value covers.
    pub scope_claims: &'a ScopeClaims,
    /// The keys that it publishes: what they signed comes back as a hint.
    pub keys: &'a JwkSet,
    /// Whether the host has a page where accounts are made.
    pub creates_accounts: bool,
    /// Whether every client must push its requests.
    pub requires_push: bool,
}

/// Why a request cannot go on, and who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The person, on a page: nothing proves that the address is the client's.
    Page(OAuthError),
    /// The client, at its own address.
    Redirect {
        /// Where.
        to: RedirectUri,
        /// How.
        mode: ResponseMode,
        /// Its `state`, as it came.
        state: Option<String>,
        /// What.
        error: OAuthError,
    },
}

impl Rejection {
    /// Tells `error` to the client if the address is its own, and to the person otherwise.
    #[must_use]
    pub fn of(error: OAuthError, params: &Params, client: &Client) -> Self {
        match address(params, client) {
            Ok(to) => Self::at(to, params, error),
            Err(_) => Self::Page(error),
        }
    }

    /// What is wrong, for a client that is told of it directly.
    #[must_use]
    pub const fn error(&self) -> OAuthError {
        match self {
            Self::Page(error) | Self::Redirect { error, .. } => *error,
        }
    }

    fn at(to: RedirectUri, params: &Params, error: OAuthError) -> Self {
        let state = params.state().map(str::to_owned);
        Self::Redirect { to, mode: params.response_mode(), state, error }
    }
}

/// Checks a request of `client`.
///
/// # Errors
/// The first check that fails, and who is told of it.
pub fn validate(
    params: &Params,
    client: &Client,
    offer: Offer<'_>,
) -> Result<(AuthorizationRequest, RedirectUri), Rejection> {
    let to = address(params, client).map_err(Rejection::Page)?;
    let asked = Asked { params, client, offer };
    let mut request = blank(client, &to);
    for (_, check) in CHECKS {
        if let Err(error) = check(&asked, &mut request) {
            return Err(Rejection::at(to, params, error));
        }
    }
    Ok((request, to))
}

/// What a check looks at.
struct Asked<'a> {
    params: &'a Params,
    client: &'a Client,
    offer: Offer<'a>,
}

type Check = fn(&Asked<'_>, &mut AuthorizationRequest) -> Result<(), OAuthError>;

/// Each check reads through [`Params::value`], which refuses what is repeated, unreadable or too long
/// ([RFC 6749 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)). What a client of a profile or a registration
/// must do, and what it is refused, stands here and nowhere else.
const CHECKS: [(&str, Check); 20] = [
    ("RFC 6749 4.1.2.1: the client may use codes", protocol::code_grant_registered),
    ("RFC 9126 5, 6: pushed, if it must be", protocol::pushed_if_required),
    ("RFC 6749 2.3: no secret travels through a browser", protocol::no_secret),
    ("RFC 9101 10.5: signed, if the client must sign", protocol::signed_if_required),
    ("OpenID Connect Core 6.2: no request by reference", protocol::no_request_uri),
    ("RFC 6749 3.1.1: response_type is code", protocol::response_type),
    ("OAuth 2.0 Multiple Response Types 2.1: response_mode", protocol::response_mode),
    ("RFC 6749 3.3: scope within the registration", reach::scope),
    ("RFC 7636 4.3: code_challenge, S256", protocol::pkce),
    ("RFC 8707 2: resource", reach::resource),
    ("OpenID Connect Core 5.5: claims", reach::claims),
    ("OpenID Connect Core 3.1.2.1, Prompt Create 4: prompt", person::prompt),
    ("OpenID Connect Core 3.1.2.1, Registration 2: max_age, default_max_age", person::max_age),
    ("OpenID Connect Core 3.1.2.1, Registration 2: acr_values, default_acr_values", person::acr_values),
    ("OpenID Connect Core 3.1.2.1: id_token_hint", person::id_token_hint),
    ("OpenID Connect Core 5.5.1: a sub among the claims", person::named_sub),
    ("OpenID Connect Core 3.1.2.1: login_hint", person::login_hint),
    ("OpenID Connect Core 3.1.2.1: ui_locales", person::ui_locales),
    ("RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1: state and nonce as they came", protocol::state_and_nonce),
    ("what anybody may have us keep is small", protocol::small_enough_to_keep),
];

/// The client is let in and the address is its own; until then nothing is sent anywhere.
fn address(params: &Params, client: &Client) -> Result<RedirectUri, OAuthError> {
    match gate::admit(client, GrantType::AuthorizationCode) {
        Err(error) if error.code == ErrorCode::InvalidClient => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let requested = params.value("redirect_uri")?;
    // OAuth lets a client with one address leave it out; OpenID Connect Core 3.1.2.1 does not.
    if requested.is_none() && speaks_openid(params, client) {
        return Err(invalid("redirect_uri is missing"));
    }
    RedirectUri::bind(requested, &client.metadata.redirect_uris).map_err(|unbound| match unbound {
        Unbound::Missing => invalid("redirect_uri is missing"),
        Unbound::Unregistered => invalid("redirect_uri is not registered for this client"),
    })
}

/// Whether the scope, or what stands in for it, holds `openid`.
fn speaks_openid(params: &Params, client: &Client) -> bool {
    match params.value("scope") {
        Ok(Some(scope)) => scope.split(' ').any(|value| value == "openid"),
        Ok(None) => client.metadata.scope.contains("openid"),
        Err(_) => false,
    }
}

fn blank(client: &Client, to: &RedirectUri) -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri_was_sent: to.was_sent(),
        ..AuthorizationRequest::new(client.id.clone(), to.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests;
