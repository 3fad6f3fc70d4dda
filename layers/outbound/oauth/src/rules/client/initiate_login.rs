//! A sign-in that begins somewhere else than at the client.
//! [OpenID Connect Core section 4](https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin)

use url::Url;

use super::Client;
use crate::rules::issuer::Issuer;

/// Where to send a person who is to sign in at `client` through `issuer`; nowhere when it registered no
/// `initiate_login_uri`. `login_hint` says who they are, `target_link_uri` where at the client they want to go.
///
/// ```
/// use towergate_oauth::rules::{client::{Client, ClientMetadata, initiate_login::initiate_login_url}, issuer::Issuer};
///
/// let mut metadata = ClientMetadata::web("An app", "https://app.example/callback", "openid".parse()?);
/// metadata.initiate_login_uri = Some(String::from("https://app.example/start?from=elsewhere"));
/// let client = Client::unchecked("app".parse()?, None, metadata);
/// let address = initiate_login_url(&client, &Issuer::https("https://id.example")?, Some("alice@x"), None);
/// let expected = "https://app.example/start?from=elsewhere&iss=https%3A%2F%2Fid.example&login_hint=alice%40x";
/// assert_eq!(address.as_deref(), Some(expected));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn initiate_login_url(
    client: &Client,
    issuer: &Issuer,
    login_hint: Option<&str>,
    target_link_uri: Option<&str>,
) -> Option<String> {
    let mut url = Url::parse(client.metadata.initiate_login_uri.as_deref()?).ok()?;
    let mut query = url.query_pairs_mut();
    query.append_pair("iss", issuer.as_str());
    for (name, value) in [("login_hint", login_hint), ("target_link_uri", target_link_uri)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    drop(query);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::client::{ClientId, ClientMetadata};

    #[test]
    fn nobody_is_sent_where_no_sign_in_begins() {
        let id = ClientId::parse("app").unwrap();
        let client = Client::unchecked(id, None, ClientMetadata::default());
        let issuer = Issuer::https("https://id.example").unwrap();
        assert_eq!(initiate_login_url(&client, &issuer, None, None), None);
    }
}
