//! A client's metadata as JSON: one reader for the registration endpoint, for a client's own document and for a host's
//! configuration. [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)
//!
//! The rules, in order: a field has the form that its specification gives it, within a bound; what is `null` is not
//! there; a value that is not offered is refused, never replaced; a field that is not known is left out, and told.
//! What fields say together is judged by [`Client::register`].
//!
//! ```
//! use towergate_oauth::rules::client::parse;
//!
//! let sent = serde_json::json!({"redirect_uris": ["https://app.example/cb"], "client_name#fr": "Ma boutique", "x": 1});
//! let reading = parse::read(sent.as_object().ok_or("no object")?);
//! assert_eq!(reading.unknown, ["x"]);
//! let metadata = reading.metadata()?;
//! assert_eq!(metadata.localized["client_name#fr"], "Ma boutique");
//! assert_eq!(metadata.to_json()["client_name#fr"], "Ma boutique");
//!
//! let sent = serde_json::json!({"redirect_uris": "https://app.example/cb", "default_max_age": -1});
//! let refused = parse::read(sent.as_object().ok_or("no object")?).metadata().unwrap_err();
//! let blamed: Vec<_> = refused.problems.iter().map(|problem| problem.blames()).collect();
//! assert_eq!(blamed, ["redirect_uris", "default_max_age"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde_json::{Map, Value};
use towergate_core::Secret;
use towergate_jose::Algorithm;

use self::object::Object;
use super::{
    Client, ClientId, ClientMetadata, GrantType,
    policy::RegistrationPolicy,
    problem::{InvalidMetadata, MetadataProblem},
};
use crate::rules::issuer::Issuer;

mod fields;
mod object;

/// The longest address, in bytes.
pub const MAX_URI_LENGTH: usize = 2048;

/// The longest name and the like, in bytes.
pub const MAX_NAME_LENGTH: usize = 255;

/// The longest software statement, in bytes.
pub const MAX_STATEMENT_LENGTH: usize = 16 * 1024;

/// The most addresses in one list.
pub const MAX_URIS: usize = 64;

/// The most fields that carry a language tag.
pub const MAX_LOCALIZED: usize = 64;

/// What a JSON object says of a client.
#[derive(Debug)]
pub struct Reading {
    /// The fields that are not known, or carry a language tag where none belongs.
    pub unknown: Vec<String>,
    /// What cannot be read, in the order of the metadata.
    pub problems: Vec<MetadataProblem>,
    metadata: ClientMetadata,
}

/// Reads what a client says of itself. Bound the size of the text before it becomes an object.
#[must_use]
pub fn read(fields: &Map<String, Value>) -> Reading {
    let object = Object::new(fields);
    let mut metadata = ClientMetadata::default();
    fields::read(&object, &mut metadata);
    let (unknown, problems) = object.finish(fields::FOR_PEOPLE);
    Reading { unknown, problems, metadata }
}

impl Reading {
    /// What was said, when all of it can be read.
    ///
    /// # Errors
    /// Everything that cannot be read.
    pub fn metadata(self) -> Result<ClientMetadata, InvalidMetadata> {
        InvalidMetadata::unless_empty(self.problems)?;
        Ok(self.metadata)
    }

    /// The same, within the bounds of a policy; `algorithms` are those that the server, `issuer`, signs with.
    #[must_use]
    pub fn within(mut self, policy: &RegistrationPolicy, issuer: &Issuer, algorithms: &[Algorithm]) -> Self {
        let beyond = policy.bound(&mut self.metadata, issuer, algorithms);
        self.blame(beyond);
        self
    }

    /// Whether it wants to prove itself by a secret that it shares with the server.
    #[must_use]
    pub const fn wants_secret(&self) -> bool {
        self.metadata.token_endpoint_auth_method.is_by_secret()
    }

    /// A new active client, when all of it can be read and nothing is wrong with what it says.
    ///
    /// # Errors
    /// Everything that is wrong, each field blamed for one kind of thing: what cannot be read is not judged.
    pub fn register(self, id: ClientId, secret: Option<&Secret<String>>) -> Result<Client, InvalidMetadata> {
        let mut reading = self;
        let registered = Client::register(id, secret, std::mem::take(&mut reading.metadata));
        if let Err(invalid) = &registered {
            reading.blame(invalid.problems.clone());
        }
        InvalidMetadata::unless_empty(reading.problems)?;
        registered
    }

    /// Notes what is wrong with fields that can be read.
    fn blame(&mut self, problems: Vec<MetadataProblem>) {
        let blamed: Vec<_> = self.problems.iter().map(|problem| problem.blames().to_owned()).collect();
        let news = |problem: &MetadataProblem| !blamed.iter().any(|field| field == problem.blames());
        self.problems.extend(problems.into_iter().filter(news));
    }
}

impl ClientMetadata {
    /// What was registered, as JSON under the registered names; [`read`] reads it back.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else {
            return Map::new();
        };
        if let Some(Value::Object(localized)) = fields.remove("localized") {
            fields.extend(localized);
        }
        let code = self.grant_types.contains(&GrantType::AuthorizationCode);
        fields.insert(String::from("response_types"), if code { vec!["code"] } else { vec![] }.into());
        fields
    }
}

#[cfg(test)]
mod tests;
