//! An authorization request that its client pushed: it waits for the browser that names it.
//! [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)
//!
//! The rules, in order: a reference that was made here, for the client that shows it, which has not expired. A reference is
//! good for one answer. Until that is given it may be opened again: the person reloads the page, or a program looks at the
//! address before they do. Of all interactions that begin from it, the first one that is answered closes the others.
//!
//! ```
//! use std::time::Duration;
//!
//! use towergate_core::{Clock, system::{OsRandom, SystemClock}, token::OpaqueToken};
//! use towergate_oauth::rules::{
//!     client::ClientId,
//!     interaction::AuthorizationRequest,
//!     pushed_request::{self, LIFETIME, PREFIX, PushedRequest, PushedRequestId, Unopened},
//! };
//!
//! let (now, client) = (SystemClock.now(), ClientId::parse("shop")?);
//! let token = OpaqueToken::mint(PREFIX, now, &OsRandom::new())?;
//! let kept = PushedRequest {
//!     id: PushedRequestId::from_uuid(token.id()),
//!     digest: token.digest(),
//!     request: AuthorizationRequest::new(client.clone(), String::from("https://shop.example/callback")),
//!     expires_at: now.plus(LIFETIME),
//! };
//! assert!(pushed_request::reference(&token).starts_with("urn:ietf:params:oauth:request_uri:"));
//!
//! let opened = pushed_request::open(Some(kept.clone()), &token, &client, now);
//! assert!(opened.is_ok());
//!
//! let late = pushed_request::open(Some(kept.clone()), &token, &client, now.plus(LIFETIME));
//! assert_eq!(late.unwrap_err(), Unopened::Unknown);
//! let foreign = pushed_request::open(Some(kept), &token, &ClientId::parse("rival")?, now);
//! assert_eq!(foreign.unwrap_err(), Unopened::OtherClient);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::Duration;

use towergate_core::{
    Digest, Timestamp,
    clock::KEPT_PAST_END,
    token::{OpaqueToken, Prefix},
    typed_id,
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    authorize::{Params, RedirectUri},
    client::{Client, ClientAuthMethod, ClientId, GrantType, gate},
    interaction::AuthorizationRequest,
    resource::Targets,
};

typed_id! {
    /// A pushed request.
    PushedRequestId
}

/// How long a reference is good.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// How every reference begins, [RFC 9126 section 2.2](https://www.rfc-editor.org/rfc/rfc9126#section-2.2).
pub const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// How the rest of a reference begins.
pub const PREFIX: Prefix = Prefix::new("tgpar");

/// An authorization request that its client pushed.
#[derive(Debug, Clone)]
pub struct PushedRequest {
    /// Its identifier: a name, not a proof.
    pub id: PushedRequestId,
    /// The digest of the secret in the reference.
    pub digest: Digest,
    /// What the client asks for, validated.
    pub request: AuthorizationRequest,
    /// When the reference is good no longer.
    pub expires_at: Timestamp,
}

impl PushedRequest {
    /// How long it takes up room, unless it is answered before: as long as it may be kept.
    #[must_use]
    pub fn takes_room_until(&self) -> Timestamp {
        self.expires_at.plus(KEPT_PAST_END)
    }
}

/// How much may wait already where a client pushes one more request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Pushed requests and interactions, whosever they are.
    pub all: u32,
    /// Requests that this client pushed.
    pub own: u32,
}

/// How much there is for what `client` pushes, of the `room` for all that waits.
///
/// It is a quarter for each client, so that none shuts out the others. A client that anybody can be, since it is public or
/// registered itself, finds room only while half of it all is free: whoever floods the server with the requests of many such
/// shuts nobody out but the likes of them.
#[must_use]
pub fn room_for(client: &Client, room: u32) -> Room {
    let anybodys = client.metadata.token_endpoint_auth_method == ClientAuthMethod::None
        || client.registration_access_token.is_some()
        || client.document.is_some();
    Room { all: if anybodys { room.div_ceil(2) } else { room }, own: room.div_ceil(4) }
}

/// The reference that stands for a token.
#[must_use]
pub fn reference(token: &OpaqueToken) -> String {
    format!("{URN}{}", token.reveal().expose())
}

/// The reference in a request, if it has one that looks as if it was made here.
///
/// # Errors
/// `invalid_request_uri` when it cannot be ours; `invalid_request` when a parameter is there twice or cannot be read, or
/// there is a request object beside it. To be told to the person.
pub fn named(params: &Params) -> Result<Option<OpaqueToken>, OAuthError> {
    let Ok(Some(uri)) = params.value("request_uri") else { return Ok(None) };
    let Some(text) = uri.strip_prefix(URN) else { return Ok(None) };
    params.check()?;
    if params.value("request")?.is_some() {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "request and request_uri exclude each other"));
    }
    OpaqueToken::parse(PREFIX, text).map(Some).ok_or(UNKNOWN)
}

