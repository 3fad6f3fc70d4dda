//! What the server says of itself, under both of its well-known names.

use std::time::Duration;

use towergate_endpoint::Document;
use towergate_oauth::rules::discovery::{Facts, Metadata};

use super::json;
use crate::{config::ServerConfig, key_ring::Snapshot};

pub(super) fn document(
    config: &ServerConfig,
    speaks_outwards: bool,
    keys: &Snapshot,
    cache_for: Duration,
) -> Document {
    let algorithms: Vec<_> = keys.algorithms().collect();
    let of_apis = config.resource_servers.iter().filter_map(|api| api.scope.as_ref());
    let scopes: Vec<_> = config
        .scope_meanings
        .keys()
        .map(String::as_str)
        .chain(of_apis.flat_map(towergate_oauth_types::Scope::values))
        .collect();
    let metadata = Metadata::of(&Facts {
        issuer: &config.issuer,
        authorize: &config.paths.authorize,
        push: &config.paths.push,
        requires_push: config.require_pushed_authorization_requests,
        token: &config.paths.token,
        userinfo: &config.paths.userinfo,
        revoke: &config.paths.revoke,
        introspect: &config.paths.introspect,
        client_documents: config.client_id_metadata_documents.is_some(),
        register: config.registration.is_offered().then_some(config.paths.register.as_str()),
        end_session: &config.paths.end_session,
        check_session: config.manages_sessions().then_some(config.paths.check_session.as_str()),
        tells_of_logouts: speaks_outwards,
        jwks: &config.paths.jwks,
        scopes: &scopes,
        scope_claims: &config.scope_claims,
        algorithms: &algorithms,
        acr_values: &config.acr_values,
        ui_locales: &config.ui_locales,
        creates_accounts: config.creates_accounts,
        resource_servers: &config.resource_servers,
        notices: &config.notices,
    });
    json::document(&metadata, cache_for)
}
