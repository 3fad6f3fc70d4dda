//! What OAuth clients and servers both speak: [`Scope`], PKCE's [`CodeChallenge`](pkce::CodeChallenge), and the
//! [`ErrorCode`]s that a peer may see. Pure: no I/O, no async, no clock.
//!
//! ```
//! use towergate_oauth_types::{Scope, pkce::CodeChallenge};
//!
//! let granted = Scope::parse("read write")?;
//! assert!(granted.covers(&Scope::parse("read")?));
//! assert!(!granted.covers(&Scope::parse("read admin")?));
//!
//! // The pair of RFC 7636, appendix B.
//! let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").ok_or("malformed")?;
//! assert!(challenge.verify("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").is_some());
//! assert!(challenge.verify("guessed-guessed-guessed-guessed-guessed-gues").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod error;
pub mod pkce;
pub mod scope;

pub use error::{ErrorCode, OAuthError};
pub use scope::Scope;
