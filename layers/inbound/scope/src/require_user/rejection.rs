//! What whoever is not signed in gets.

use bytes::Bytes;
use http::{Response, request::Parts};

use crate::to_login::ToLogin;

/// Why a request was turned away; found in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoUser {
    /// There is no session.
    Anonymous,
    /// Somebody must enrol a second factor before all else.
    EnrolmentDue,
    /// Somebody is half signed in.
    SecondFactorDue,
}

/// Builds the response to whoever is not signed in. Any `Fn(&Parts, NoUser) -> Response<B>` does.
pub trait RejectNoUser<B> {
    /// The response.
    fn reject(&self, request: &Parts, reason: NoUser) -> Response<B>;
}

impl<B, F: Fn(&Parts, NoUser) -> Response<B>> RejectNoUser<B> for F {
    fn reject(&self, request: &Parts, reason: NoUser) -> Response<B> {
        self(request, reason)
    }
}

impl<B: From<Bytes>> RejectNoUser<B> for ToLogin {
    fn reject(&self, request: &Parts, _: NoUser) -> Response<B> {
        self.navigation(request).unwrap_or_else(|| Self::unauthorized("Please sign in.\n"))
    }
}
