//! The words every wing of towergate speaks, and nothing a wing would own.
//!
//! - [`clock`] and [`random`]: time and randomness are arguments. Only [`system`] touches the real ones.
//! - [`secret`]: values that cannot be printed, and digests that cannot be compared with `==`.
//! - [`token`]: opaque tokens, looked up by identifier, proven by secret.
//! - [`local_path`]: the only way to say where a browser goes after signing in.
//! - [`audit`]: what happened, to whom, and in which request.
//! - [`seal`]: what a store keeps but cannot read.
//! - [`form`]: queries and forms, read strictly.
//! - [`outbox`]: what is sent until somebody has it, or given up.
//! - [`store`]: how a store fails.
//! - [`ready`]: whether a part can do its work at this moment.
//!
//! For tests of stores, behind features of the same name: `memory`, what a memory store is made of, and `contract`, what
//! a contract suite is made of.
//!
//! The crate is pure: no I/O, no async runtime, no HTTP.

pub mod audit;
pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
pub mod form;
pub mod id;
pub mod local_path;
pub mod mac;
#[cfg(feature = "memory")]
pub mod memory;
pub mod outbox;
pub mod random;
pub mod ready;
pub mod seal;
pub mod secret;
pub mod store;
pub mod system;
pub mod token;
pub mod transfer;
mod work_span;

pub use clock::{Clock, Timestamp};
pub use local_path::LocalPath;
pub use random::{Random, RandomUnavailable};
pub use secret::{Digest, Secret};
pub use store::StoreError;
