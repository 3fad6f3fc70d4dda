//! Under which `sub` a client knows a person.
//! [OpenID Connect Core section 8](https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes)

use std::{collections::BTreeSet, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac::{Context, HMAC_SHA256, Key};
use towergate_core::Secret;
use url::{Host, Url};

use super::{
    client::{Client, ClientMetadata, SubjectType},
    grant::Subject,
};

/// What pairwise subjects are drawn from. It is made once and never changes: with another, every pairwise client would
/// meet only strangers.
#[derive(Clone)]
pub struct PairwiseSecret(Key);

impl PairwiseSecret {
    /// The secret made of these 32 random bytes.
    #[must_use]
    pub fn new(bytes: &Secret<[u8; 32]>) -> Self {
        Self(Key::new(HMAC_SHA256, bytes.expose()))
    }

    /// The `sub` under which `client` knows `subject`: the subject itself, or for a pairwise client the HMAC-SHA256 of
    /// its sector and the subject, which leads nowhere from one sector to another.
    #[must_use]
    pub fn sub(&self, client: &Client, subject: &Subject) -> Subject {
        match client.metadata.subject_type {
            SubjectType::Public => subject.clone(),
            SubjectType::Pairwise => self.pairwise(&sector(client), subject),
        }
    }

    fn pairwise(&self, sector: &str, subject: &Subject) -> Subject {
        let mut mac = Context::with_key(&self.0);
        mac.update(sector.as_bytes());
        // Neither holds a line break: it keeps apart where one ends and the other begins.
        mac.update(b"\n");
        mac.update(subject.as_str().as_bytes());
        Subject::of_digest(URL_SAFE_NO_PAD.encode(mac.sign()))
    }
}

impl fmt::Debug for PairwiseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseSecret")
    }
}

/// Whether the redirect URIs of a client are all of one host, or the client says by `sector_identifier_uri` what they
/// have in common, [section 8.1](https://openid.net/specs/openid-connect-core-1_0.html#PairwiseAlg).
#[must_use]
pub fn has_one_sector(metadata: &ClientMetadata) -> bool {
    metadata.sector_identifier_uri.is_some() || hosts(metadata).len() < 2
}

/// Whether a client knows people under the same `sub` as before it changed. If it could move to another sector, it would
/// learn there under which `sub` the people whose tokens it holds are known to others.
#[must_use]
pub fn are_the_same(before: &Client, after: &Client) -> bool {
    match (before.metadata.subject_type, after.metadata.subject_type) {
        (SubjectType::Public, SubjectType::Public) => true,
        (SubjectType::Pairwise, SubjectType::Pairwise) => sector(before) == sector(after),
        _ => false,
    }
}

/// Who shares the pairwise subjects of a client. An address at this very machine, or of a private-use scheme, is nobody's:
/// there the client is alone. So is a client that is known by a document: what that names as its own may change at any
/// time, and nobody looks.
fn sector(client: &Client) -> String {
    let metadata = &client.metadata;
    if client.document.is_some() {
        return format!("client:{}", client.id);
    }
    let shared = match &metadata.sector_identifier_uri {
        Some(uri) => host(uri),
        None => hosts(metadata).pop_first().flatten().filter(|_| has_one_sector(metadata)),
    };
    shared.map_or_else(|| format!("client:{}", client.id), |host| format!("host:{host}"))
}

fn hosts(metadata: &ClientMetadata) -> BTreeSet<Option<String>> {
    metadata.redirect_uris.iter().map(|uri| host(uri)).collect()
}

