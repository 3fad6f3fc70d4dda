//! `[[clients]]`: other people's software, under the names of
//! [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2).

use towergate::{
    core::{Digest, Secret},
    oauth::rules::client::{AccessTokenFormat, ClientAuthMethod, ClientId, ClientMetadata, GrantType},
    oauth_types::Scope,
};
use url::Url;

use super::{
    is_this_machine,
    reader::{Section, Text},
};

/// A client of the configuration.
#[derive(Debug, Clone)]
pub struct ClientEntry {
    /// Its identifier.
    pub id: ClientId,
    /// The digest of its secret, if it has one.
    pub secret: Option<Digest>,
    /// The rest.
    pub metadata: ClientMetadata,
}

const METHODS: &[(&str, ClientAuthMethod)] = &[
    ("client_secret_basic", ClientAuthMethod::ClientSecretBasic),
    ("client_secret_post", ClientAuthMethod::ClientSecretPost),
    ("none", ClientAuthMethod::None),
];
const GRANTS: &[(&str, GrantType)] = &[
    ("authorization_code", GrantType::AuthorizationCode),
    ("client_credentials", GrantType::ClientCredentials),
    ("refresh_token", GrantType::RefreshToken),
];
const FORMATS: &[(&str, AccessTokenFormat)] =
    &[("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)];
const ALGORITHMS: &[(&str, &str)] = &[("ES256", "ES256"), ("RS256", "RS256")];
const RESPONSE_TYPES: &[(&str, ())] = &[("code", ())];

pub(super) fn read(section: Section<'_>) -> Option<ClientEntry> {
    let id = section.required_text("client_id").and_then(|text| {
        ClientId::parse(&text.value)
            .map_err(|problem| section.refuse(&text.place, format!("`client_id`: {problem}")))
            .ok()
    });
    let mut metadata = ClientMetadata::default();
    metadata.client_name = section.text("client_name").map(|text| text.value);
    if let Some(text) = section.text("token_endpoint_auth_method") {
        set(&mut metadata.token_endpoint_auth_method, &section, "token_endpoint_auth_method", &text, METHODS);
    }
    if let Some(text) = section.text("id_token_signed_response_alg") {
        let mut chosen = "RS256";
        set(&mut chosen, &section, "id_token_signed_response_alg", &text, ALGORITHMS);
        metadata.id_token_signed_response_alg = chosen.to_owned();
    }
    if let Some(text) = section.text("access_token_format") {
        set(&mut metadata.access_token_format, &section, "access_token_format", &text, FORMATS);
    }
    if let Some(texts) = section.texts("grant_types") {
        let chosen = texts.iter().filter_map(|text| choice(&section, "grant_types", text, GRANTS));
        metadata.grant_types = chosen.collect();
    }
    for text in section.texts("response_types").unwrap_or_default() {
        let _: Option<()> = choice(&section, "response_types", &text, RESPONSE_TYPES);
    }
    if let Some(text) = section.text("scope") {
        match Scope::parse(&text.value) {
            Ok(scope) => metadata.scope = scope,
            Err(problem) => section.refuse(&text.place, format!("`scope`: {problem}")),
        }
    }
    let addresses = section.texts("redirect_uris").unwrap_or_default();
    for text in &addresses {
        redirect_address(&section, text);
    }
    metadata.redirect_uris = addresses.into_iter().map(|text| text.value).collect();
    let secret = section.text("client_secret").map(|text| Secret::new(text.value));
    if let Some(place) = section.place_of("jwks") {
        section.refuse(&place, "`jwks`: `private_key_jwt` is not offered yet; use `client_secret`");
    }
    check_whole(&section, &metadata, secret.is_some());
    section.finish();
    let secret = secret.map(|secret| Digest::of(secret.expose().as_bytes()));
    Some(ClientEntry { id: id?, secret, metadata })
}

/// What no key is to blame for by itself.
fn check_whole(section: &Section<'_>, metadata: &ClientMetadata, has_secret: bool) {
    let public = metadata.token_endpoint_auth_method == ClientAuthMethod::None;
    if public && has_secret {
        section.refuse_all("a client with `token_endpoint_auth_method = \"none\"` keeps no `client_secret`");
    }
    if !public && !has_secret {
        section.refuse_all(
            "`client_secret` is missing; a public client says `token_endpoint_auth_method = \"none\"`",
        );
    }
    if public && metadata.grant_types.contains(&GrantType::ClientCredentials) {
        section.refuse_all("a public client cannot use `client_credentials`: it can prove nothing");
    }
    if metadata.grant_types.contains(&GrantType::AuthorizationCode) && metadata.redirect_uris.is_empty() {
        section.refuse_all("`redirect_uris` is missing; `authorization_code` needs at least one");
    }
}

/// An address that a code may be sent to: [RFC 8252 section 7](https://www.rfc-editor.org/rfc/rfc8252#section-7) and
/// [RFC 9700 section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3).
fn redirect_address(section: &Section<'_>, text: &Text) {
    let problem = match Url::parse(&text.value) {
        Err(_) => Some("is not an absolute address"),
        Ok(url) if url.fragment().is_some() => Some("must not have a fragment"),
        Ok(url) if url.scheme() == "http" && !is_this_machine(&url) => {
            Some("must be https; http is for this machine alone")
        }
        Ok(url) if matches!(url.scheme(), "https" | "http") => None,
        Ok(url) if url.scheme().contains('.') => None,
        Ok(_) => Some("must be https, or a scheme of the application's own, such as com.example.app"),
    };
    if let Some(problem) = problem {
        section.refuse(&text.place, format!("`redirect_uris`: {:?} {problem}", text.value));
    }
}

fn set<T: Copy>(to: &mut T, section: &Section<'_>, key: &str, text: &Text, choices: &[(&str, T)]) {
    if let Some(chosen) = choice(section, key, text, choices) {
        *to = chosen;
    }
}

fn choice<T: Copy>(section: &Section<'_>, key: &str, text: &Text, choices: &[(&str, T)]) -> Option<T> {
    let found = choices.iter().find(|(name, _)| *name == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        section.refuse(
            &text.place,
            format!("`{key}` {:?} is not offered; choose {}", text.value, names.join(", ")),
        );
    }
    found
}
