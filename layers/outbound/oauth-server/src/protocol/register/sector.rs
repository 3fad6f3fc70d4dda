//! What a `sector_identifier_uri` says. Only a few are looked up at a time: whoever registers clients by the thousand cannot
//! turn the server against anybody.
//! [OpenID Connect Registration section 5](https://openid.net/specs/openid-connect-registration-1_0.html#SectorIdentifierValidation)

use towergate_guarded_http::GuardedClient;
use towergate_oauth::rules::client::ClientMetadata;
use towergate_oauth_types::ErrorCode;

use super::{super::failure::Failure, refusal::Refusal};
use crate::turns::Turns;

/// The most sectors that are looked up at a time.
pub(crate) const MAX_LOOKUPS: usize = 16;

/// The most of them that ask one host.
pub(crate) const MAX_LOOKUPS_AT_ONE_HOST: usize = 4;

/// Whether what is behind `sector_identifier_uri`, if there is one, lists every redirect URI of the client.
pub(super) async fn check(
    outbound: Option<&GuardedClient>,
    lookups: &Turns,
    metadata: &ClientMetadata,
) -> Result<(), Failure> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    let refuse = |what: String| {
        Refusal::new(ErrorCode::InvalidClientMetadata, &format!("sector_identifier_uri {what}"))
    };
    let outbound = outbound.ok_or_else(|| refuse(String::from("is not looked up by this server")))?;
    let url = outbound.url(uri).map_err(|error| refuse(format!("cannot be fetched: {error}")))?;
    let _turn = lookups.take(uri).ok_or(Failure::Busy)?;
    let fetched = outbound.get(&url, "application/json").await.map_err(|error| {
        tracing::info!(%uri, %error, "a sector_identifier_uri could not be fetched");
        refuse(String::from("could not be fetched"))
    })?;
    let listed: Vec<String> = serde_json::from_slice(&fetched.body)
        .map_err(|_| refuse(String::from("does not answer a JSON array of texts")))?;
    match metadata.redirect_uris.iter().find(|uri| !listed.contains(uri)) {
        Some(missing) => Err(refuse(format!("does not list {missing}")).into()),
        None => Ok(()),
    }
}
