use http::StatusCode;
use url::form_urlencoded::byte_serialize;

use super::house::{CALLBACK, GOOD, House};
use crate::{ClientDocuments, test_site::Site};

/// A house that lets documents of this machine in, the site of one, and what that client asks for.
async fn house_and_site(hosts: &[&str]) -> (House, Site, String) {
    let site = Site::open().await;
    let mut house = House::with(|config| {
        config.client_id_metadata_documents = Some(ClientDocuments::at(hosts.iter().copied()));
    })
    .await;
    house.server = house.server.clone().outbound(site.client.clone());
    let id = format!("{}/client.json", site.origin);
    let document = serde_json::json!({
        "client_id": id, "client_name": "The Bank", "redirect_uris": [CALLBACK], "scope": "openid email",
    });
    site.says(200, document.to_string());
    let id: String = byte_serialize(id.as_bytes()).collect();
    (house, site, GOOD.replace("client_id=shop", &format!("client_id={id}")))
}

#[tokio::test]
async fn a_client_with_a_document_of_its_own_is_named_by_its_host_and_gets_a_code() {
    let (house, site, request) = house_and_site(&["localhost"]).await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(&request).await.location().to_owned();
    let page = browser.get(&path).await;
    let host = site.origin.strip_prefix("https://").unwrap();
    assert!(page.body.starts_with(&format!("The Bank of {host} at shop.example asks")), "{}", page.body);
    let answer = browser.post(&path, "decision=allow").await;
    assert!(answer.param("code").is_some());
    assert_eq!(site.asked(), 1);
    assert_eq!(house.facts(), ["client.document_read", "interaction.begun", "consent.given", "code.issued"]);
}

#[tokio::test]
async fn a_document_of_any_other_host_is_nobodys() {
    let (house, site, request) = house_and_site(&["app.example"]).await;
    let page = house.browser().get(&request).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert!(!page.headers.contains_key(http::header::LOCATION));
    assert_eq!(site.asked(), 0);
}
