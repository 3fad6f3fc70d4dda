//! `oidcc-3rdparty-init-login-certification-test-plan`.

use http::{Method, StatusCode};
use serde_json::json;

use crate::runner::{
    checks,
    client::{Auth, Client, try_register},
    op::{Op, as_json},
};

#[tokio::test]
async fn oidcc_3rd_party_init_login() {
    let op = Op::shared();
    let uri = op.site.at("initiate_login");
    let client = Client::register(&op, Auth::Basic, json!({ "initiate_login_uri": uri })).await;
    assert_eq!(client.registered["initiate_login_uri"], uri);
    let read = client.manage(&op, Method::GET).await;
    assert_eq!(read.status, StatusCode::OK);
    assert_eq!(as_json(&read)["initiate_login_uri"], uri);
    client.unregister(&op).await;
}

#[tokio::test]
async fn oidcc_3rd_party_init_login_nohttps() {
    let op = Op::shared();
    let uri = op.site.at("initiate_login").replace("https://", "http://");
    let answer = try_register(&op, Auth::Basic, json!({ "initiate_login_uri": uri })).await;
    checks::refusal(&answer, StatusCode::BAD_REQUEST, "invalid_client_metadata");
}