/// Why a reference opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unopened {
    /// It was never made, was answered, or has expired.
    Unknown,
    /// It is another client's, which never showed it to this one.
    OtherClient,
}

impl Unopened {
    /// What the person is told: the same in each case.
    #[must_use]
    pub const fn error(&self) -> OAuthError {
        UNKNOWN
    }
}

/// Opens what was kept under the name of the `presented` reference, for `client`.
///
/// # Errors
/// When there is nothing, or nothing for this reference, this client and this moment.
pub fn open(
    kept: Option<PushedRequest>,
    presented: &OpaqueToken,
    client: &ClientId,
    now: Timestamp,
) -> Result<PushedRequest, Unopened> {
    let kept = kept
        .filter(|kept| *kept.id.as_uuid() == presented.id() && presented.digest().matches(&kept.digest))
        .filter(|kept| now < kept.expires_at)
        .ok_or(Unopened::Unknown)?;
    if kept.request.client_id == *client { Ok(kept) } else { Err(Unopened::OtherClient) }
}

/// The address of what was pushed, as long as the client may still ask for it: its registration may have changed since, and
/// so may what tokens are for, [RFC 9126 section 4](https://www.rfc-editor.org/rfc/rfc9126#section-4).
///
/// # Errors
/// When it was shut out, or the address, the grant or the scope is its own no longer, or an API is gone. To be told to the
/// person.
pub fn still_allowed(
    request: &AuthorizationRequest,
    client: &Client,
    targets: Targets<'_>,
) -> Result<RedirectUri, OAuthError> {
    gate::admit(client, GrantType::AuthorizationCode)?;
    targets.admit(request.resource.iter().map(String::as_str))?;
    if !client.metadata.scope.covers(&request.scope) {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "a scope value is not registered for this client any more",
        ));
    }
    RedirectUri::bind(Some(&request.redirect_uri), &client.metadata.redirect_uris).map_err(|_| {
        OAuthError::new(ErrorCode::InvalidRequest, "redirect_uri is not registered for this client any more")
    })
}

/// The parameters by which a client that pushes proves itself.
pub const CREDENTIALS: &[&str] = &["client_assertion", "client_assertion_type", "client_id", "client_secret"];

/// Whether what a client pushes is about that client, and names it.
///
/// # Errors
/// `invalid_request` or, of a request object, `invalid_request_object`.
pub fn is_about(params: &Params, client: &ClientId) -> Result<(), OAuthError> {
    if params.client_id()? == *client {
        return Ok(());
    }
    let code = if params.are_signed() { ErrorCode::InvalidRequestObject } else { ErrorCode::InvalidRequest };
    Err(OAuthError::new(code, "client_id is not the client that pushes the request"))
}

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequestUri,
    "its request_uri was used already, has expired, or was never made for it",
);

#[cfg(test)]
mod tests {
    use towergate_core::random::InsecureSeededRandom;

    use super::*;
    use crate::rules::{
        client::{ClientMetadata, ClientState, DocumentTimes},
        issuer::Issuer,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn token(seed: u64) -> OpaqueToken {
        OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(seed)).unwrap()
    }

