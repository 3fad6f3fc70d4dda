//! Signing in and out, as Tower services and as plain calls.
//!
//! - [`LoginRoutes`] is a layer that answers `/login` and `/logout` and passes all else on. It stands inside
//!   `SessionLayer`, and inside a defence against forged posts such as `tower_http::csrf`.
//! - [`PasswordLogin`] is the same sign-in as a plain call, for a host's own handler.
//! - [`PasswordHasher`] bounds the work of Argon2 and keeps it off the async threads.
//! - [`pages`] is what a host implements to draw its own pages.

mod answer;
mod form;
pub mod hasher;
mod login;
mod logout;
pub mod pages;
pub mod password;
pub mod routes;
mod setting;

pub use hasher::{HasherError, PasswordHasher};
pub use logout::OnLogout;
pub use password::{LoginError, PasswordLogin, SignedIn};
pub use routes::LoginRoutes;

#[cfg(test)]
mod tests;
