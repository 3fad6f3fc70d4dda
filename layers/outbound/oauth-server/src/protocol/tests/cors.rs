use http::Method;

use super::*;

async fn ask(bench: &Bench, method: Method, path: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, "https://spa.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization");
    bench.call(request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn a_script_of_another_site_may_ask_what_needs_no_cookie() {
    let bench = Bench::new().await;
    for (path, methods) in
        [("/oauth/token", "POST"), ("/oauth/revoke", "POST"), ("/oauth/userinfo", "GET, POST")]
    {
        let told = ask(&bench, Method::OPTIONS, path).await;
        assert_eq!((told.status(), told.body().len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(told.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], methods);
        assert_eq!(told.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization, content-type");
        let refused = ask(&bench, Method::POST, path).await;
        assert!(refused.status().is_client_error());
        for answer in [told, refused] {
            assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
        }
    }
}

#[tokio::test]
async fn no_script_asks_what_only_a_client_with_a_secret_may() {
    let bench = Bench::new().await;
    for method in [Method::OPTIONS, Method::POST] {
        let refused = ask(&bench, method, "/oauth/introspect").await;
        assert!(refused.status().is_client_error());
        assert!(refused.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    }
}

#[tokio::test]
async fn whoever_is_no_browser_is_told_nothing_of_browsers() {
    let bench = Bench::new().await;
    let refused = bench.call(Request::post("/oauth/token").body(Full::default()).unwrap()).await;
    assert!(refused.status().is_client_error());
    assert!(refused.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}
