//! What a client wants of the answers that it gets: pairwise subjects, and encryption.

use towergate_jose::{KeyManagement, jwe::ContentEncryption};
use url::Url;

use super::MetadataProblem;
use crate::rules::{
    client::{AccessTokenFormat, ClientMetadata, SubjectType},
    subject,
};

/// Everything that is wrong with it.
pub(super) fn problems(metadata: &ClientMetadata) -> Vec<MetadataProblem> {
    let mut problems = Vec::new();
    let sector = metadata.sector_identifier_uri.as_deref();
    if sector.is_some_and(|uri| !is_https(uri)) {
        problems.push(MetadataProblem::SectorIdentifierUri);
    }
    if metadata.subject_type == SubjectType::Pairwise {
        if !subject::has_one_sector(metadata) {
            problems.push(MetadataProblem::SeveralSectors);
        }
        if metadata.access_token_format == AccessTokenFormat::Jwt {
            problems.push(MetadataProblem::PairwiseJwt);
        }
    }
    for (answer, alg, enc) in encryptions(metadata) {
        match alg {
            None if enc.is_some() => problems.push(MetadataProblem::EncryptionWithoutAlg { answer }),
            Some(alg) if !may_have_key(metadata, alg) => {
                problems.push(MetadataProblem::EncryptionWithoutKey { answer, alg });
            }
            None | Some(_) => {}
        }
    }
    problems
}

type Encryption = (&'static str, Option<KeyManagement>, Option<ContentEncryption>);

const fn encryptions(metadata: &ClientMetadata) -> [Encryption; 3] {
    [
        ("id_token", metadata.id_token_encrypted_response_alg, metadata.id_token_encrypted_response_enc),
        ("userinfo", metadata.userinfo_encrypted_response_alg, metadata.userinfo_encrypted_response_enc),
        (
            "introspection",
            metadata.introspection_encrypted_response_alg,
            metadata.introspection_encrypted_response_enc,
        ),
    ]
}

/// What is behind a `jwks_uri` may change: it is looked at when it is needed.
fn may_have_key(metadata: &ClientMetadata, alg: KeyManagement) -> bool {
    match &metadata.jwks {
        Some(keys) => keys.for_encryption(alg).is_some(),
        None => metadata.jwks_uri.is_some(),
    }
}

fn is_https(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|uri| uri.scheme() == "https" && uri.has_host() && uri.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use towergate_jose::JwkSet;

    use super::*;

    const P256: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

    fn pairwise() -> ClientMetadata {
        ClientMetadata {
            subject_type: SubjectType::Pairwise,
            access_token_format: AccessTokenFormat::Opaque,
            redirect_uris: vec![String::from("https://app.example/cb")],
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn a_pairwise_client_has_one_sector_and_no_token_that_gives_the_subject_away() {
        assert!(problems(&pairwise()).is_empty());
        let jwt = ClientMetadata { access_token_format: AccessTokenFormat::Jwt, ..pairwise() };
        assert_eq!(problems(&jwt), [MetadataProblem::PairwiseJwt]);
        let mut several = pairwise();
        several.redirect_uris.push(String::from("https://b.example/cb"));
        assert_eq!(problems(&several), [MetadataProblem::SeveralSectors]);
        for (uri, sound) in [
            ("https://a.example/u.json", true),
            ("http://a.example/u.json", false),
            ("https://a.example/u.json#x", false),
            ("u.json", false),
        ] {
            several.sector_identifier_uri = Some(uri.to_owned());
            assert_eq!(problems(&several).is_empty(), sound, "{uri}");
        }
    }

    #[test]
    fn oidc_registration_2_encryption_says_how_and_has_a_key() {
        type Set = fn(&mut ClientMetadata, Option<KeyManagement>);
        let set: [(&str, Set); 3] = [
            ("id_token", |metadata, alg| {
                metadata.id_token_encrypted_response_alg = alg;
                metadata.id_token_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
            }),
            ("userinfo", |metadata, alg| {
                metadata.userinfo_encrypted_response_alg = alg;
                metadata.userinfo_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
            }),
            ("introspection", |metadata, alg| {
                metadata.introspection_encrypted_response_alg = alg;
                metadata.introspection_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
            }),
        ];
        for (answer, set) in set {
            let mut metadata = ClientMetadata::default();
            set(&mut metadata, None);
            assert_eq!(problems(&metadata), [MetadataProblem::EncryptionWithoutAlg { answer }]);
            let alg = KeyManagement::RsaOaep256;
            set(&mut metadata, Some(alg));
            let no_key = [MetadataProblem::EncryptionWithoutKey { answer, alg }];
            assert_eq!(problems(&metadata), no_key);
            metadata.jwks = Some(JwkSet::parse(P256.as_bytes()).unwrap());
            assert_eq!(problems(&metadata), no_key, "a key of another kind");
            set(&mut metadata, Some(KeyManagement::EcdhEs));
            assert!(problems(&metadata).is_empty());
            let elsewhere = Some(String::from("https://app.example/jwks"));
            metadata = ClientMetadata { jwks: None, jwks_uri: elsewhere, ..metadata };
            assert!(problems(&metadata).is_empty());
        }
    }
}
