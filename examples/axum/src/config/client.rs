//! `[[clients]]`: other people's software, under the names of
//! [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2).

use towergate::{
    core::Secret,
    jose::Algorithm,
    oauth::rules::client::{
        AccessTokenFormat, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType, InvalidMetadata,
        MetadataProblem,
    },
    oauth_types::Scope,
};

use super::reader::{Section, Text};

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
const ALGORITHMS: &[(&str, Algorithm)] = &[("ES256", Algorithm::ES256), ("RS256", Algorithm::RS256)];
const RESPONSE_TYPES: &[(&str, ())] = &[("code", ())];

pub(super) fn read(section: Section<'_>) -> Option<Client> {
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
        let alg = &mut metadata.id_token_signed_response_alg;
        set(alg, &section, "id_token_signed_response_alg", &text, ALGORITHMS);
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
    metadata.redirect_uris = addresses.iter().map(|text| text.value.clone()).collect();
    let secret = section.text("client_secret").map(|text| Secret::new(text.value));
    let asks_for_keys = section.place_of("jwks");
    if let Some(place) = &asks_for_keys {
        section.refuse(place, "`jwks`: `private_key_jwt` is not offered yet; use `client_secret`");
    }
    let stand_in = ClientId::parse("unnamed").ok();
    let client = match id.clone().or(stand_in).map(|id| Client::register(id, secret.as_ref(), metadata)) {
        Some(Ok(client)) => Some(client),
        Some(Err(mut invalid)) => {
            // Whoever gives keys has been told to give a secret.
            invalid.problems.retain(|problem| {
                asks_for_keys.is_none() || !matches!(problem, MetadataProblem::SecretMissing)
            });
            refuse_each(&section, &addresses, &invalid);
            None
        }
        None => None,
    };
    section.finish();
    id.and(client)
}

/// What the rules of the authorization server say against it, each at the value that is to blame, if one is.
fn refuse_each(section: &Section<'_>, addresses: &[Text], invalid: &InvalidMetadata) {
    for problem in &invalid.problems {
        let place = match problem {
            MetadataProblem::RedirectUri { uri, .. } => addresses.iter().find(|text| text.value == *uri),
            _ => None,
        };
        match place {
            Some(text) => section.refuse(&text.place, problem.to_string()),
            None => section.refuse_all(&problem.to_string()),
        }
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
