//! The browser side: the authorization endpoint and the pages between it and the answer.
//!
//! [`BrowserLayer`] answers its own paths and passes any other request on:
//!
//! 1. `GET` and `POST /oauth/authorize` read the parameters, load the client and bind the address; decide; then send
//!    the browser to the host's sign-in page, to the consent page, or back to the client.
//! 2. `GET /interaction/{id}` goes on when the interaction is alive, the browser the same, the person the same and
//!    the sign-in fresh enough; a remembered consent answers at once, else the consent page is shown.
//! 3. `POST /interaction/{id}` checks all of it again and closes the interaction in one step of the store.
//!
//! It belongs inside the session stack, behind the [account layer](crate::account) and a defence against cross-site
//! form posts. Without the account layer it answers 500 and says which layer to add.

mod answer;
mod authorize;
mod cookie;
mod future;
mod interaction;
mod layer;
mod login;
mod problem;
mod respond;
mod service;
#[cfg(test)]
mod tests;
mod visit;

pub use future::ResponseFuture;
pub use layer::BrowserLayer;
pub use service::Browser;
