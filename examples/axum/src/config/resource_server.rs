//! `[[resource_servers]]`: the APIs that clients may ask tokens for by name, and who guards them.

use towergate::{
    oauth::rules::{client::ClientAuthMethod, resource::ResourceServer},
    oauth_types::Scope,
};

use super::{ClientEntry, reader::Section};

/// Reads one of them; `clients` are those of the file.
pub(super) fn read(section: Section<'_>, clients: &[ClientEntry]) -> Option<ResourceServer> {
    let resource = section.required_text("resource").and_then(|text| {
        ResourceServer::new(text.value)
            .map_err(|problem| section.refuse(&text.place, format!("`resource`: {problem}")))
            .ok()
    });
    let guard = section.text("client_id").map(|text| {
        let guard = clients.iter().map(|entry| &entry.client).find(|client| client.id.as_str() == text.value);
        let problem = match guard {
            None => "no [[clients]] has it",
            Some(client) if client.metadata.token_endpoint_auth_method == ClientAuthMethod::None => {
                "a public client cannot ask about tokens: it has nothing to prove itself with"
            }
            Some(client) => return Some(client.id.clone()),
        };
        section.refuse(&text.place, format!("`client_id` {:?}: {problem}", text.value));
        None
    });
    let scope = section.text("scope").map(|text| {
        Scope::parse(&text.value)
            .map_err(|problem| section.refuse(&text.place, format!("`scope`: {problem}")))
            .ok()
    });
    section.finish();
    let mut server = resource?;
    if let Some(guard) = guard {
        server = server.guarded_by(guard?);
    }
    if let Some(scope) = scope {
        server = server.with_scope(scope?);
    }
    Some(server)
}
