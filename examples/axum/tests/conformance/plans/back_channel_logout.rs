//! `oidcc-backchannel-rp-initiated-logout-certification-test-plan`.

use http::Method;
use serde_json::json;
use url::form_urlencoded;

use super::rp_initiated_logout::{SignedIn, came_back};
use crate::runner::{checks, nonce, op::Op};

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let uri = Op::shared().site.at(&nonce::<8>());
    let more = json!({ "backchannel_logout_uri": uri, "backchannel_logout_session_required": true });
    let mut person = SignedIn::new(more).await;
    let request = person.request();
    came_back(&person.log_out(&request).await, &request);
    let told = person.module.op.site.received(&uri).await;
    assert_eq!(
        (told.method, told.content_type.as_str()),
        (Method::POST, "application/x-www-form-urlencoded")
    );
    let form: Vec<_> = form_urlencoded::parse(told.body.as_bytes()).into_owned().collect();
    let [(name, token)] = &form[..] else { panic!("{form:?}") };
    assert_eq!(name, "logout_token");
    let token = checks::verified(&person.module.op, token, &person.module.client.id).await;
    assert_eq!(token.algorithm, person.flow.id_token.algorithm);
    assert!(token.claims["jti"].is_string() && token.claims.get("nonce").is_none());
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    assert_eq!(token.claims["events"], events);
    for name in ["sub", "sid"] {
        assert_eq!(token.claims[name], person.flow.id_token.claims[name], "{name}");
    }
    person.ended().await;
}