/// The host that a URI belongs to; `None` when it is nobody's.
fn host(uri: &str) -> Option<String> {
    let uri = Url::parse(uri).ok()?;
    match uri.host()? {
        Host::Domain("localhost") => None,
        Host::Domain(name) => (uri.scheme() == "https" || uri.scheme() == "http").then(|| name.to_owned()),
        Host::Ipv4(address) => (!address.is_loopback()).then(|| address.to_string()),
        Host::Ipv6(address) => (!address.is_loopback()).then(|| address.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::Timestamp;

    use super::*;
    use crate::rules::client::{ClientId, DocumentTimes};

    fn sub_in(secret: u8, id: &str, subject: &str, metadata: ClientMetadata) -> String {
        let client = Client::unchecked(ClientId::parse(id).unwrap(), None, metadata);
        let subject = Subject::parse(subject).unwrap();
        PairwiseSecret::new(&Secret::new([secret; 32])).sub(&client, &subject).to_string()
    }

    fn pairwise(uris: &[&str], sector: Option<&str>) -> ClientMetadata {
        ClientMetadata {
            subject_type: SubjectType::Pairwise,
            redirect_uris: uris.iter().map(ToString::to_string).collect(),
            sector_identifier_uri: sector.map(str::to_owned),
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn oidc_core_8_a_public_client_knows_the_subject_itself() {
        assert_eq!(sub_in(1, "app", "alice-1", ClientMetadata::default()), "alice-1");
    }

    #[test]
    fn oidc_core_8_1_a_pairwise_sub_is_one_within_its_sector_and_another_beyond() {
        let sub = |id, uris: &[&str], sector| sub_in(1, id, "alice-1", pairwise(uris, sector));
        let one = sub("a", &["https://app.example/cb", "https://app.example:8443/other"], None);
        assert_eq!(one.len(), 43);
        assert_eq!(one, sub("b", &["https://app.example/elsewhere"], None));
        assert_eq!(
            one,
            sub("c", &["https://a.example/", "https://b.example/"], Some("https://app.example/x.json"))
        );
        assert_ne!(one, sub("a", &["https://other.example/cb"], None));
        assert_ne!(one, sub_in(1, "a", "alice-2", pairwise(&["https://app.example/cb"], None)));
        assert_ne!(one, sub_in(2, "a", "alice-1", pairwise(&["https://app.example/cb"], None)));
    }

    #[test]
    fn a_client_that_changes_stays_in_its_sector() {
        let client = |metadata| Client::unchecked(ClientId::parse("app").unwrap(), None, metadata);
        let in_sector = |uri| client(pairwise(&[uri], None));
        let (own, public) = (in_sector("https://app.example/cb"), client(ClientMetadata::default()));
        assert!(are_the_same(&own, &in_sector("https://app.example/other")));
        assert!(are_the_same(
            &own,
            &client(pairwise(&["https://b.example/"], Some("https://app.example/x")))
        ));
        assert!(are_the_same(&public, &public));
        for (before, after) in
            [(&own, &in_sector("https://shop.example/cb")), (&own, &public), (&public, &own)]
        {
            assert!(!are_the_same(before, after));
        }
    }

    #[test]
    fn a_client_known_by_a_document_shares_its_subjects_with_nobody() {
        let times = DocumentTimes {
            refresh_at: Timestamp::from_unix_seconds(1),
            ends_at: Timestamp::from_unix_seconds(2),
        };
        let metadata = || pairwise(&["https://app.example/cb"], Some("https://app.example/sector.json"));
        let client = |document| Client {
            document,
            ..Client::unchecked(ClientId::parse("https://evil.example/id").unwrap(), None, metadata())
        };
        let secret = PairwiseSecret::new(&Secret::new([1; 32]));
        let subject = Subject::parse("alice-1").unwrap();
        assert_ne!(secret.sub(&client(Some(times)), &subject), secret.sub(&client(None), &subject));
    }

    #[test]
    fn what_belongs_to_no_host_is_shared_with_nobody() {
        for uri in [
            "http://localhost/cb",
            "http://127.0.0.1:9/cb",
            "http://[::1]/cb",
            "com.example.app:/cb",
            "com.example.app://app.example/cb",
        ] {
            let sub = |id| sub_in(1, id, "alice-1", pairwise(&[uri], None));
            assert_ne!(sub("a"), sub("b"), "{uri}");
        }
    }

    #[test]
    fn oidc_core_8_1_several_hosts_need_a_sector_identifier_uri() {
        let several = ["https://a.example/cb", "https://b.example/cb"];
        assert!(!has_one_sector(&pairwise(&several, None)));
        assert!(!has_one_sector(&pairwise(&["https://a.example/cb", "com.example.app:/cb"], None)));
        assert!(has_one_sector(&pairwise(&several, Some("https://a.example/uris.json"))));
        assert!(has_one_sector(&pairwise(&["https://a.example/cb", "https://a.example/2"], None)));
    }

    #[test]
    fn a_client_of_several_hosts_and_no_sector_shares_its_subjects_with_nobody() {
        let several = pairwise(&["https://a.example/cb", "https://b.example/cb"], None);
        let one = pairwise(&["https://a.example/cb"], None);
        assert_ne!(sub_in(1, "a", "alice-1", several), sub_in(1, "a", "alice-1", one));
    }

    #[test]
    fn where_a_sector_ends_and_a_subject_begins_is_no_matter_of_taste() {
        let own = || pairwise(&["http://localhost/cb"], None);
        assert_ne!(sub_in(1, "app", "1-alice", own()), sub_in(1, "app1", "-alice", own()));
    }
}
