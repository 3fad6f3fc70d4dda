//! The seam between the authorization server and the host's accounts.
//!
//! The host implements [`AccountResolver`]; the layer calls it once per browser request and leaves a
//! [`CurrentAccount`] for the services further in.

pub mod calls;
mod resolver;

pub use resolver::{
    Account, AccountResolver, Claims, Context, CurrentAccount, Purpose, ResolverError, UserCodeVerdict,
};
