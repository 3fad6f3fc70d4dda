//! `oidcc-frontchannel-rp-initiated-logout-certification-test-plan`.

use std::collections::BTreeMap;

use http::header;
use serde_json::json;
use url::Url;

use super::rp_initiated_logout::SignedIn;
use crate::runner::{nonce, op::Op};

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let op = Op::shared();
    let uri = op.site.at(&nonce::<8>());
    let more = json!({ "frontchannel_logout_uri": uri, "frontchannel_logout_session_required": true });
    let mut person = SignedIn::new(more).await;
    let request = person.request();
    let visit = person.log_out(&request).await;
    let page = visit.page();
    let quoted = |before: &str| {
        let found = page.text.split(before).nth(1).and_then(|rest| rest.split('"').next());
        found.unwrap_or_else(|| panic!("{before}: {}", page.text)).replace("&#38;", "&")
    };
    let frame = Url::parse(&quoted("<iframe src=\"")).unwrap();
    assert_eq!(frame.as_str().split('?').next(), Some(uri.as_str()));
    let told: BTreeMap<_, _> = frame.query_pairs().into_owned().collect();
    let sid = person.flow.id_token.claims["sid"].as_str().unwrap().to_owned();
    let wanted = [("iss", op.issuer.clone()), ("sid", sid)].map(|(name, value)| (name.to_owned(), value));
    assert_eq!(told, wanted.into());
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains(&format!("frame-src {}", op.site.origin)), "{policy}");
    // The page goes on by itself without a script, and has a link for whoever waits for none.
    let onwards = Url::parse(&quoted("<meta http-equiv=\"refresh\" content=\"2;url=")).unwrap();
    assert_eq!(quoted("id=\"logout-continue\" href=\""), onwards.as_str());
    let state: Vec<_> = onwards.query_pairs().into_owned().collect();
    assert_eq!(onwards.as_str().split('?').next(), request.get("post_logout_redirect_uri"));
    assert_eq!(state, [(String::from("state"), request.get("state").unwrap().to_owned())]);
    person.ended().await;
}
