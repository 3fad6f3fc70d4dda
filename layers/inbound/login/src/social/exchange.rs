//! A code for what a provider says of somebody.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use towergate_core::{Secret, Timestamp};
use towergate_guarded_http::{Call, GuardedClient};
use towergate_identity::rules::{
    email::EmailAddress,
    linked_identity::{ExternalAccount, ProviderAnswer},
    passkey::is_hidden,
};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{
    error::ProviderError,
    id_token::{self, Asked, Person},
    known::{Known, Metadata},
    provider::{ClientProof, Kind, OAuth2, Provider},
};

/// The longest label that is kept, in characters.
const MAX_LABEL: usize = 100;

/// A provider, and what is known of it.
pub(super) struct Desk {
    pub(super) provider: Provider,
    pub(super) known: Known,
}

/// What somebody brought back, and what was sent along.
pub(super) struct Brought<'a> {
    pub(super) code: &'a str,
    pub(super) verifier: &'a Secret<String>,
    pub(super) nonce: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) now: Timestamp,
}

/// What a provider gave.
pub(super) struct Given {
    pub(super) answer: ProviderAnswer,
    pub(super) tokens: Secret<Vec<u8>>,
}

/// Where people are sent, and what must come back.
pub(super) struct Front {
    pub(super) authorization_endpoint: String,
    /// The issuer that must come back as `iss`, where one must.
    pub(super) issuer: Option<String>,
    pub(super) must_say: bool,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    id_token: Option<String>,
    refresh_token: Option<String>,
}

impl Desk {
    /// Where people are sent.
    pub(super) async fn front(
        &self,
        outbound: &GuardedClient,
        now: Timestamp,
    ) -> Result<Front, ProviderError> {
        match &self.provider.kind {
            Kind::OpenId(issuer) => {
                let metadata = self.known.metadata(outbound, issuer, now).await?;
                let own = (!issuer.is_of_tenants()).then(|| metadata.issuer.clone());
                Ok(Front {
                    authorization_endpoint: metadata.authorization_endpoint.clone(),
                    must_say: own.is_some() && metadata.authorization_response_iss_parameter_supported,
                    issuer: own,
                })
            }
            Kind::OAuth2(known) => Ok(Front {
                authorization_endpoint: known.authorization_endpoint.clone(),
                issuer: None,
                must_say: false,
            }),
        }
    }

    /// Trades a code for what the provider says of somebody.
    pub(super) async fn exchange(
        &self,
        outbound: &GuardedClient,
        brought: &Brought<'_>,
    ) -> Result<Given, ProviderError> {
        match &self.provider.kind {
            Kind::OpenId(issuer) => {
                let metadata = self.known.metadata(outbound, issuer, brought.now).await?;
                let (tokens, kept) = self.redeem(outbound, &metadata.token_endpoint, brought).await?;
                let answer = self.by_id_token(outbound, &metadata, &tokens, brought).await?;
                Ok(Given { answer, tokens: kept })
            }
            Kind::OAuth2(known) => {
                let (tokens, kept) = self.redeem(outbound, &known.token_endpoint, brought).await?;
                let answer = self.by_user_endpoint(outbound, known, &tokens.access_token).await?;
                Ok(Given { answer, tokens: kept })
            }
        }
    }

