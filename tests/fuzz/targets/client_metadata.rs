//! Whatever a client says of itself is read without a panic; what is accepted is told again as it was read, and a
//! client's own document never has a secret.

#![no_main]

use libfuzzer_sys::fuzz_target;
use towergate_jose::{Algorithm, json};
use towergate_oauth::rules::{
    client::{ClientId, RegistrationPolicy, document, parse, statement},
    issuer::Issuer,
};

fuzz_target!(|text: &[u8]| {
    let Ok(mut fields) = json::read_object(text) else { return };
    if let Ok(metadata) = parse::read(&fields).metadata() {
        let again = parse::read(&metadata.to_json());
        assert!(again.unknown.is_empty());
        assert_eq!(again.metadata().expect("it was told by ourselves"), metadata);
    }
    let policy = RegistrationPolicy::default();
    let issuer = Issuer::https("https://id.example").expect("it is one");
    let id = fields.get("client_id").and_then(|id| ClientId::parse(id.as_str()?).ok());
    if let Some(client) = id.and_then(|id| document::read(&id, text, &policy, &issuer, &Algorithm::ALL).ok()) {
        assert!(client.secret.is_none() && !client.metadata.token_endpoint_auth_method.is_by_secret());
        assert!(policy.scope.covers(&client.metadata.scope));
    }
    let _ = statement::apply(&mut fields, &[], towergate_fuzz::NOW);
});
