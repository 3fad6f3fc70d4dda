//! Tokens that people make for their own programs, and that whoever holds one can narrow without asking anybody.
//!
//! A token is a [Biscuit](https://doc.biscuitsec.org/reference/specifications.html): what it may do stands in it, signed, and a
//! holder may append what else must hold — fewer permissions, a sooner end, some methods, one part of the site, one address —
//! before handing it on. Nothing that is appended gives anything back.
//!
//! - [`ApiTokens`] makes, lists, revokes and checks them, as plain calls; [`attenuate`] narrows one, without store, key or network.
//! - [`ApiTokenLayer`] reads `Authorization: Bearer tg_api_…` and sets [`ApiCaller`]; [`RequirePermissionLayer`] lets through only
//!   who may do something; [`EitherBearerLayer`] leaves every other bearer token to another layer, such as that of OAuth access
//!   tokens.
//! - [`ApiTokenRoutes`] is a layer that answers `/account/tokens`, where people keep theirs; [`pages`] is what a host implements to
//!   draw its own page.
//! - [`RootKeys`] sign tokens and tell them from others'.
//!
//! # The rules of a token, in order
//!
//! 1. The text is `tg_api_` and base64url, of 4096 characters at most; no longer one is decoded.
//! 2. Before any signature is looked at: at most eight appended blocks, none by a third party, all keys Ed25519; and what is
//!    appended says nothing but checks of one fact and one comparison each ([the dialect](dialect)). Biscuit allows far more than
//!    that: rules that multiply facts, joins over them that no time limit interrupts, regular expressions.
//! 3. Every signature must be good, and the first be made by one of our [`RootKeys`].
//! 4. The row is looked up each time: what was revoked, or ended with its account, is refused at once. It must be of the person
//!    that the token names, and not have ended.
//! 5. The checks run, under low limits, on what this request is: the time, the method, the path, the address and each permission by
//!    itself. A path that another reader could read differently (`//`, `..`, `%2e`, `%2f`, a backslash) matches no check of a path.
//! 6. What is left of the permissions is what the host still names, the row still has and every check admits.
//!
//! A token is not a session: it gives no [`CurrentScope`](https://docs.rs/towergate-scope), satisfies no step-up, and is refused
//! beside a session cookie, so that no page can be made to act by both.
//!
//! The crate fences `biscuit-auth`: no type of it is seen outside, and no Datalog is ever put together from text.

pub mod api_tokens;
mod asked;
mod attenuate;
mod caller;
mod datalog;
pub mod dialect;
pub mod either;
mod future;
mod keys;
mod layer;
pub mod pages;
mod path;
mod permissions;
mod presented;
mod refusal;
mod refusals;
mod rejection;
pub mod require;
pub mod routes;
mod service;
mod text;
mod verify;

pub use api_tokens::{ApiTokenError, ApiTokens, CheckError, MadeApiToken, NewApiToken};
pub use asked::Asked;
pub use attenuate::{Attenuation, AttenuationError, attenuate};
pub use caller::{ApiCaller, MissingApiTokenLayer};
pub use either::EitherBearerLayer;
pub use future::ResponseFuture;
pub use keys::{RootKey, RootKeys};
pub use layer::ApiTokenLayer;
pub use path::{BadPathPrefix, PathPrefix};
pub use permissions::PermissionList;
pub use refusal::Refusal;
pub use rejection::{JsonRejection, RejectApiToken};
pub use require::{RequirePermission, RequirePermissionLayer};
pub use routes::ApiTokenRoutes;
pub use service::ApiTokenService;
pub use text::{MAX_TEXT, PREFIX};
pub use towergate_identity::rules::api_token::{ApiTokenFailure, ApiTokenId, Permission};

#[cfg(test)]
mod tests;
