// README.md names files under these words; here they name pages. Of two definitions the first counts.
//! [accounts elsewhere]: manual::accounts_elsewhere
//! [api tokens]: manual::api_tokens
//! [assurance]: manual::assurance
//! [audit log]: manual::audit
//! [changelog]: manual::changelog
//! [clients]: manual::clients
//! [decisions]: manual::decisions
//! [defaults]: manual::defaults
//! [faults]: manual::faults
//! [first host]: manual::first_host
//! [guarding an api]: manual::guarding_an_api
//! [host duties]: manual::host_duties
//! [keys]: manual::keys
//! [capacity]: manual::capacity
//! [moving to postgres]: manual::moving_to_postgres
//! [operations]: manual::operations
//! [outbox]: manual::outbox
//! [passkeys]: manual::passkeys
//! [people]: manual::people
//! [promises]: manual::promises
//! [redis]: manual::redis
//! [signing in]: manual::signing_in
//! [specifications]: manual::specifications
//! [threats]: manual::threats
//! [tokens]: manual::tokens
//! [way of a request]: manual::way_of_a_request
#![doc = include_str!("../README.md")]

#[cfg(feature = "inbound")]
pub mod assurance;
mod cross_origin;
pub mod manual;
#[cfg(all(feature = "outbound", feature = "resource"))]
mod own_tokens;
mod service_ext;
mod stack;
#[cfg(feature = "test-util")]
pub mod test_util;
#[cfg(all(feature = "postgres", feature = "sqlite"))]
pub mod transfer;

pub use cross_origin::{CrossOrigin, CrossOriginLayer, CrossOriginRefusal};
#[cfg(all(feature = "outbound", feature = "resource"))]
pub use own_tokens::verifier_of;
pub use service_ext::ServiceBuilderExt;
pub use stack::{Audited, Scoped, Stack, WithAccount, WithSession};

/// Tokens that people make for their own programs.
#[cfg(feature = "api-tokens")]
#[doc(inline)]
pub use towergate_api_token as api_token;
/// Records of requests, and the sinks of audit events.
#[doc(inline)]
pub use towergate_audit as audit;
/// From which address a request comes, also behind proxies.
#[doc(inline)]
pub use towergate_client_address as client_address;
/// Time, randomness, secrets, tokens, audit events.
#[doc(inline)]
pub use towergate_core as core;
/// Endpoints in front of an inner service: for a host that writes some of its own.
#[cfg(any(feature = "inbound", feature = "outbound"))]
#[doc(inline)]
pub use towergate_endpoint as endpoint;
/// Speaking outwards: the one client for what others host.
#[cfg(any(feature = "outbound", feature = "social", feature = "breaches"))]
#[doc(inline)]
pub use towergate_guarded_http as guarded_http;
/// The rules of signing in, and the ports of its store.
#[cfg(feature = "inbound")]
#[doc(inline)]
pub use towergate_identity as identity;
/// JWS, JWK, JWT.
#[cfg(any(feature = "outbound", feature = "resource"))]
#[doc(inline)]
pub use towergate_jose as jose;
/// Signing in and out.
#[cfg(feature = "inbound")]
#[doc(inline)]
pub use towergate_login as login;
/// Figures for operators.
#[cfg(feature = "metrics")]
#[doc(inline)]
pub use towergate_metrics as metrics;
/// The rules of the authorization server, and the ports of its store.
#[cfg(feature = "outbound")]
#[doc(inline)]
pub use towergate_oauth as oauth;
/// Guarding an API with access tokens.
#[cfg(feature = "resource")]
#[doc(inline)]
pub use towergate_oauth_resource as oauth_resource;
/// The authorization server, and the seam to the host's accounts.
#[cfg(feature = "outbound")]
#[doc(inline)]
pub use towergate_oauth_server as oauth_server;
/// Scopes, PKCE, error codes.
#[cfg(any(feature = "outbound", feature = "resource"))]
#[doc(inline)]
pub use towergate_oauth_types as oauth_types;
/// The default pages.
#[cfg(feature = "pages")]
#[doc(inline)]
pub use towergate_pages as pages;
/// Passkeys.
#[cfg(feature = "passkeys")]
#[doc(inline)]
pub use towergate_passkey as passkey;
/// The store for more than one machine.
#[cfg(feature = "postgres")]
#[doc(inline)]
pub use towergate_postgres as postgres;
/// How often an address, a network or an account may ask.
#[doc(inline)]
pub use towergate_rate_limit as rate_limit;
/// Short-lived records beside a store that many instances share.
#[cfg(feature = "redis")]
#[doc(inline)]
pub use towergate_redis as redis;
/// Who is signed in.
#[cfg(feature = "inbound")]
#[doc(inline)]
pub use towergate_scope as scope;
/// Sessions.
#[cfg(feature = "inbound")]
#[doc(inline)]
pub use towergate_session as session;
/// The embedded store.
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use towergate_sqlite as sqlite;
