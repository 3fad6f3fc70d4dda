//! The host's own application, in axum: a front page, and an API.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Extension, Path, Request, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use tower::{ServiceBuilder, util::BoxCloneSyncService};
use towergate::{
    audit::AuditLayer,
    identity::ports::{ApiTokenStore, IdentityStore},
    oauth::ports::OAuthStore,
    oauth_resource::AccessTokenInfo,
    scope::CurrentScope,
};

use crate::{
    api::{Me, Reports},
    host::Host,
    pages::{self, Front},
    run::{Framework, HostService},
};

/// The host around axum.
#[derive(Debug, Clone, Copy)]
pub struct Axum;

impl Framework for Axum {
    const NAME: &'static str = "axum";
    type Body = Body;

    fn service<I: IdentityStore + ApiTokenStore, O: OAuthStore>(host: Host<I, O>) -> HostService<Body> {
        let pages = Router::new()
            .route("/", get(front::<I, O>))
            .route("/start/{client}", get(start::<I, O>))
            .fallback(not_found::<I, O>)
            .with_state(host.clone());
        let api = Router::new().route("/api/me", get(me)).layer(host.api());
        let sensitive = Router::new().route("/api/sensitive", get(me)).layer(host.sensitive_api());
        let reports = Router::new()
            .route(
                "/api/reports",
                get(reports).layer(host.reports()).merge(post(reports).layer(host.own_reports())),
            )
            .layer(host.addresses());
        let routes =
            Router::new().merge(api).merge(sensitive).merge(reports).fallback_service(host.rooms(pages));
        let whole = ServiceBuilder::new()
            .layer(AuditLayer::new().clock(Arc::clone(&host.clock)))
            .layer(host.protocol())
            .layer(host.api_description())
            .service(routes);
        BoxCloneSyncService::new(whole)
    }
}

async fn front<I: IdentityStore, O: OAuthStore>(
    State(host): State<Host<I, O>>,
    Extension(scope): Extension<CurrentScope>,
) -> Response {
    let unconfirmed = match host.is_unconfirmed(scope.user()).await {
        Ok(unconfirmed) => unconfirmed,
        Err(error) => {
            tracing::warn!(%error, "nobody can tell whether an address is confirmed");
            false
        }
    };
    let front = Front::new(
        Axum::NAME,
        &host.config,
        &host.server.config().issuer,
        &host.profiles,
        &scope,
        host.clock.now(),
        unconfirmed,
    );
    pages::page(StatusCode::OK, front.html(&host.pages), &host.pages).map(Body::from)
}

async fn start<I: IdentityStore, O: OAuthStore>(
    State(host): State<Host<I, O>>,
    Path(client): Path<String>,
) -> Response {
    host.start(&client).await.map(Body::from)
}

async fn not_found<I: IdentityStore, O: OAuthStore>(State(host): State<Host<I, O>>) -> Response {
    pages::page(StatusCode::NOT_FOUND, pages::not_found(&host.pages), &host.pages).map(Body::from)
}

async fn me(Extension(token): Extension<AccessTokenInfo>) -> Json<Me> {
    Json(Me::of(&token))
}

async fn reports(request: Request) -> Json<Reports> {
    Json(Reports::of(request.extensions()))
}
