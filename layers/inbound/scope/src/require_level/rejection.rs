//! What whoever must prove more gets.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};

use towergate_identity::rules::level::Level;

use super::decide::NotSteppedUp;
use crate::to_login::{ToLogin, plain};

/// Builds the response to whoever must prove more. Any `Fn(&Parts, NotSteppedUp) -> Response<B>` does.
pub trait RejectNotSteppedUp<B> {
    /// The response.
    fn reject(&self, request: &Parts, reason: NotSteppedUp) -> Response<B>;
}

impl<B, F: Fn(&Parts, NotSteppedUp) -> Response<B>> RejectNotSteppedUp<B> for F {
    fn reject(&self, request: &Parts, reason: NotSteppedUp) -> Response<B> {
        self(request, reason)
    }
}

impl<B: From<Bytes>> RejectNotSteppedUp<B> for ToLogin {
    fn reject(&self, request: &Parts, reason: NotSteppedUp) -> Response<B> {
        let level = match reason {
            // The sign-in page asks for one factor anyway.
            NotSteppedUp::TooWeak { asked } => Some(asked).filter(|asked| *asked > Level::OneFactor),
            _ => None,
        };
        self.navigation_for(request, level).unwrap_or_else(|| match reason {
            NotSteppedUp::Anonymous | NotSteppedUp::EnrolmentDue | NotSteppedUp::SecondFactorDue => {
                Self::unauthorized("Please sign in.\n")
            }
            NotSteppedUp::TooOld => plain(
                StatusCode::FORBIDDEN,
                "Please sign in again: the last time is too long ago for this.\n",
            ),
            NotSteppedUp::TooWeak { .. } => {
                plain(StatusCode::FORBIDDEN, "Please sign in again: this needs a stronger sign-in.\n")
            }
        })
    }
}
