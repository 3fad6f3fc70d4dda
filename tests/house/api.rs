//! The house's own API: open to any token for it, to one that may write, to one of a fresh or of a strong sign-in.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};
use towergate::{
    oauth_resource::{AccessTokenInfo, KeySource, ResourceLayer, ResourceMetadata, TokenLookup, Verifier},
    oauth_types::Scope,
};

use super::App;

/// `/api` names the person of the token; `/api/write` asks for the scope `write`, `/api/fresh` for a sign-in of the last
/// minute, `/api/strong` for one of level `2` in the last five minutes.
pub(crate) fn api<K: KeySource, L: TokenLookup>(
    verifier: &Verifier<K, L>,
    described: &ResourceMetadata,
) -> App {
    let guard = || ResourceLayer::new(verifier.clone()).described_by(described);
    let write = guard().require_scope(Scope::parse("write").unwrap());
    let fresh = guard().require_max_age(Duration::from_secs(60));
    let strong = guard().require_acr(["2"]).require_max_age(Duration::from_secs(300));
    let [any, write, fresh, strong] = [guard(), write, fresh, strong]
        .map(|guard| BoxCloneSyncService::new(guard.layer(service_fn(who_is_it))));
    let api = service_fn(move |request: Request<Full<Bytes>>| match request.uri().path() {
        "/api/write" => write.clone().oneshot(request),
        "/api/fresh" => fresh.clone().oneshot(request),
        "/api/strong" => strong.clone().oneshot(request),
        _ => any.clone().oneshot(request),
    });
    BoxCloneSyncService::new(api)
}

/// What the API answers: for whom the token acts.
async fn who_is_it(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let subject = request.extensions().get::<AccessTokenInfo>().and_then(|token| token.subject.clone());
    let text = subject.map_or_else(String::new, |subject| subject.to_string());
    Ok(Response::new(Full::new(Bytes::from(text))))
}