    fn client(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn kept(token: &OpaqueToken) -> PushedRequest {
        PushedRequest {
            id: PushedRequestId::from_uuid(token.id()),
            digest: token.digest(),
            request: AuthorizationRequest::new(client("shop"), String::from("https://shop.example/cb")),
            expires_at: NOW.plus(LIFETIME),
        }
    }

    fn params(query: &str) -> Params {
        Params::parse(query.as_bytes()).unwrap()
    }

    #[test]
    fn rfc9126_2_2_a_reference_opens_for_its_client_until_it_expires() {
        let token = token(1);
        let open = |kept, client: &ClientId, now| open(kept, &token, client, now).map(|there| there.id);
        let (shop, end) = (client("shop"), NOW.plus(LIFETIME));
        let id = kept(&token).id;
        assert_eq!(open(Some(kept(&token)), &shop, NOW), Ok(id));
        assert_eq!(open(Some(kept(&token)), &shop, end.minus(Duration::from_millis(1))), Ok(id));
        assert_eq!(open(Some(kept(&token)), &shop, end), Err(Unopened::Unknown));
        assert_eq!(open(Some(kept(&token)), &client("rival"), NOW), Err(Unopened::OtherClient));
        assert_eq!(open(None, &shop, NOW), Err(Unopened::Unknown));
        let forged = PushedRequest { digest: Digest::of(b"guessed"), ..kept(&token) };
        assert_eq!(open(Some(forged), &shop, NOW), Err(Unopened::Unknown));
        assert_eq!(open(Some(kept(&self::token(2))), &shop, NOW), Err(Unopened::Unknown));
    }

    #[test]
    fn rfc9126_2_2_a_reference_is_a_urn_that_reads_back() {
        let token = token(1);
        let uri = reference(&token);
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:tgpar_"), "{uri}");
        let read = named(&params(&format!("client_id=shop&request_uri={uri}&state=x"))).unwrap().unwrap();
        assert!(read.digest().matches(&token.digest()));
    }

    #[test]
    fn what_is_no_reference_of_ours_is_none_or_refused() {
        for other in ["", "request_uri=", "request_uri=https://shop.example/r", "request_uri=urn:x"] {
            assert!(named(&params(other)).unwrap().is_none(), "{other}");
        }
        let uri = reference(&token(1));
        for (query, code) in [
            (format!("request_uri={URN}"), ErrorCode::InvalidRequestUri),
            (format!("request_uri={uri}x"), ErrorCode::InvalidRequestUri),
            (format!("request_uri={URN}tgcode_x"), ErrorCode::InvalidRequestUri),
            (format!("request_uri={uri}&request=a.b.c"), ErrorCode::InvalidRequest),
            (format!("request_uri={uri}&state=a&state=b"), ErrorCode::InvalidRequest),
            (format!("request_uri={uri}&state=%ff"), ErrorCode::InvalidRequest),
        ] {
            assert_eq!(named(&params(&query)).unwrap_err().code, code, "{query}");
        }
    }

    #[test]
    fn rfc9126_4_what_was_pushed_is_measured_by_the_registration_of_today() {
        let mut request = AuthorizationRequest::new(client("shop"), String::from("https://shop.example/cb"));
        request.scope = "openid email".parse().unwrap();
        let register = |change: fn(&mut ClientMetadata)| {
            let scope = "openid email".parse().unwrap();
            let mut metadata = ClientMetadata::web("Shop", "https://shop.example/cb", scope);
            change(&mut metadata);
            Client::unchecked(client("shop"), None, metadata)
        };
        let issuer = Issuer::https("https://id.example").unwrap();
        let usual = [String::from("urn:usual")];
        let targets = Targets { issuer: &issuer, default_audience: &usual, servers: &[] };
        request.resource = usual.to_vec();
        let allowed = still_allowed(&request, &register(|_| ()), targets).unwrap();
        assert_eq!(allowed.as_str(), "https://shop.example/cb");
        let gone = still_allowed(&request, &register(|_| ()), Targets { default_audience: &[], ..targets });
        assert_eq!(gone.unwrap_err().code, ErrorCode::InvalidTarget);
        let shut = Client { state: ClientState::Disabled, ..register(|_| ()) };
        for (today, code) in [
            (shut, ErrorCode::InvalidClient),
            (register(|metadata| metadata.grant_types.clear()), ErrorCode::UnauthorizedClient),
            (register(|metadata| metadata.redirect_uris.clear()), ErrorCode::InvalidRequest),
            (register(|metadata| metadata.scope = "openid".parse().unwrap()), ErrorCode::InvalidScope),
        ] {
            assert_eq!(still_allowed(&request, &today, targets).unwrap_err().code, code);
        }
    }

    #[test]
    fn a_client_has_a_quarter_and_whoever_anybody_can_be_shares_half() {
        let client = |change: fn(&mut Client)| {
            let mut client = Client::unchecked(client("shop"), None, ClientMetadata::default());
            change(&mut client);
            client
        };
        let known = client(|_| ());
        assert_eq!(room_for(&known, 9), Room { all: 9, own: 3 });
        assert_eq!(room_for(&known, 1), Room { all: 1, own: 1 });
        for anybodys in [
            client(|client| client.metadata.token_endpoint_auth_method = ClientAuthMethod::None),
            client(|client| client.registration_access_token = Some(Digest::of(b"its own"))),
            client(|client| client.document = Some(DocumentTimes { refresh_at: NOW, ends_at: NOW })),
        ] {
            assert_eq!(room_for(&anybodys, 9), Room { all: 5, own: 3 });
            assert_eq!(room_for(&anybodys, 1), Room { all: 1, own: 1 });
        }
    }

    #[test]
    fn rfc9126_2_1_a_client_pushes_for_itself_and_says_so() {
        assert_eq!(is_about(&params("client_id=shop"), &client("shop")), Ok(()));
        for other in ["client_id=rival", "", "client_id=shop&client_id=shop"] {
            let refused = is_about(&params(other), &client("shop")).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidRequest, "{other}");
        }
    }
}
