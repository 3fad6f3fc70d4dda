//! The plans of the OpenID Foundation's conformance suite, walked from outside against the reference host over TLS, as
//! `conformance.toml` configures it. Each module of the suite is a test of the same name, `-` written `_`; what it checks is
//! written anew from the specifications and what the suite says of itself.

#[cfg(test)]
mod plans;
#[cfg(test)]
mod runner;
