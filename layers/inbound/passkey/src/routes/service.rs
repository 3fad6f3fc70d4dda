//! The endpoints.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Request, Response};
use towergate_endpoint::SharedEndpoints;
use towergate_identity::ports::IdentityStore;
use towergate_login::{OnLogout, PasskeyPlaces, Site};

use super::{script::Script, well_known::WellKnown};
use crate::{pages::PasskeyPages, passkeys::Passkeys};

/// The endpoints that [`PasskeyRoutes`](super::PasskeyRoutes) mounts.
pub struct PasskeyEndpoints<S, P, H = ()> {
    pub(super) passkeys: Passkeys<S>,
    pub(super) site: Site<P, H>,
    pub(super) places: PasskeyPlaces,
    pub(super) script: Script,
    pub(super) well_known: WellKnown,
}

/// Which endpoint a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page of somebody's passkeys.
    Account,
    /// A challenge, or the answer to one.
    Ceremony(Ceremony, Half),
    /// Where passkeys are kept, for programs that keep passwords.
    PasskeyEndpoints,
    /// At which other origins the keys are taken.
    RelatedOrigins,
    /// The script.
    Script,
}

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    /// A new passkey.
    Register,
    /// A further proof.
    SecondFactor,
    /// Signing in.
    SignIn,
}

/// Its two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The challenge.
    Challenge,
    /// The answer.
    Answer,
}

impl<S, P, H, B> SharedEndpoints<B> for PasskeyEndpoints<S, P, H>
where
    S: IdentityStore,
    P: PasskeyPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        let account = self.site.paths().passkeys.as_str();
        if path == account {
            return Some(Route::Account);
        }
        if path == self.places.script.as_str() {
            return Some(Route::Script);
        }
        let (rest, half) = match path.strip_suffix("/options") {
            Some(rest) => (rest, Half::Challenge),
            None => (path, Half::Answer),
        };
        if rest == self.places.sign_in.as_str() {
            return Some(Route::Ceremony(Ceremony::SignIn, half));
        }
        if rest == self.places.second_factor.as_str() {
            return Some(Route::Ceremony(Ceremony::SecondFactor, half));
        }
        if rest.strip_suffix("/new") == Some(account) {
            return Some(Route::Ceremony(Ceremony::Register, half));
        }
        match path {
            "/.well-known/passkey-endpoints" => Some(Route::PasskeyEndpoints),
            "/.well-known/webauthn" if self.well_known.related.is_some() => Some(Route::RelatedOrigins),
            _ => None,
        }
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Account => "passkeys",
            Route::Ceremony(Ceremony::Register, _) => "passkey_new",
            Route::Ceremony(Ceremony::SecondFactor, _) => "passkey_second_factor",
            Route::Ceremony(Ceremony::SignIn, _) => "passkey_sign_in",
            Route::PasskeyEndpoints => "passkey_endpoints",
            Route::RelatedOrigins => "related_origins",
            Route::Script => "passkey_script",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Account => self.account(request).await,
            Route::Ceremony(ceremony, half) => self.ceremony(ceremony, half, request).await,
            Route::PasskeyEndpoints => self.well_known.endpoints.answer(request.method(), request.headers()),
            Route::RelatedOrigins => match &self.well_known.related {
                Some(document) => document.answer(request.method(), request.headers()),
                None => super::json::wrong_method("GET"),
            },
            Route::Script => self.script.answer(request.method(), request.headers()),
        }
    }
}

impl<S, P, H> fmt::Debug for PasskeyEndpoints<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyEndpoints").field("places", &self.places).finish_non_exhaustive()
    }
}
