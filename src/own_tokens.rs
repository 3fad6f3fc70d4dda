//! A host that guards its own API with tokens of its own authorization server.

use towergate_oauth::ports::OAuthStore;
use towergate_oauth_resource::{InStore, KeySource, Verifier};
use towergate_oauth_server::AuthorizationServer;

/// Verifies the access tokens that `server` issues: its issuer, its keys, its store and its clock, so that opaque
/// tokens work and a revocation is seen at once.
///
/// For tokens of another program's server there is [`Verifier::new`].
pub fn verifier_of<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
) -> Verifier<impl KeySource + use<S, R, P>, InStore<S>> {
    let keys = server.keys().clone();
    Verifier::new(server.config().issuer.as_str(), move || keys.jwks())
        .clock(server.time_source().clone())
        .with_store(server.store().clone())
}
