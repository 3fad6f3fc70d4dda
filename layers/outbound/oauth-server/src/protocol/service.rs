use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use http_body::Body;
use towergate_endpoint::Answer;
use towergate_oauth::{ports::OAuthStore, rules::discovery::is_well_known};

use super::{
    cors, failure::Failure, introspect, json, layer::Endpoints, push, register, revoke, token, userinfo,
};
use crate::{account::AccountResolver, config::ServerConfig, logout::check_session, pages::OAuthPages};

/// The endpoints that [`ProtocolLayer`](super::ProtocolLayer) mounts.
pub struct Protocol<S, R, P> {
    endpoints: Arc<Endpoints<S, R, P>>,
}

impl<S, R, P> Protocol<S, R, P> {
    pub(super) const fn new(endpoints: Arc<Endpoints<S, R, P>>) -> Self {
        Self { endpoints }
    }
}

impl<S, R, P, B> towergate_endpoint::Endpoints<B> for Protocol<S, R, P>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        Route::of(path, self.endpoints.server.config())
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Push => "pushed_request",
            Route::Token => "token",
            Route::UserInfo => "userinfo",
            Route::Revoke => "revoke",
            Route::Introspect => "introspect",
            Route::Register => "client_register",
            Route::Manage => "client_manage",
            Route::CheckSession => "check_session",
            Route::Jwks => "jwks",
            Route::Metadata => "metadata",
        }
    }

    fn answer(self, route: Route, request: Request<B>) -> Answer {
        let endpoints = self.endpoints;
        let (methods, allow) = route.allowed();
        if route.is_for_scripts() && *request.method() == Method::OPTIONS {
            return Answer::at_hand(cors::preflight(allow));
        }
        if !methods.contains(request.method()) {
            return Answer::at_hand(json::method_not_allowed(allow));
        }
        let (parts, body) = request.into_parts();
        /// Answers with the endpoint's own future, whose size is no burden to another's.
        macro_rules! later {
            ($endpoint:path) => {
                Answer::later(async move {
                    let answer = $endpoint(&endpoints, &parts, body).await;
                    told(answer, route, &parts.headers, endpoints.server.config().issuer.as_str())
                })
            };
        }
        match route {
            Route::CheckSession => Answer::at_hand(check_session::page()),
            Route::Jwks => Answer::at_hand(endpoints.documents().jwks.answer(&parts.method, &parts.headers)),
            Route::Metadata => {
                Answer::at_hand(endpoints.documents().metadata.answer(&parts.method, &parts.headers))
            }
            Route::Push => later!(push::answer),
            Route::Token => later!(token::answer),
            Route::Revoke => later!(revoke::answer),
            Route::Introspect => later!(introspect::answer),
            Route::Register => later!(register::answer),
            Route::Manage => later!(register::manage::answer),
            Route::UserInfo => later!(userinfo::answer),
        }
    }
}

/// What the peer is told.
fn told(
    answer: Result<Response<Bytes>, Failure>,
    route: Route,
    asked: &HeaderMap,
    realm: &str,
) -> Response<Bytes> {
    let answer = answer.unwrap_or_else(|failure| failure.tell(realm));
    // Browsers say so of every request that a script of another site makes.
    if route.is_for_scripts() && asked.contains_key(header::ORIGIN) { cors::opened(answer) } else { answer }
}

/// An endpoint of the protocol.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// Gives tokens for a grant.
    Token,
    /// Takes authorization requests from clients.
    Push,
    /// Tells a client about the person who let it in.
    UserInfo,
    /// Takes a token back.
    Revoke,
    /// Tells who may know of a token whether it works.
    Introspect,
    /// Takes new clients in.
    Register,
    /// Tells a client what it registered, changes it, ends it.
    Manage,
    /// The page that clients hold in a frame, to see whether the sign-in changed.
    CheckSession,
    /// The public keys.
    Jwks,
    /// What the server can do.
    Metadata,
}

impl Route {
    fn of(path: &str, config: &ServerConfig) -> Option<Self> {
        let paths = &config.paths;
        match path {
            _ if path == paths.token => Some(Self::Token),
            _ if path == paths.push => Some(Self::Push),
            _ if path == paths.userinfo => Some(Self::UserInfo),
            _ if path == paths.revoke => Some(Self::Revoke),
            _ if path == paths.introspect => Some(Self::Introspect),
            _ if path == paths.jwks => Some(Self::Jwks),
            _ if path == paths.check_session && config.manages_sessions() => Some(Self::CheckSession),
            _ if is_well_known(&config.issuer, path) => Some(Self::Metadata),
            _ if config.registration.is_offered() => Self::of_registration(path, &paths.register),
            _ => None,
        }
    }

    fn of_registration(path: &str, register: &str) -> Option<Self> {
        let rest = path.strip_prefix(register)?;
        match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Self::Register),
            Some(client) if !client.is_empty() && !client.contains('/') => Some(Self::Manage),
            _ => None,
        }
    }

    /// Whether a client may run in a browser, on a site of its own, and ask here.
    const fn is_for_scripts(self) -> bool {
        matches!(
            self,
            Self::Push | Self::Token | Self::UserInfo | Self::Revoke | Self::Register | Self::Manage
        )
    }

    const fn allowed(self) -> (&'static [Method], &'static str) {
        match self {
            Self::Push | Self::Token | Self::Revoke | Self::Introspect | Self::Register => {
                (&[Method::POST], "POST")
            }
            Self::Manage => (&[Method::GET, Method::PUT, Method::DELETE], "GET, PUT, DELETE"),
            Self::UserInfo => (&[Method::GET, Method::POST], "GET, POST"),
            Self::CheckSession | Self::Jwks | Self::Metadata => (&[Method::GET, Method::HEAD], "GET, HEAD"),
        }
    }
}

impl<S, R, P> Clone for Protocol<S, R, P> {
    fn clone(&self) -> Self {
        Self { endpoints: Arc::clone(&self.endpoints) }
    }
}

impl<S, R, P> fmt::Debug for Protocol<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol").field("server", &self.endpoints.server).finish_non_exhaustive()
    }
}
