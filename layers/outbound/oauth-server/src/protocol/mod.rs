//! The endpoints that clients call without a browser: pushed requests, token, revocation, introspection, userinfo,
//! registration, public keys, metadata.
//!
//! The rules, in order:
//!
//! 1. A path of the protocol is answered here; any other request passes to the inner service untouched.
//! 2. A wrong method is answered 405 with `Allow`. A script of any site may push a request, ask at the token, userinfo and
//!    revocation endpoints (CORS), and read the public documents.
//! 3. No endpoint reads or sets a cookie: mount the layer outside the session stack.
//! 4. Every error is JSON with a registered code; what is ours to mend goes to the operator, not to the peer.
//!
//! The layer is ready when the inner service is. A request that is dropped midway has either done its one store step or
//! has not: nothing is half-written.
//!
//! ```
//! # use std::{convert::Infallible, sync::Arc};
//! # use bytes::Bytes;
//! # use http::{Request, Response, StatusCode, request::Parts};
//! # use http_body_util::Full;
//! # use tower::{ServiceBuilder, ServiceExt, service_fn};
//! # use towergate_core::{
//! #     Clock, LocalPath, Secret, audit::Origin, seal::{SealingKey, SealingRing}, system::{OsRandom, SystemClock},
//! # };
//! # use towergate_oauth::ports::{ClientStore, memory::MemoryStore};
//! # use towergate_oauth::rules::client::{Client, ClientId, ClientMetadata, GrantType};
//! # use towergate_oauth::rules::grant::Subject;
//! # use towergate_oauth_server::account::{Account, AccountResolver, Claims, Context, ResolverError};
//! # use towergate_oauth_server::pages::{ConsentView, ErrorView, OAuthPages};
//! use towergate_oauth_server::{AuthorizationServer, Issuer, KeyRing, ServerConfig};
//! # struct Accounts;
//! # impl AccountResolver for Accounts {
//! #     fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> { Ok(None) }
//! #     async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
//! #         Ok(Some(subject.clone()))
//! #     }
//! #     async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> { Ok(Claims::default()) }
//! #     fn login_redirect(&self, _: &Context) -> LocalPath { LocalPath::root() }
//! # }
//! # struct Pages;
//! # impl OAuthPages for Pages {
//! #     fn consent(&self, _: &ConsentView) -> String { String::new() }
//! #     fn error(&self, _: &ErrorView) -> String { String::new() }
//! # }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let (clock, random) = (SystemClock, OsRandom::new());
//! let store = MemoryStore::new();
//! let mut metadata = ClientMetadata::default();
//! metadata.grant_types = [GrantType::ClientCredentials].into();
//! let secret = Secret::from("0123456789abcdef0123456789abcdef");
//! let client = Client::register(ClientId::parse("robot")?, Some(&secret), metadata)?;
//! store.put_client(client, Origin::detached(clock.now(), &random)?).await?;
//!
//! let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
//! let keys = KeyRing::open(&store, &sealing, &clock, &random).await?;
//! let config = ServerConfig::new(Issuer::https("https://id.example")?);
//! let server = AuthorizationServer::new(store, keys, Arc::new(Accounts), Pages, config);
//! let inner = service_fn(async |_| Ok::<_, Infallible>(Response::new(Bytes::new())));
//! let service = ServiceBuilder::new().layer(server.protocol()).service(inner);
//!
//! let request = |credentials: &str| {
//!     Request::post("/oauth/token")
//!         .header("authorization", format!("Basic {credentials}"))
//!         .header("content-type", "application/x-www-form-urlencoded")
//!         .body(Full::<Bytes>::from("grant_type=client_credentials"))
//! };
//! let good = "cm9ib3Q6MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
//! assert_eq!(service.clone().oneshot(request(good)?).await?.status(), StatusCode::OK);
//! assert_eq!(service.oneshot(request("cm9ib3Q6Z3Vlc3M=")?).await?.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```

mod asking;
mod authenticate;
mod cors;
mod discovery;
mod documents;
mod encrypt;
mod failure;
mod held;
mod introspect;
mod json;
mod jwks;
mod layer;
mod push;
mod register;
mod revoke;
mod service;
mod token;
mod userinfo;

pub use layer::ProtocolLayer;
pub(crate) use register::sector::{MAX_LOOKUPS, MAX_LOOKUPS_AT_ONE_HOST};
pub use service::{Protocol, Route};

#[cfg(test)]
mod tests;
