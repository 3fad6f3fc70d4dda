//! `[[clients]]`: other people's software, under the names of
//! [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2) and its relatives, read by the reader that
//! reads registrations.

use serde_json::{Map, Value};
use towergate::{
    core::Secret,
    jose::{JwkSet, json},
    oauth::rules::client::{Client, ClientId, MetadataProblem, parse},
};

use super::reader::Section;

/// Somebody's software.
#[derive(Debug, Clone)]
pub struct ClientEntry {
    /// The client.
    pub client: Client,
    /// Its secret in clear, to be sealed for a client that signs with it.
    pub secret: Option<Secret<String>>,
}

pub(super) fn read(section: &Section<'_>) -> Option<ClientEntry> {
    let id = section.required_text("client_id").and_then(|text| {
        ClientId::parse(&text.value)
            .map_err(|problem| section.refuse(&text.place, format!("`client_id`: {problem}")))
            .ok()
    });
    let secret = section.text("client_secret").map(|text| Secret::new(text.value));
    let mut fields: Map<String, Value> =
        section.rest().map(|(key, value)| (key.to_owned(), super::json::of(value.get_ref()))).collect();
    let keys_are_text = read_keys(section, &mut fields);
    let reading = parse::read(&fields);
    for key in &reading.unknown {
        let known = "known are `client_id`, `client_secret` and the metadata of RFC 7591, OpenID Connect Registration, \
                     the logout specifications and RFC 9701";
        section.refuse_key(key, &format!("unknown key `{key}`; {known}"));
    }
    let stand_in = ClientId::parse("unnamed").ok();
    let registered = reading.register(id.clone().or(stand_in)?, secret.as_ref());
    if let Err(invalid) = &registered {
        for problem in &invalid.problems {
            // Where the text of a set cannot be read, that is said already.
            if !(keys_are_text.is_err() && problem.blames() == "jwks") {
                section.refuse_value(problem.blames(), entry_of(&fields, problem), &problem.to_string());
            }
        }
    }
    id.and(registered.ok()).map(|client| ClientEntry { client, secret })
}

/// A key set may stand in the file as a table, or as the JSON text that a tool has written.
fn read_keys(section: &Section<'_>, fields: &mut Map<String, Value>) -> Result<(), ()> {
    let Some(Value::String(text)) = fields.get("jwks") else { return Ok(()) };
    match json::read_object(text.as_bytes()) {
        Ok(keys) => {
            fields.insert(String::from("jwks"), Value::Object(keys));
            Ok(())
        }
        Err(error) => {
            section.refuse_value("jwks", None, &format!("`jwks`: {error}"));
            fields.remove("jwks");
            Err(())
        }
    }
}

/// Which entry of a list is to blame.
fn entry_of(fields: &Map<String, Value>, problem: &MetadataProblem) -> Option<usize> {
    match problem {
        MetadataProblem::Field { entry, .. } => *entry,
        MetadataProblem::RedirectUri { uri, .. } => {
            fields.get("redirect_uris")?.as_array()?.iter().position(|entry| entry == uri)
        }
        _ => None,
    }
}

/// A key set under a key of its own, as a table or as JSON text.
pub(super) fn read_key_set(section: &Section<'_>, key: &'static str) -> Option<JwkSet> {
    let Some(value) = section.value(key) else {
        section.refuse_all(&format!("`{key}` is missing"));
        return None;
    };
    let text = match super::json::of(value) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    JwkSet::parse(text.as_bytes())
        .map_err(|problem| section.refuse_value(key, None, &format!("`{key}`: {problem}")))
        .ok()
}
