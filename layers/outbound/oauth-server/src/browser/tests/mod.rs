//! The browser side through its layer, over the memory store.

mod authorize;
mod candidates;
mod client_document;
mod consent;
mod failures;
mod house;
mod interaction;
mod logout;
mod pushed;
mod request;
mod request_object;
