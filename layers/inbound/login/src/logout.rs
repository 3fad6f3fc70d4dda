//! Signing out: by `POST` alone, so that no link or picture can do it.
//!
//! 1. The host's [`OnLogout`] is told which sign-in ends, also when another request has just renewed the cookie; when it
//!    fails, nothing has ended and the person may try again.
//! 2. The session ends in the store, and the cookie is cleared.
//! 3. `Clear-Site-Data` asks the browser to forget what pages of this host left in its cache and in scripts' storage.
//! 4. 303 to the configured path, for an anonymous visitor too; over the page that [`OnLogout::farewell`] names, if it
//!    names one.

use std::{
    future::{self, Future},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use towergate_core::{LocalPath, StoreError, audit::Origin};
use towergate_identity::rules::{session::SignInId, user::UserId};
use towergate_session::{Session, SessionError};
use tracing::Instrument;

use crate::{answer, pages::LoginPages, site::Site};

/// What else ends when somebody signs out, or another person signs in in their place: told by the host, which knows both
/// halves. `()` ends nothing else.
pub trait OnLogout: Send + Sync + 'static {
    /// Ends whatever came from `sign_in`. It may be called more than once for the same sign-in.
    ///
    /// # Errors
    /// When it could not: whoever signs out then stays signed in, is told so, and may try again.
    fn ending(
        &self,
        sign_in: SignInId,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends whatever came from any sign-in of `user`, whose account is closed: called when they say goodbye, and again before
    /// the account ends for good. Nothing, unless the host says otherwise.
    ///
    /// # Errors
    /// When it could not: an account that was to end stays until the next round.
    fn leaving(&self, _user: UserId, _origin: Origin) -> impl Future<Output = Result<(), StoreError>> + Send {
        future::ready(Ok(()))
    }

    /// Whether what came from `sign_in` was ended already, though its session lives: a sign-out that failed half-way, or
    /// one that began at the other half. Whoever then proves themself again begins a sign-in of their own. `false` unless
    /// the host says otherwise.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn has_ended(&self, _sign_in: SignInId) -> impl Future<Output = Result<bool, StoreError>> + Send {
        future::ready(Ok(false))
    }

    /// Where the browser goes when `sign_in` has ended by signing out, before it goes to `then`: a page that says goodbye to
    /// those who are told through the browser. Straight to `then` when there is none, as by default.
    fn farewell(
        &self,
        _sign_in: SignInId,
        _then: &LocalPath,
    ) -> impl Future<Output = Option<LocalPath>> + Send {
        future::ready(None)
    }
}

impl OnLogout for () {
    fn ending(&self, _: SignInId, _: Origin) -> impl Future<Output = Result<(), StoreError>> + Send {
        future::ready(Ok(()))
    }
}

/// The way out at one path. Part of [`LoginRoutes`](crate::LoginRoutes).
pub(crate) struct Logout<P, H> {
    pub(crate) site: Site<P, H>,
}

impl<P: LoginPages, H: OnLogout> Logout<P, H> {
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        drop(body);
        let pages = &*self.site.pages;
        if parts.method != Method::POST {
            return answer::wrong_method("POST", pages);
        }
        let session = match Session::of(&parts.extensions) {
            Ok(session) => session,
            Err(missing) => return answer::misbuilt(missing.to_string()),
        };
        let Ok(origin) = self.site.origin(&parts.extensions) else {
            tracing::error!("no randomness for a request identifier");
            return answer::broken(pages);
        };
        // On its own task: whoever hangs up early is signed out whole all the same.
        let ending =
            end(Arc::clone(&self.site.hook), session.clone(), self.site.paths.after_logout.clone(), origin)
                .in_current_span();
        let Ok(ended) = tokio::spawn(ending).await else {
            tracing::error!("signing out was stopped");
            return answer::broken(pages);
        };
        match ended {
            Ok(then) => {
                let mut response = answer::see_other(&then);
                // Not "cookies": that would take those of every neighbour under the same domain along.
                let clear = HeaderValue::from_static("\"cache\", \"storage\"");
                response.headers_mut().insert("clear-site-data", clear);
                response
            }
            Err(SessionError::Store(error)) => answer::store_failed(&error, pages),
            Err(error) => {
                tracing::error!(%error, "signing out failed");
                answer::broken(pages)
            }
        }
    }
}

/// Ends the sign-in; answers where to go.
async fn end<H: OnLogout>(
    hook: Arc<H>,
    session: Session,
    then: LocalPath,
    origin: Origin,
) -> Result<LocalPath, SessionError> {
    let sign_in = session.ending_sign_in().await?;
    if let Some(sign_in) = sign_in {
        hook.ending(sign_in, origin).await?;
    }
    session.end().await?;
    let farewell = match sign_in {
        Some(sign_in) => hook.farewell(sign_in, &then).await,
        None => None,
    };
    Ok(farewell.unwrap_or(then))
}
