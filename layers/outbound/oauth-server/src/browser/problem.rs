//! What ends a browser request on a page of our own: nothing of it may leave for a client.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use towergate_core::{RandomUnavailable, StoreError, audit::Origin, seal::SealError};
use towergate_endpoint::page::{page, plain};
use towergate_oauth::rules::authorize::Unresumable;
use towergate_oauth_types::{ErrorCode, OAuthError};

use crate::{
    pages::{ErrorView, OAuthPages},
    server::AuthorizationServer,
};

/// What ends a browser request on a page of our own.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// The person is told, and can do something about it.
    #[error("{code}: {message}")]
    Told { status: StatusCode, code: ErrorCode, message: String },
    /// The question was answered already, by this very browser, or can no longer be; the same may be asked again.
    #[error("the question was answered already, or can no longer be")]
    Answered { again: Option<String> },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// As many interactions wait as may.
    #[error("as many interactions wait as may")]
    TooManyWait,
    /// The machine gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// A page's address could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The host could not end its session; the operator has been told why.
    #[error("the host could not end its session")]
    HostFailed,
    /// The program is stopping.
    #[error("the request was broken off")]
    BrokenOff,
    /// The host forgot a layer.
    #[error("the account layer is missing or inside the browser layer")]
    AccountLayerMissing,
}

impl Problem {
    /// The request is broken: the client's makers must mend it.
    pub(super) fn of_client(error: OAuthError) -> Self {
        let message = format!(
            "The application that sent you here made a mistake: {}. Please go back to it; if this happens again, tell \
             the people who run it.",
            error.description
        );
        Self::Told { status: StatusCode::BAD_REQUEST, code: error.code, message }
    }

    pub(super) fn unknown_client() -> Self {
        Self::of_client(OAuthError::new(ErrorCode::InvalidClient, "it is not registered here"))
    }

    pub(super) fn bad_request(message: &str) -> Self {
        let message = message.to_owned();
        Self::Told { status: StatusCode::BAD_REQUEST, code: ErrorCode::InvalidRequest, message }
    }

    pub(super) fn gone() -> Self {
        Self::bad_request(
            "This question was answered already, or it has waited too long. Please go back to the application and \
             start again.",
        )
    }

    pub(super) fn request_spent() -> Self {
        let message = String::from(
            "This request was answered already, it has waited too long, or it was never made by this application. Please \
             go back to the application and start again.",
        );
        Self::Told { status: StatusCode::BAD_REQUEST, code: ErrorCode::InvalidRequestUri, message }
    }

    pub(super) fn other_person() -> Self {
        Self::forbidden(
            "This question was put to somebody who was signed in here before. Please go back to the application and \
             start again.",
        )
    }

    pub(super) fn signed_out() -> Self {
        Self::forbidden("You signed out in the meantime. Please go back to the application and start again.")
    }

    pub(super) fn not_asked() -> Self {
        Self::forbidden(
            "You were not asked whether to sign out, or in another browser, or for another sign-in, or this browser refuses \
             cookies. Nothing has ended. Please go back and try again.",
        )
    }

    fn other_browser() -> Self {
        Self::forbidden(
            "This question was put to another browser, or this browser refuses cookies. Please go back to the \
             application and start again in this browser.",
        )
    }

    fn forbidden(message: &str) -> Self {
        let message = message.to_owned();
        Self::Told { status: StatusCode::FORBIDDEN, code: ErrorCode::AccessDenied, message }
    }

    /// The page that says so; the operator hears of what is ours to mend.
    pub(super) fn tell<S, R, P: OAuthPages>(
        self,
        server: &AuthorizationServer<S, R, P>,
        origin: Option<&Origin>,
    ) -> Response<Bytes> {
        let mut go_on = None;
        let (status, code, message) = match self {
            Self::Answered { again } => {
                go_on = again;
                let message = "This question was answered already, or it can no longer be answered. If the application has \
                               not opened, go back to it and start again.";
                (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, message.to_owned())
            }
            Self::Told { status, code, message } => {
                tracing::info!(%code, %status, %message, "a browser request was refused");
                (status, code, message)
            }
            Self::Store(StoreError::Unavailable(cause)) => {
                tracing::warn!(%cause, "the store is unavailable");
                busy()
            }
            Self::TooManyWait => {
                tracing::warn!(
                    max = server.config().max_open_interactions,
                    "as many interactions wait as may"
                );
                busy()
            }
            Self::AccountLayerMissing => {
                tracing::error!("the account layer is missing: add AccountLayer outside the browser layer");
                return plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "towergate: no CurrentAccount in this request. Add AccountLayer of towergate::oauth_server::account \
                     outside the browser layer: ServiceBuilder::new().layer(AccountLayer::new(resolver))\
                     .layer(server.browser())\n",
                );
            }
            broken @ (Self::Store(_)
            | Self::Random(_)
            | Self::Seal(_)
            | Self::HostFailed
            | Self::BrokenOff) => {
                tracing::error!(error = %broken, "a browser request failed");
                let message =
                    String::from("Something broke on our side. The people who run this site can see it.");
                (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError, message)
            }
        };
        let html = server.pages().error(&ErrorView {
            status: status.as_u16(),
            code: code.as_str().to_owned(),
            message,
            go_on,
            request_id: origin.map(|origin| origin.request.to_string()),
        });
        let mut response = page(status, html, server.pages().style_source(), "form-action 'none'");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn busy() -> (StatusCode, ErrorCode, String) {
    let message = String::from("This site is busy. Please try again in a moment.");
    (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable, message)
}

impl From<Unresumable> for Problem {
    fn from(refusal: Unresumable) -> Self {
        match refusal {
            Unresumable::Answered => Self::Answered { again: None },
            Unresumable::Gone => Self::gone(),
            Unresumable::OtherBrowser => Self::other_browser(),
        }
    }
}
