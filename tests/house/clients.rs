//! More clients than the shop and its rival: each proves itself in another way, or may do less.

use towergate::{
    core::{Clock, Secret, audit::Origin, system::OsRandom},
    jose::JwkSet,
    oauth::{
        ports::OAuthStore,
        rules::client::{
            AccessTokenFormat, Client, ClientAuthMethod, ClientMetadata, ClientState, GrantType,
        },
    },
    oauth_types::Scope,
};

use super::{CLIENT_SECRET, House, client, robot, sealing};

/// Proves itself by HTTP Basic, and may use every grant.
pub(crate) const OFFICE: &str = "office";
/// Proves itself with a private key.
pub(crate) const SIGNER: &str = "signer";
/// Signs with its secret.
pub(crate) const SEALED: &str = "sealed";
/// Proves nothing: it runs on people's devices.
pub(crate) const PUBLIC: &str = "public";
/// Was shut out.
pub(crate) const SHUT: &str = "shut";
/// Acts for itself, and has an address all the same; its tokens are opaque.
pub(crate) const ROBOT: &str = "robot";
/// Must push what it asks for.
pub(crate) const PUSHER: &str = "pusher";
/// Must sign what it asks for.
pub(crate) const STRICT: &str = "strict";
/// Where people go who sign out for [`TWOFOLD`].
pub(crate) const BYE: &str = "https://shop.example/bye";
/// Has two addresses, and one for after signing out.
pub(crate) const TWOFOLD: &str = "twofold";

/// Registers all of them; those that sign have `keys`, and sign with ES256.
pub(crate) async fn settle<O: OAuthStore>(house: &House, grants: &O, keys: &JwkSet) {
    for client in all(keys) {
        let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
        grants.put_client(client, origin).await.unwrap();
    }
}

fn all(keys: &JwkSet) -> Vec<Client> {
    let keys = || Some(keys.clone());
    let mut sealed = with(SEALED, |metadata| {
        metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
    });
    sealed.seal_secret(&Secret::from(CLIENT_SECRET), &sealing(), &OsRandom::new()).unwrap();
    let by_key = with(SIGNER, |metadata| {
        metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        metadata.token_endpoint_auth_signing_alg = Some(String::from("ES256"));
        metadata.request_object_signing_alg = "ES256".parse().ok();
        metadata.jwks = keys();
    });
    let public = with(PUBLIC, |metadata| metadata.token_endpoint_auth_method = ClientAuthMethod::None);
    let mut robot = robot(ROBOT, AccessTokenFormat::Opaque);
    robot.metadata.redirect_uris = vec![super::CALLBACK.to_owned()];
    vec![
        with(OFFICE, |metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretBasic;
            metadata.grant_types.insert(GrantType::ClientCredentials);
            metadata.scope = Scope::parse("openid email read write offline_access").unwrap();
        }),
        Client { secret: None, ..by_key },
        sealed,
        Client { secret: None, ..public },
        Client { state: ClientState::Disabled, ..with(SHUT, |_| ()) },
        robot,
        with(STRICT, |metadata| {
            metadata.require_signed_request_object = true;
            metadata.jwks = keys();
        }),
        with(PUSHER, |metadata| metadata.require_pushed_authorization_requests = true),
        with(TWOFOLD, |metadata| {
            metadata.redirect_uris.push(String::from("https://shop.example/other"));
            metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
        }),
    ]
}

fn with(id: &str, change: impl FnOnce(&mut ClientMetadata)) -> Client {
    let mut client = client(id, CLIENT_SECRET);
    change(&mut client.metadata);
    client
}
