//! `[registration]` and `[cimd]`: clients that nobody wrote into the file.

use towergate::{
    oauth::rules::client::{ClientAuthMethod, GrantType, statement::StatementIssuer},
    oauth_server::{ClientDocuments, Registration, RegistrationMode, RegistrationPolicy},
    oauth_types::Scope,
};
use url::Host;

use super::{
    client::read_key_set,
    keys::duration,
    reader::{Section, Text},
};

/// The shortest initial access token, in bytes.
const MIN_TOKEN_LENGTH: usize = 16;

/// Who may register clients.
pub(super) fn read(section: Section<'_>) -> Registration {
    let mut registration = Registration::default();
    let mode = section.required_text("mode");
    let tokens = initial_access_tokens(&section);
    let asks = mode.as_ref().is_some_and(|mode| mode.value == "token");
    if !tokens.is_empty() && !asks {
        section.refuse_all("`initial_access_tokens` are for mode = \"token\" alone");
    }
    if let Some(Text { value, place }) = mode {
        match value.as_str() {
            "closed" => {}
            "open" => registration.mode = RegistrationMode::Open,
            "token" if tokens.is_empty() => {
                section.refuse(&place, "`mode` \"token\" needs `initial_access_tokens`");
            }
            "token" => {
                let texts = tokens.iter().map(|text| text.value.as_str());
                registration.mode = RegistrationMode::tokens(texts);
            }
            _ => section.refuse(&place, "`mode` must be \"open\", \"token\" or \"closed\""),
        }
    }
    read_policy(&section, &mut registration.policy);
    registration.require_statement = section.flag("require_software_statement").unwrap_or_default();
    let issuers = section.sections("software_statement_issuers").into_iter();
    registration.statement_issuers = issuers.filter_map(read_issuer).collect();
    if registration.require_statement && registration.statement_issuers.is_empty() {
        section.refuse_all("`require_software_statement` needs [[registration.software_statement_issuers]]");
    }
    let unused_for = section.text("unused_for");
    if let Some(given) = unused_for.and_then(|text| duration(&section, "unused_for", &text)) {
        registration.unused_for = Some(given);
    }
    section.finish();
    registration
}

/// Which clients may be known by a document of their own.
pub(super) fn read_documents(section: Section<'_>) -> Option<ClientDocuments> {
    let hosts = section.texts("allowed_hosts");
    if hosts.as_ref().is_none_or(Vec::is_empty) {
        section.refuse_all(
            "`allowed_hosts` must name at least one host, such as \"app.example\" or \"*.example\"",
        );
    }
    let hosts = read_hosts(&section, "allowed_hosts", hosts.unwrap_or_default());
    let mut documents = ClientDocuments::at(hosts);
    read_policy(&section, &mut documents.policy);
    section.finish();
    Some(documents)
}

fn initial_access_tokens(section: &Section<'_>) -> Vec<Text> {
    let mut tokens = section.texts("initial_access_tokens").unwrap_or_default();
    tokens.extend(section.text("initial_access_token"));
    for token in &tokens {
        if token.value.len() < MIN_TOKEN_LENGTH
            || !token.value.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
        {
            let problem = "an initial access token must have at least 16 visible ASCII characters";
            section.refuse(&token.place, problem);
        }
    }
    tokens
}

fn read_policy(section: &Section<'_>, policy: &mut RegistrationPolicy) {
    if let Some(text) = section.text("scope") {
        match Scope::parse(&text.value) {
            Ok(scope) => policy.scope = scope,
            Err(problem) => section.refuse(&text.place, format!("`scope`: {problem}")),
        }
    }
    if let Some(texts) = section.texts("grant_types") {
        policy.grant_types = choices(section, "grant_types", &texts, &GrantType::ALL).into_iter().collect();
    }
    if let Some(texts) = section.texts("token_endpoint_auth_methods") {
        policy.auth_methods = choices(section, "token_endpoint_auth_methods", &texts, &ClientAuthMethod::ALL);
    }
    if let Some(texts) = section.texts("redirect_hosts") {
        policy.redirect_hosts = Some(read_hosts(section, "redirect_hosts", texts));
    }
    if let Some(most) = section.number("max_clients") {
        if most == 0 {
            section.refuse_value("max_clients", None, "`max_clients` must be at least 1");
        }
        policy.max_clients = u32::try_from(most).unwrap_or(u32::MAX);
    }
    policy.insecure_pkce_optional = section.flag("insecure_pkce_optional").unwrap_or_default();
}

/// Hosts as they are compared: a name or an address alone, `*.` before all below a name, `*` for any.
fn read_hosts(section: &Section<'_>, key: &str, texts: Vec<Text>) -> Vec<String> {
    let read = |text: Text| {
        let host = text.value.strip_prefix("*.").unwrap_or(&text.value);
        if text.value != "*" && !Host::parse(host).is_ok_and(|read| read.to_string() == host) {
            let problem = format!(
                "`{key}` {:?} must be a host alone, such as \"app.example\" or \"*.example\" for all below it",
                text.value
            );
            section.refuse(&text.place, problem);
        }
        text.value
    };
    texts.into_iter().map(read).collect()
}

fn choices<T: Copy + ToString>(section: &Section<'_>, key: &str, texts: &[Text], offered: &[T]) -> Vec<T> {
    let choice = |text: &Text| {
        let found = offered.iter().copied().find(|choice| choice.to_string() == text.value);
        if found.is_none() {
            let names: Vec<_> = offered.iter().map(ToString::to_string).collect();
            let problem = format!("`{key}` {:?} is not offered; choose {}", text.value, names.join(", "));
            section.refuse(&text.place, problem);
        }
        found
    };
    texts.iter().filter_map(choice).collect()
}

fn read_issuer(section: Section<'_>) -> Option<StatementIssuer> {
    let issuer = section.required_text("issuer").map(|text| text.value);
    let keys = read_key_set(&section, "jwks");
    if keys.as_ref().is_some_and(|keys| keys.keys().is_empty()) {
        let problem = "`jwks` must hold at least one key of a kind that is spoken here: P-256, Ed25519, or RSA of 2048 to 4096 bits";
        section.refuse_value("jwks", None, problem);
    }
    section.finish();
    Some(StatementIssuer { issuer: issuer?, keys: keys? })
}
