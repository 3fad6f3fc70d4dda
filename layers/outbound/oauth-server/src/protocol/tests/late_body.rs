//! A body that is held back does not hold back the clock.

use std::time::Duration;

use http_body_util::BodyExt;
use towergate_oauth::rules::refresh_token::REPEAT_WINDOW;

use super::*;

impl Bench {
    /// The body arrives when `late` has gone by.
    async fn call_late(
        &self,
        request: Request<Full<Bytes>>,
        body: String,
        late: Duration,
    ) -> Response<Bytes> {
        let inner = service_fn(async |_| Ok::<_, Infallible>(Response::new(Bytes::new())));
        let clock = Arc::clone(&self.clock);
        let body = Full::<Bytes>::from(body).map_frame(move |frame| {
            clock.advance(late);
            frame
        });
        self.layer.layer(inner).oneshot(request.map(|_| body)).await.unwrap()
    }

    async fn token_late(&self, form: &[(&str, &str)], late: Duration) -> Response<Bytes> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = token_request(Some(&basic("basic", SECRET)), String::new());
        self.call_late(request, body, late).await
    }
}

#[tokio::test]
async fn a_code_expires_while_its_request_is_held_back() {
    let bench = Bench::new().await;
    let code = bench.code("basic").await;
    refused(
        &bench.token_late(&code_form(&code), code::LIFETIME).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
}

#[tokio::test]
async fn the_repeat_window_closes_while_a_request_is_held_back() {
    let bench = Bench::new().await;
    let first = granted(&bench.redeem("basic", &bench.code("basic").await).await);
    let stolen = first["refresh_token"].as_str().unwrap();
    granted(&bench.refresh("basic", stolen).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", stolen)];
    refused(&bench.token_late(&form, REPEAT_WINDOW).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(bench.count("token.reused"), 1);
}

#[tokio::test]
async fn an_access_token_expires_while_its_request_is_held_back() {
    let bench = Bench::new().await;
    let answer = granted(&bench.redeem("basic", &bench.code("basic").await).await);
    let body = format!("access_token={}", answer["access_token"].as_str().unwrap());
    let request = Request::post("/oauth/userinfo")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::default())
        .unwrap();
    let late = towergate_oauth::rules::access_token::LIFETIME;
    let answer = bench.call_late(request, body, late).await;
    refused(&answer, StatusCode::UNAUTHORIZED, "invalid_token");
}

#[tokio::test]
async fn a_token_that_expired_while_the_question_was_held_back_is_inactive() {
    let bench = Bench::new().await;
    let answer = granted(&bench.redeem("basic", &bench.code("basic").await).await);
    let body = format!("token={}", answer["access_token"].as_str().unwrap());
    let request = Request::post("/oauth/introspect")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, basic("basic", SECRET))
        .body(Full::default())
        .unwrap();
    let late = towergate_oauth::rules::access_token::LIFETIME;
    let told = granted(&bench.call_late(request, body, late).await);
    assert_eq!(told, serde_json::json!({ "active": false }));
}
