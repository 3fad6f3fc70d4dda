//! Why nothing was fetched, in sentences for the operator.

use std::{error::Error, fmt, io, net::IpAddr, sync::Arc};

use http::StatusCode;
use hyper_util::client::legacy;

use crate::{
    AddressClass,
    guard::{Forbidden, LookupFailed},
};

/// Why nothing was fetched. For the operator: what a peer may see of it is for the caller to say, and never more than
/// that it failed, or the client would tell strangers what stands in its network.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The host is, or leads only to, an address that is not public.
    #[error(
        "the host is at {address}, {class}: only public addresses are asked; correct the URL or its DNS records"
    )]
    Refused {
        /// The address, or the first of several.
        address: IpAddr,
        /// Why it is not public.
        class: AddressClass,
    },
    /// The URL has no TLS, and is not for this machine or not under a policy that allows that.
    #[error(
        "plain http is spoken to this machine only, and only under danger_allow_loopback: register an https URL"
    )]
    Plain,
    /// The name of the host leads nowhere.
    #[error(
        "the name of the host could not be looked up: {0}; check the URL and the DNS that this machine asks"
    )]
    Resolve(Cause),
    /// No connection came about, or not within the time for connecting.
    #[error("no connection to the host: {0}; check that it runs, and that this machine may speak to it")]
    Connect(Cause),
    /// The host did not prove who it is.
    #[error(
        "TLS with the host failed: {0}; check its certificate and chain, and whether an extra CA is missing here"
    )]
    Tls(Cause),
    /// The exchange as a whole took too long.
    #[error("the host took too long: check that it answers within the timeout of the policy")]
    Timeout,
    /// The connection broke, or what came was not HTTP, or its header was over 16 KiB or 64 fields.
    #[error("the exchange with the host broke: {0}; check that it speaks HTTP/1.1 and answers completely")]
    Exchange(Cause),
    /// The body of the answer is over the policy's bound.
    #[error("the body of the answer is over {limit} bytes: check what answers at the URL")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The body of the answer is compressed, though none was asked for.
    #[error("the body of the answer is compressed though identity was asked for: check the host's settings")]
    Encoded,
    /// The answer sends elsewhere.
    #[error("the answer is the redirect {0}, which is never followed: register the URL that answers itself")]
    Redirected(StatusCode),
    /// The answer is a refusal or a failure.
    #[error("the host answered {0}: check what answers at the URL, and the host's own log")]
    Status(StatusCode),
    /// The media type that the caller gave cannot stand in a header.
    #[error("the request's media type has characters that no header may have")]
    Request,
}

impl FetchError {
    /// Whether the same request may succeed later, without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Resolve(_) | Self::Connect(_) | Self::Timeout | Self::Exchange(_) => true,
            Self::Status(status) => {
                let passing =
                    [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
                let never = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
                passing.contains(status) || (status.is_server_error() && !never.contains(status))
            }
            _ => false,
        }
    }

    pub(crate) fn of_client(error: legacy::Error) -> Self {
        if let Some(failed) = find::<LookupFailed>(&error) {
            return match failed {
                LookupFailed::Forbidden(forbidden) => (*forbidden).into(),
                LookupFailed::Unknown(_) => Self::Resolve(Cause::new(error)),
            };
        }
        if find::<rustls::Error>(&error).is_some() {
            return Self::Tls(Cause::new(error));
        }
        if error.is_connect() { Self::Connect(Cause::new(error)) } else { Self::Exchange(Cause::new(error)) }
    }
}

impl From<Forbidden> for FetchError {
    fn from(Forbidden { address, class }: Forbidden) -> Self {
        class.map_or(Self::Plain, |class| Self::Refused { address, class })
    }
}

/// What the network or TLS says of a failure.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

/// The innermost cause, in its own words: those around it only say that something failed.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut innermost: &(dyn Error + 'static) = &*self.0;
        while let Some(next) = innermost.source() {
            innermost = next;
        }
        fmt::Display::fmt(innermost, f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The first `T` among an error and its causes. An I/O error does not name the error inside it as its cause.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    if let Some(found) = error.downcast_ref::<T>() {
        return Some(found);
    }
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return find(inner);
    }
    find(error.source()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_temporary() {
        let cause = || Cause::new(io::Error::other("x"));
        for error in [
            FetchError::Resolve(cause()),
            FetchError::Connect(cause()),
            FetchError::Exchange(cause()),
            FetchError::Timeout,
            FetchError::Status(StatusCode::TOO_MANY_REQUESTS),
            FetchError::Status(StatusCode::SERVICE_UNAVAILABLE),
        ] {
            assert!(error.is_temporary(), "{error}");
        }
        for error in [
            FetchError::Refused { address: [127, 0, 0, 1].into(), class: AddressClass::Loopback },
            FetchError::Tls(cause()),
            FetchError::TooLarge { limit: 1 },
            FetchError::Redirected(StatusCode::FOUND),
            FetchError::Status(StatusCode::NOT_FOUND),
            FetchError::Status(StatusCode::NOT_IMPLEMENTED),
        ] {
            assert!(!error.is_temporary(), "{error}");
        }
    }

    #[test]
    fn an_error_inside_io_errors_is_found() {
        let nested = io::Error::other(io::Error::other(rustls::Error::DecryptError));
        assert!(find::<rustls::Error>(&nested).is_some());
        assert_eq!(Cause::new(nested).to_string(), rustls::Error::DecryptError.to_string());
    }
}
