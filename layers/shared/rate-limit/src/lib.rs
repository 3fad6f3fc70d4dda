//! How often an address, a network or an account may ask.
//!
//! - [`RateLimitLayer`] guards paths by the address that a request comes from, before its body is read.
//! - [`RateLimiter`] is the same as a plain call, for an address or for an account, whose name stands in the body.
//! - [`rules`] hold what is counted and how; [`ports`] what a store must do, with a store in memory and the contract suite.
//!
//! The crate knows no wing: neither how people sign in, nor what a client is.

mod layer;
mod limiter;
pub mod ports;
mod reason;
pub mod rules;

pub use layer::{PlainRefusal, RateLimit, RateLimitLayer, RejectRateLimited, ResponseFuture};
pub use limiter::RateLimiter;
pub use ports::{RateStore, memory::MemoryStore};
pub use reason::RateLimited;
pub use rules::{
    bucket::{Bucket, RateKey, RateScope},
    limit::Limit,
    policy::{RatePolicy, Taking},
};
