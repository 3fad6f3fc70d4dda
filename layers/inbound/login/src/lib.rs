//! Signing in and out, as Tower services and as plain calls.

pub mod pages;
