//! The host's own application, as warp filters: a front page, and an API.

use std::{convert::Infallible, sync::Arc};

use http::{Extensions, Method, Request, StatusCode};
use hyper::body::Incoming;
use tower::{ServiceBuilder, ServiceExt, service_fn, util::BoxCloneSyncService};
use towergate::{
    api_token::ApiCaller,
    audit::AuditLayer,
    identity::ports::{ApiTokenStore, IdentityStore},
    oauth::ports::OAuthStore,
    oauth_resource::AccessTokenInfo,
    scope::CurrentScope,
};
use towergate_example_axum::{
    api::{Me, Reports},
    host::Host,
    pages::{self, Front},
    run::{Framework, HostService},
};
use warp::{Filter, Rejection, Reply, reply::Response};

/// The host around warp.
#[derive(Debug, Clone, Copy)]
pub struct Warp;

/// What a response carries: warp does not name its body, but its response does.
pub trait Carries {
    /// The body.
    type Body;
}

impl<B> Carries for http::Response<B> {
    type Body = B;
}

impl Framework for Warp {
    const NAME: &'static str = "warp";
    type Body = <Response as Carries>::Body;

    fn service<I: IdentityStore + ApiTokenStore, O: OAuthStore>(host: Host<I, O>) -> HostService<Self::Body> {
        let browser = host.rooms(warp::service(site(host.clone())));
        let api = ServiceBuilder::new().layer(host.api()).service(warp::service(me()));
        let sensitive = ServiceBuilder::new().layer(host.sensitive_api()).service(warp::service(me()));
        let read = ServiceBuilder::new().layer(host.reports()).service(warp::service(reports()));
        let change = ServiceBuilder::new().layer(host.own_reports()).service(warp::service(reports()));
        let routes = service_fn(move |request: Request<Incoming>| {
            let (api, sensitive) = (api.clone(), sensitive.clone());
            let (read, change, browser) = (read.clone(), change.clone(), browser.clone());
            async move {
                match request.uri().path() {
                    "/api/me" => api.oneshot(request).await,
                    "/api/sensitive" => sensitive.oneshot(request).await,
                    "/api/reports" if request.method() == Method::POST => change.oneshot(request).await,
                    "/api/reports" => read.oneshot(request).await,
                    _ => browser.oneshot(request).await,
                }
            }
        });
        let whole = ServiceBuilder::new()
            .layer(AuditLayer::new().clock(Arc::clone(&host.clock)))
            .layer(host.protocol())
            .layer(host.api_description())
            .layer(host.addresses())
            .service(routes);
        BoxCloneSyncService::new(whole)
    }
}

/// The pages that people see.
fn site<I: IdentityStore, O: OAuthStore>(
    host: Host<I, O>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let (elsewhere, starting) = (host.clone(), host.clone());
    let start = warp::path!("start" / String).and(reading()).then(move |client: String| {
        let host = starting.clone();
        async move { host.start(&client).await.into_response() }
    });
    let front = warp::path::end().and(reading()).and(warp::ext::get::<CurrentScope>()).then(
        move |scope: CurrentScope| {
            let host = host.clone();
            async move {
                let unconfirmed = match host.is_unconfirmed(scope.user()).await {
                    Ok(unconfirmed) => unconfirmed,
                    Err(error) => {
                        tracing::warn!(%error, "nobody can tell whether an address is confirmed");
                        false
                    }
                };
                let front = Front::new(
                    Warp::NAME,
                    &host.config,
                    &host.server.config().issuer,
                    &host.profiles,
                    &scope,
                    host.clock.now(),
                    unconfirmed,
                );
                page(StatusCode::OK, &host, front.html(&host.pages))
            }
        },
    );
    let not_found =
        warp::any().map(move || page(StatusCode::NOT_FOUND, &elsewhere, pages::not_found(&elsewhere.pages)));
    front.or(start).unify().or(not_found).unify()
}

/// For whom the access token acts.
fn me() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path!("api" / "me")
        .or(warp::path!("api" / "sensitive"))
        .unify()
        .and(reading())
        .and(warp::ext::get::<AccessTokenInfo>())
        .map(|token: AccessTokenInfo| warp::reply::json(&Me::of(&token)).into_response())
}

/// For whom a program asks.
fn reports() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::path!("api" / "reports")
        .and(told())
        .map(|reports: Reports| warp::reply::json(&reports).into_response())
}

/// What the layers in front say.
fn told() -> impl Filter<Extract = (Reports,), Error = Infallible> + Clone + Send + Sync + 'static {
    // warp gives one extension at a time.
    let caller = warp::ext::optional::<ApiCaller>();
    caller.and(warp::ext::optional::<AccessTokenInfo>()).map(
        |caller: Option<ApiCaller>, token: Option<AccessTokenInfo>| {
            let mut extensions = Extensions::new();
            caller.map(|caller| extensions.insert(caller));
            token.map(|token| extensions.insert(token));
            Reports::of(&extensions)
        },
    )
}

fn reading() -> impl Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::get().or(warp::head()).unify()
}

fn page<I, O>(status: StatusCode, host: &Host<I, O>, html: String) -> Response {
    pages::page(status, html, &host.pages).map(Into::into)
}
