//! The layer that guards an API with access tokens.
//!
//! The rules, in order:
//!
//! 1. The token comes in the one `Authorization: Bearer` header, never in a query or a body
//!    ([RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)). No such header: 401 without an
//!    error code. Two `Authorization` headers, or a torn one: 400 `invalid_request`.
//! 2. A JWT must be an access token of our issuer, signed by a key of the [`KeySource`], and in time. The signature of one that
//!    comes again is [remembered](Verifier::remembering)
//!    ([RFC 9068 section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4)). An opaque token must be in the store.
//!    With a store both are looked up, so that a revocation is seen at once; without one, JWTs are verified offline.
//! 3. The token must be for this audience, the issuer itself unless [`ResourceLayer::require_audience`] says
//!    otherwise. Whatever fails so far: 401 `invalid_token`.
//! 4. It must allow every scope value of [`ResourceLayer::require_scope`]; else 403 `insufficient_scope`.
//! 5. The sign-in behind it must be as strong and as fresh as [`ResourceLayer::require_acr`] and
//!    [`ResourceLayer::require_max_age`] say; else 401 `insufficient_user_authentication`, with what is asked for
//!    ([RFC 9470 section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
//! 6. A store that cannot answer: 503 with `Retry-After`; nobody is let in on trust.
//!
//! With [`ResourceLayer::described_by`] each challenge names the [`ResourceMetadata`], which [`MetadataLayer`] answers.
//!
//! Why a token was refused goes to the operator alone, in the log at level `debug`.
//!
//! What passes carries [`AccessTokenInfo`] in the request's extensions; what does not carries a [`Refusal`] in the
//! response's. The layer is ready when the inner service is. A request that is dropped while its token is looked up
//! never reaches the inner service.
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use towergate_core::{Clock, Timestamp, clock::ManualClock};
//! use towergate_jose::{Algorithm, JwkSet, SigningKey, generate};
//! use towergate_oauth_resource::{AccessTokenInfo, ResourceLayer, StaticKeys, Verifier};
//! use towergate_oauth_types::Scope;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let key = SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256)?.expose(), None)?;
//! let keys = StaticKeys::new(JwkSet::new(vec![key.public_jwk().clone()]));
//! let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_000)));
//! let api = ResourceLayer::new(Verifier::new("https://id.example", keys).clock(clock))
//!     .require_audience("https://api.example")
//!     .require_scope(Scope::parse("read")?)
//!     .layer(service_fn(async |request: Request<Full<Bytes>>| {
//!         let token = request.extensions().get::<AccessTokenInfo>().unwrap();
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(token.client.to_string())))
//!     }));
//!
//! let token = key.sign_jwt("at+jwt", &serde_json::json!({
//!     "iss": "https://id.example", "aud": "https://api.example", "sub": "alice", "client_id": "app",
//!     "scope": "read write", "iat": 999, "exp": 1_599, "jti": "018c2f65-0000-7000-8000-000000000000",
//! }))?;
//! let request = Request::builder().header(header::AUTHORIZATION, format!("Bearer {token}"));
//! let response = api.clone().oneshot(request.body(Full::default())?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! let response = api.oneshot(Request::new(Full::default())).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"Bearer realm="https://api.example""#);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```

mod bearer;
mod future;
mod info;
mod judge;
mod key_source;
mod layer;
mod lookup;
mod metadata;
mod refusal;
mod rejection;
mod remembered;
mod service;
mod verifier;

pub use future::ResponseFuture;
pub use info::{AccessTokenInfo, Facts};
pub use key_source::{KeySource, SharedKeys, StaticKeys};
pub use layer::ResourceLayer;
pub use lookup::{InStore, Lookup, NoStore, TokenLookup};
pub use metadata::{Described, InvalidResource, MetadataLayer, ResourceMetadata};
pub use refusal::{Refusal, TokenProblem};
pub use rejection::{JsonRejection, RejectToken};
pub use service::Resource;
pub use verifier::Verifier;
