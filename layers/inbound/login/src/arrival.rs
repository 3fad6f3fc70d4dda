//! What goes around every way to sign in, whichever proof it ends in.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use towergate_core::{LocalPath, StoreError, audit::Origin};
use towergate_identity::rules::session::SessionStage;
use towergate_session::{Session, SessionError};
use tracing::Instrument;

use crate::{answer, logout::OnLogout, password::SignedIn, site::Site};

/// A way to sign in was stopped, as happens when the runtime shuts down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signing in was stopped")]
pub struct Stopped;

impl<P: Send + Sync + 'static, H: OnLogout> Site<P, H> {
    /// Runs `way`, which ends in [`Session::establish`] on `session`, to its end, even when the caller goes away: whoever
    /// hangs up early has signed in all the same.
    ///
    /// Nobody goes on with a sign-in in which no client would be served any more, and what came from another person's
    /// sign-in, whose place the new one takes, ends with it.
    ///
    /// # Errors
    /// Those of `way`; or when the host's hook, or the end of a session that had ended elsewhere, failed.
    pub async fn sign_in<F, E>(&self, session: &Session, origin: Origin, way: F) -> Result<SignedIn, E>
    where
        F: Future<Output = Result<SignedIn, E>> + Send + 'static,
        E: From<StoreError> + From<SessionError> + From<Stopped> + Send + 'static,
    {
        let (session, hook) = (session.clone(), Arc::clone(&self.hook));
        let signing_in = async move {
            if let Some(before) = session.sign_in_id()
                && hook.has_ended(before).await?
            {
                session.end().await?;
            }
            let signed_in = way.await?;
            if let Some(ended) = signed_in.ended
                && let Err(error) = hook.ending(ended, origin).await
            {
                tracing::error!(%error, sign_in = %ended, "what came from a replaced sign-in did not end");
            }
            Ok(signed_in)
        };
        tokio::spawn(signing_in.in_current_span()).await.unwrap_or_else(|_| Err(Stopped.into()))
    }

    /// Sends whoever has just signed in to where they wanted to go, over the page for the second factor if that is due. Whose
    /// account is going to be deleted sees nothing but that.
    pub fn welcome(&self, stage: SessionStage, return_to: &LocalPath) -> Response<Bytes> {
        match stage {
            SessionStage::Complete => answer::see_other(return_to),
            SessionStage::AwaitsEnrolment => answer::see_other_first(&self.paths.security, return_to),
            SessionStage::AwaitsSecondFactor => answer::see_other_first(&self.paths.second_factor, return_to),
            SessionStage::Leaving => answer::see_other(&self.paths.delete),
        }
    }
}
