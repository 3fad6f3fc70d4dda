#![doc = include_str!("../README.md")]

pub mod manual;
#[cfg(all(feature = "outbound", feature = "resource"))]
mod own_tokens;
mod service_ext;
mod stack;

#[cfg(all(feature = "outbound", feature = "resource"))]
pub use own_tokens::verifier_of;
pub use service_ext::ServiceBuilderExt;
pub use stack::{Audited, CrossOriginRefusal, Scoped, Stack, WithAccount, WithSession};

/// Records of requests, and the sinks of audit events.
pub use towergate_audit as audit;
/// Time, randomness, secrets, tokens, audit events.
pub use towergate_core as core;
/// Endpoints in front of an inner service: for a host that writes some of its own.
#[cfg(any(feature = "inbound", feature = "outbound"))]
pub use towergate_endpoint as endpoint;
/// Speaking outwards: the one client for what others host.
#[cfg(feature = "outbound")]
pub use towergate_guarded_http as guarded_http;
/// The rules of signing in, and the ports of its store.
#[cfg(feature = "inbound")]
pub use towergate_identity as identity;
/// JWS, JWK, JWT.
#[cfg(any(feature = "outbound", feature = "resource"))]
pub use towergate_jose as jose;
/// Signing in and out.
#[cfg(feature = "inbound")]
pub use towergate_login as login;
/// The rules of the authorization server, and the ports of its store.
#[cfg(feature = "outbound")]
pub use towergate_oauth as oauth;
/// Guarding an API with access tokens.
#[cfg(feature = "resource")]
pub use towergate_oauth_resource as oauth_resource;
/// The authorization server, and the seam to the host's accounts.
#[cfg(feature = "outbound")]
pub use towergate_oauth_server as oauth_server;
/// Scopes, PKCE, error codes.
#[cfg(any(feature = "outbound", feature = "resource"))]
pub use towergate_oauth_types as oauth_types;
/// The default pages.
#[cfg(feature = "pages")]
pub use towergate_pages as pages;
/// Who is signed in.
#[cfg(feature = "inbound")]
pub use towergate_scope as scope;
/// Sessions.
#[cfg(feature = "inbound")]
pub use towergate_session as session;
/// The embedded store.
#[cfg(feature = "sqlite")]
pub use towergate_sqlite as sqlite;
