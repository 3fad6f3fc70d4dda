//! The parameters of a logout request.
//! [RP-Initiated Logout section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)

use std::sync::Arc;

use towergate_core::form::{BadParameter, Form, TooLarge};
use towergate_jose::{JwkSet, jws};
use towergate_oauth_types::{ErrorCode, OAuthError};
use url::form_urlencoded::Serializer;

use super::PostLogoutUri;
use crate::rules::{
    client::{Client, ClientId, gate},
    id_token_hint::IdTokenHint,
    issuer::Issuer,
};

/// The longest value of one parameter, in bytes; the hint may be as long as a token.
pub const MAX_VALUE: usize = 2048;

/// The longest `state`, in bytes.
pub const MAX_STATE: usize = 1024;

/// The names of the parameters. `logout_hint` and `ui_locales` are read and not needed: the person who is signed in here
/// is known, and the pages speak one language.
const KNOWN: &[&str] =
    &["client_id", "id_token_hint", "logout_hint", "post_logout_redirect_uri", "state", "ui_locales"];

/// The parameters of a logout request, as they came.
#[derive(Debug, Clone)]
pub struct Params(Form);

/// What was asked for, before the client is known.
#[derive(Debug, Clone)]
pub struct Asked {
    hint: Option<IdTokenHint>,
    client: Option<ClientId>,
    uri: Option<String>,
    state: Option<String>,
}

/// A valid logout request.
#[derive(Debug, Clone)]
pub struct LogoutRequest {
    /// The ID token that came along: one of ours, for this client.
    pub hint: Option<IdTokenHint>,
    /// Who asks, if that is known.
    pub client: Option<Arc<Client>>,
    /// Where to go afterwards.
    pub to: Option<PostLogoutUri>,
    /// Returned there as it came.
    pub state: Option<String>,
}

impl Params {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// When it is too large.
    pub fn parse(text: &[u8]) -> Result<Self, TooLarge> {
        Form::parse(text, KNOWN).map(Self)
    }

    /// What they ask for; `keys` are all keys of `issuer` that are published.
    ///
    /// # Errors
    /// `invalid_request` when a parameter is there twice, torn or too long, when the hint is no ID token of ours, or when
    /// it was issued to another client than `client_id`. To be told to the person.
    pub fn read(&self, keys: &JwkSet, issuer: &Issuer) -> Result<Asked, OAuthError> {
        for name in ["logout_hint", "ui_locales"] {
            self.value(name, MAX_VALUE)?;
        }
        let named = self.value("client_id", MAX_VALUE)?;
        let named = named.map(ClientId::parse).transpose().map_err(|_| invalid("client_id is malformed"))?;
        let hint = match self.value("id_token_hint", jws::MAX_LENGTH)? {
            None => None,
            Some(text) => Some(
                IdTokenHint::read(text, keys, issuer)
                    .map_err(|_| invalid("id_token_hint is no ID token of this server"))?,
            ),
        };
        let client = match (named, &hint) {
            (Some(named), Some(hint)) if !hint.is_for(&named) => {
                return Err(invalid("id_token_hint was issued to another client than client_id"));
            }
            (Some(named), _) => Some(named),
            (None, hint) => hint.as_ref().and_then(IdTokenHint::client),
        };
        let uri = self.value("post_logout_redirect_uri", MAX_VALUE)?.map(str::to_owned);
        let state = self.value("state", MAX_STATE)?.map(str::to_owned);
        Ok(Asked { hint, client, uri, state })
    }

    /// The parameters that can be read, to be sent again.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let readable = KNOWN.iter().filter_map(|name| Some((*name, self.0.get(name).ok()??.to_owned())));
        readable.collect()
    }

    /// The same as a query.
    #[must_use]
    pub fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }

    fn value(&self, name: &str, max: usize) -> Result<Option<&str>, OAuthError> {
        match self.0.get(name) {
            Ok(Some(value)) if value.len() > max => Err(invalid("a parameter is too long")),
            Ok(value) => Ok(value),
            Err(BadParameter::Repeated) => Err(invalid("a parameter is there twice")),
            Err(BadParameter::Unreadable) => Err(invalid("a parameter is not percent-encoded UTF-8")),
        }
    }
}

impl Asked {
    /// The client to look up.
    #[must_use]
    pub fn client(&self) -> Option<&ClientId> {
        self.client.as_ref()
    }

    /// The request of `client`, which is who is registered as [`Asked::client`].
    ///
    /// # Errors
    /// `invalid_request` when that client is unknown or shut out, or the address is not one that it registered: an
    /// address without a client is nobody's. To be told to the person.
    pub fn bind(self, client: Option<Arc<Client>>) -> Result<LogoutRequest, OAuthError> {
        let Self { hint, client: named, uri, state } = self;
        let client =
            client.filter(|client| gate::active(client).is_ok() && Some(&client.id) == named.as_ref());
        if named.is_some() && client.is_none() {
            return Err(invalid("the client is not registered here"));
        }
        let to = match (&uri, &client) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(invalid("post_logout_redirect_uri needs id_token_hint or client_id beside it"));
            }
            (Some(uri), Some(client)) => Some(
                PostLogoutUri::bind(uri, &client.metadata)
                    .ok_or(invalid("post_logout_redirect_uri is not registered for this client"))?,
            ),
        };
        Ok(LogoutRequest { hint, client, to, state })
    }
}

const fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests;
