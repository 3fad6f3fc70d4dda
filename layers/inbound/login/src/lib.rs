//! Signing in and out, as Tower services and as plain calls.

mod answer;
mod form;
pub mod hasher;
pub mod pages;

pub use hasher::{HasherError, PasswordHasher};
