use std::{error::Error, fmt};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, request::Parts};
use http_body::Body;
use towergate_endpoint::{
    Answer, Endpoints,
    body::{self, Unread},
};
use towergate_oauth::{ports::OAuthStore, rules::interaction::InteractionId};

use super::{authorize, interaction, logout, problem::Problem, respond::method_not_allowed, visit::Visit};
use crate::{account::AccountResolver, config::Paths, pages::OAuthPages, server::AuthorizationServer};

/// The endpoints that [`BrowserLayer`](super::BrowserLayer) mounts.
pub struct Browser<S, R, P> {
    server: AuthorizationServer<S, R, P>,
}

impl<S, R, P> Browser<S, R, P> {
    pub(super) const fn new(server: AuthorizationServer<S, R, P>) -> Self {
        Self { server }
    }
}

impl<S, R, P, B> Endpoints<B> for Browser<S, R, P>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        Route::of(path, &self.server.config().paths)
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Authorize => "authorize",
            Route::EndSession => "end_session",
            Route::LogoutConfirm => "logout_confirm",
            Route::Farewell => "farewell",
            Route::Interaction(_) => "interaction",
        }
    }

    fn answer(self, route: Route, request: Request<B>) -> Answer {
        let (parts, body) = request.into_parts();
        Answer::later(async move { answered(&self.server, route, parts, body).await })
    }
}

/// What the page of `route` answers.
async fn answered<S, R, P, B>(
    server: &AuthorizationServer<S, R, P>,
    route: Route,
    parts: Parts,
    body: B,
) -> Response<Bytes>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if parts.method != Method::GET && parts.method != Method::POST {
        return method_not_allowed();
    }
    let form =
        if parts.method == Method::POST { read_form(&parts.headers, body).await.map(Some) } else { Ok(None) };
    // Not before the form is there: whoever holds it back would hold back the clock, and with it every expiry.
    let visit = match Visit::read(server, &parts) {
        Ok(visit) => visit,
        Err(problem) => return problem.tell(server, None),
    };
    let origin = visit.origin;
    let query = parts.uri.query().unwrap_or_default();
    let answered = match (form, route) {
        (Err(problem), _) => Err(problem),
        (Ok(None), Route::EndSession) => {
            let query = query.as_bytes().to_vec();
            logout::ask(server, visit, parts, &query).await
        }
        (Ok(Some(form)), Route::EndSession) => logout::ask(server, visit, parts, &form).await,
        (Ok(None), Route::LogoutConfirm) => Err(Problem::gone()),
        (Ok(Some(form)), Route::LogoutConfirm) => logout::confirm(server, visit, parts, &form).await,
        (Ok(_), Route::Farewell) => logout::farewell::show(server, &visit, query.as_bytes()).await,
        (Ok(None), Route::Authorize) => authorize::authorize(server, &visit, query.as_bytes()).await,
        (Ok(Some(form)), Route::Authorize) => authorize::authorize(server, &visit, &form).await,
        (Ok(_), Route::Interaction(None)) => Err(Problem::gone()),
        (Ok(None), Route::Interaction(Some(id))) => interaction::show(server, &visit, id).await,
        (Ok(Some(form)), Route::Interaction(Some(id))) => interaction::close(server, &visit, id, &form).await,
    };
    answered.unwrap_or_else(|problem| problem.tell(server, Some(&origin)))
}

/// An endpoint of the browser side.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The authorization endpoint.
    Authorize,
    /// Where people are sent to sign out.
    EndSession,
    /// The person's word that they want to.
    LogoutConfirm,
    /// The page after signing out.
    Farewell,
    /// A page on the way to the answer; `None` when the path holds no identifier.
    Interaction(Option<InteractionId>),
}

impl Route {
    fn of(path: &str, paths: &Paths) -> Option<Self> {
        if path == paths.authorize {
            return Some(Self::Authorize);
        }
        if let Some(below) = path.strip_prefix(&paths.end_session) {
            match below {
                "" => return Some(Self::EndSession),
                _ if path == paths.logout_confirm() => return Some(Self::LogoutConfirm),
                _ if path == paths.farewell() => return Some(Self::Farewell),
                _ => {}
            }
        }
        let id = path.strip_prefix(&paths.interaction)?.strip_prefix('/')?;
        Some(Self::Interaction(id.parse().ok()))
    }
}

async fn read_form<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    body::read_form(headers, body).await.map_err(|unread| {
        Problem::bad_request(match unread {
            Unread::MediaType => "The form was not sent as application/x-www-form-urlencoded.",
            Unread::TooLong => "The form has more than 65536 bytes.",
            Unread::Torn => "The form broke off midway.",
        })
    })
}

impl<S, R, P> Clone for Browser<S, R, P> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<S, R, P> fmt::Debug for Browser<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("server", &self.server).finish()
    }
}
