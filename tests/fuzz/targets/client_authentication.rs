//! Nobody is authenticated by a secret that was not theirs; what is refused says so in the way it was asked.

#![no_main]

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use towergate_core::{Digest, form::Form};
use towergate_fuzz::{NOW, shop};
use towergate_oauth::rules::{
    client::{AssertionKey, Client, ClientAuthMethod, Credentials, Recipient},
    token::request::KNOWN,
};

fuzz_target!(|parts: (Option<&[u8]>, &[u8])| {
    let (header, body) = parts;
    let form = Form::parse(body, KNOWN).expect("it is small");
    let basic = header.map(|pair| [b"Basic ", STANDARD.encode(pair).as_bytes()].concat());
    let (key, recipient) = (AssertionKey::Missing("no_key"), Recipient { names: &[], now: NOW });
    for header in [None, header, basic.as_deref()] {
        let read = || Credentials::read(header, &form);
        let Ok(credentials) = read() else {
            assert!(read().is_err_and(|failure| failure.by_header == header.is_some()));
            continue;
        };
        let id = credentials.client_id().clone();
        assert!(credentials.verify(None, &key, &recipient).is_err_and(|failure| failure.by_header == header.is_some()));
        for method in [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost] {
            let secret = Some(Digest::of(b"a secret that is longer than any input would guess, by far"));
            let mut client = Client { id: id.clone(), secret, ..shop() };
            client.metadata.token_endpoint_auth_method = method;
            let verdict = read().expect("it was read").verify(Some(client.into()), &key, &recipient);
            assert!(verdict.is_err(), "a secret was guessed");
        }
    }
});
