//! What a client pushed, opened by the browser that names it.

use towergate_core::{audit::Fact, token::OpaqueToken};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        authorize::RedirectUri,
        client::Client,
        fact::OAuthFact,
        interaction::AuthorizationRequest,
        pushed_request::{self, PushedRequestId, Unopened},
    },
};

use super::{problem::Problem, visit::Visit};
use crate::server::AuthorizationServer;

/// What a client asks for.
pub(super) struct Asked {
    pub(super) request: AuthorizationRequest,
    /// Where the answer goes.
    pub(super) to: RedirectUri,
    /// What this is the answer to, if the client pushed it: there is one.
    pub(super) pushed: Option<PushedRequestId>,
}

/// Opens what `client` pushed. Until then nothing is trusted: whatever is wrong is told to the person.
pub(super) async fn open<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    client: &Client,
    presented: &OpaqueToken,
) -> Result<Asked, Problem> {
    let id = PushedRequestId::from_uuid(presented.id());
    let kept = server.store().find_pushed_request(id).await?;
    match pushed_request::open(kept, presented, &client.id, visit.now) {
        Ok(kept) => {
            let targets = server.config().targets();
            let to =
                pushed_request::still_allowed(&kept.request, client, targets).map_err(Problem::of_client)?;
            Ok(Asked { request: kept.request, to, pushed: Some(id) })
        }
        Err(unopened) => {
            // Whoever shows it holds the whole reference: it got into wrong hands.
            if unopened == Unopened::OtherClient {
                let (client, reason) = (client.id.clone(), "other_client");
                let fact = OAuthFact::PushedRequestRefused { pushed: id, client, reason };
                server.store().append(fact.event(&visit.origin)).await?;
            }
            Err(Problem::request_spent())
        }
    }
}
