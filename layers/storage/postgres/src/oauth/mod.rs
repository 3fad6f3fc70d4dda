//! The ports of the authorization server.
//!
//! # Who waits for whom
//!
//! Steps that touch the same things take their locks in this order, so that none waits in a circle:
//!
//! 1. the person, and then the sign-in ([`lock`]): shared by whoever gives a code, alone by whoever takes back what was
//!    given or ends the sign-in;
//! 2. the client's row: shared by whoever gives it a code, alone by whoever shuts it out, changes or deletes it;
//! 3. the turn of whoever answers a pushed request, then the interaction's row, then the pushed request's, then those of the
//!    other interactions that began from it; then the consent's;
//! 4. the grant's row: alone by whoever exchanges what hangs from it or revokes it; several in the order of their
//!    identifiers;
//! 5. codes and tokens.
//!
//! A lock is taken before what it guards is read, in a statement of its own or on the very row that is read: each
//! statement sees what was committed before it began.

pub(crate) mod access_token;
pub(crate) mod birth;
pub(crate) mod client;
pub(crate) mod code;
pub(crate) mod consent;
pub(crate) mod grant;
pub(crate) mod grant_row;
pub(crate) mod interaction;
pub(crate) mod key;
pub(crate) mod lock;
pub(crate) mod logout;
pub(crate) mod marks;
pub(crate) mod pushed_request;
#[cfg(test)]
mod query_plans;
pub(crate) mod refresh_token;
pub(crate) mod replay;
pub(crate) mod room;
pub(crate) mod unused_client;