    async fn redeem(
        &self,
        outbound: &GuardedClient,
        endpoint: &str,
        brought: &Brought<'_>,
    ) -> Result<(TokenAnswer, Secret<Vec<u8>>), ProviderError> {
        let call = self.token_request(brought)?;
        let answer = outbound.call(&outbound.url(endpoint)?, call).await?;
        let tokens: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Tokens)?;
        let kept = json!({ "access_token": tokens.access_token, "refresh_token": tokens.refresh_token });
        let kept = serde_json::to_vec(&kept).map_err(|_| ProviderError::Tokens)?;
        Ok((tokens, Secret::new(kept)))
    }

    fn token_request(&self, brought: &Brought<'_>) -> Result<Call, ProviderError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", brought.code)
            .append_pair("redirect_uri", brought.redirect_uri)
            .append_pair("code_verifier", brought.verifier.expose());
        let authorization = self.prove(&mut form, brought.now)?;
        Ok(Call { accept: "application/json", authorization, form: Some(form.finish().into_bytes()) })
    }

    /// Says who this host is: in the form, or as the header that is answered.
    fn prove(
        &self,
        form: &mut Serializer<'_, String>,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, ProviderError> {
        let client_id = &self.provider.client_id;
        match &self.provider.proof {
            ClientProof::Basic(secret) => {
                let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = Secret::new(format!("{}:{}", part(client_id), part(secret.expose())));
                let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
                HeaderValue::try_from(value.expose().as_str()).map(Some).map_err(|_| ProviderError::Proof)
            }
            ClientProof::Form(secret) => {
                form.append_pair("client_id", client_id).append_pair("client_secret", secret.expose());
                Ok(None)
            }
            ClientProof::Apple { key, team } => {
                let seconds = now.unix_seconds();
                let claims = json!({
                    "iss": team, "sub": client_id, "aud": "https://appleid.apple.com",
                    "iat": seconds, "exp": seconds + 300,
                });
                let token = key.sign_jwt("JWT", &claims).map_err(|_| ProviderError::Proof)?;
                form.append_pair("client_id", client_id).append_pair("client_secret", &token);
                Ok(None)
            }
        }
    }

    async fn by_id_token(
        &self,
        outbound: &GuardedClient,
        metadata: &Arc<Metadata>,
        tokens: &TokenAnswer,
        brought: &Brought<'_>,
    ) -> Result<ProviderAnswer, ProviderError> {
        let token = tokens.id_token.as_deref().ok_or(ProviderError::Tokens)?;
        let asked = Asked {
            issuer: &metadata.issuer,
            client_id: &self.provider.client_id,
            nonce: brought.nonce,
            access_token: Some(&tokens.access_token),
            now: brought.now,
        };
        let keys = self.known.keys(outbound, metadata, false, brought.now).await?;
        let claims = match id_token::verify(token, &keys, &asked) {
            Err(error) if error.lacks_key() => {
                let keys = self.known.keys(outbound, metadata, true, brought.now).await?;
                id_token::verify(token, &keys, &asked)?
            }
            verified => verified?,
        };
        if self.provider.hosted_domain.is_some() && claims.hd != self.provider.hosted_domain {
            return Err(ProviderError::OtherDomain);
        }
        let person = match &metadata.userinfo_endpoint {
            Some(endpoint) if !claims.person.says_address() => {
                let said: UserInfo = read(outbound, endpoint, &tokens.access_token).await?;
                // Another's may have been put in its place: OpenID Connect Core section 5.3.4.
                if said.sub != claims.sub {
                    return Err(ProviderError::OtherSubject);
                }
                said.person
            }
            _ => claims.person,
        };
        Ok(ProviderAnswer {
            account: ExternalAccount::new(&claims.iss, &claims.sub).map_err(|_| ProviderError::User)?,
            proven_address: self.believed(person.verified_email()),
            label: short(person.label().unwrap_or(&claims.sub)),
            authenticated_at: claims.auth_time.map(|at| at.0),
        })
    }

    async fn by_user_endpoint(
        &self,
        outbound: &GuardedClient,
        known: &OAuth2,
        access_token: &str,
    ) -> Result<ProviderAnswer, ProviderError> {
        let user: Map<String, Value> = read(outbound, &known.user_endpoint, access_token).await?;
        let text = |member: &str| match user.get(member) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let subject = text(known.subject).ok_or(ProviderError::User)?;
        let address = match &known.emails_endpoint {
            Some(endpoint) => {
                let addresses: Vec<Address> = read(outbound, endpoint, access_token).await?;
                addresses.into_iter().find(|address| address.primary && address.verified)
            }
            None => None,
        };
        Ok(ProviderAnswer {
            account: ExternalAccount::new(&known.issuer, &subject).map_err(|_| ProviderError::User)?,
            proven_address: self.believed(address.as_ref().map(|address| address.email.as_str())),
            label: short(&text(known.label).unwrap_or(subject)),
            authenticated_at: None,
        })
    }

    fn believed(&self, address: Option<&str>) -> Option<EmailAddress> {
        address.filter(|_| self.provider.trusts_addresses).and_then(|text| EmailAddress::parse(text).ok())
    }
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

async fn read<T: serde::de::DeserializeOwned>(
    outbound: &GuardedClient,
    endpoint: &str,
    access_token: &str,
) -> Result<T, ProviderError> {
    let bearer = Secret::new(format!("Bearer {access_token}"));
    let authorization = HeaderValue::try_from(bearer.expose().as_str()).map_err(|_| ProviderError::Tokens)?;
    let call = Call { accept: "application/json", authorization: Some(authorization), form: None };
    let answer = outbound.call(&outbound.url(endpoint)?, call).await?;
    serde_json::from_slice(&answer.body).map_err(|_| ProviderError::User)
}

fn short(label: &str) -> String {
    label.chars().filter(|c| !is_hidden(*c)).take(MAX_LABEL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_nothing_in_it_turns_around() {
        assert_eq!(short("al\u{202e}ice\n@example.com"), "alice@example.com");
        assert_eq!(short(&"x".repeat(5000)).len(), MAX_LABEL);
    }
}
