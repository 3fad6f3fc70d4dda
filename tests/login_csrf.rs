//! Nobody is signed in by a form of another site, whatever their browser says of it, or does not say.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use house::{House, browser::request};
use http::{Request, StatusCode, header};
use http_body_util::Full;
use tower::ServiceExt;
use towergate::{identity, oauth};

/// What a browser sends along, and whether it says that the form is this site's own.
const SAID: [(&[(&str, &str)], bool); 21] = [
    (&[], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "none")], false),
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "Same-Origin")], false),
    (&[("sec-fetch-site", "")], false),
    (&[("origin", "https://id.example")], true),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "https://www.id.example")], false),
    (&[("origin", "https://id.example:8443")], false),
    (&[("origin", "https://id.example.evil.example")], false),
    (&[("origin", "null")], false),
    (&[("origin", "")], false),
    (&[("sec-fetch-site", "none"), ("origin", "https://id.example")], true),
    (&[("sec-fetch-site", "none"), ("origin", "https://evil.example")], false),
    (&[("sec-fetch-site", "none"), ("origin", "null")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://id.example")], false),
    (&[("sec-fetch-site", "cross-site"), ("origin", "null")], false),
    (&[("sec-fetch-site", "same-site"), ("origin", "https://id.example:8443")], false),
    (&[("referer", "https://id.example/login")], false),
];

#[tokio::test]
async fn nobody_is_signed_in_by_a_form_of_another_site() {
    let people = identity::ports::memory::MemoryStore::new();
    let house = House::on(people.clone(), oauth::ports::memory::MemoryStore::new()).await;
    // The attacker's own account: its password is right.
    let form = format!("email=alice%40example.com&password={}", house::PASSWORD.replace(' ', "+"));
    for (said, is_own) in SAID {
        let before = people.events().len();
        let head = Request::post("/login").header(header::HOST, "id.example");
        let head = said.iter().fold(head, |head, (name, value)| head.header(*name, *value));
        let answer = request(&house.app, head, form.clone()).await;
        let expected = if is_own { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{said:?}");
        assert_eq!(answer.headers.contains_key(header::SET_COOKIE), is_own, "{said:?}");
        // Whoever is refused has not even been counted.
        assert_eq!(people.events().len() > before, is_own, "{said:?}");
    }
}

#[tokio::test]
async fn the_host_that_a_request_names_by_itself_counts_before_its_header() {
    let house =
        House::on(identity::ports::memory::MemoryStore::new(), oauth::ports::memory::MemoryStore::new())
            .await;
    for (origin, expected) in
        [("https://id.example", StatusCode::SEE_OTHER), ("https://other.example", StatusCode::FORBIDDEN)]
    {
        // As HTTP/2 has it.
        let head = Request::post("https://id.example/login")
            .header(header::HOST, "other.example")
            .header(header::ORIGIN, origin);
        let form = format!("email=alice%40example.com&password={}", house::PASSWORD.replace(' ', "+"));
        assert_eq!(request(&house.app, head, form).await.status, expected, "{origin}");
    }
}

#[tokio::test]
async fn signing_out_and_every_other_form_is_held_to_the_same() {
    let house =
        House::on(identity::ports::memory::MemoryStore::new(), oauth::ports::memory::MemoryStore::new())
            .await;
    let forms = [
        "application/x-www-form-urlencoded",
        "Multipart/Form-Data; boundary=x",
        "text/plain;charset=utf-8",
        "",
    ];
    for path in ["/logout", "/anything"] {
        for form in forms {
            let head =
                Request::post(path).header(header::HOST, "id.example").header(header::CONTENT_TYPE, form);
            assert_eq!(bare(&house, head).await, StatusCode::FORBIDDEN, "{path} {form}");
        }
        assert_eq!(bare(&house, Request::post(path)).await, StatusCode::FORBIDDEN, "{path}");
        let twice = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        assert_eq!(bare(&house, twice.header(header::CONTENT_TYPE, forms[0])).await, StatusCode::FORBIDDEN);
    }
    // The authorization endpoint asks the person, whoever sends them there.
    assert_eq!(bare(&house, Request::post("/oauth/authorize")).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_no_browser_sends_for_another_site_unasked_needs_no_word() {
    let house =
        House::on(identity::ports::memory::MemoryStore::new(), oauth::ports::memory::MemoryStore::new())
            .await;
    let json = Request::post("/anything").header(header::CONTENT_TYPE, "application/json");
    assert_eq!(bare(&house, json).await, StatusCode::OK);
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(bare(&house, Request::builder().method(method).uri("/anything")).await, StatusCode::OK);
    }
    // But a browser's word against it counts.
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        for method in ["POST", "PUT", "DELETE"] {
            let head = Request::builder().method(method).uri("/anything").header(name, value);
            let head = head.header(header::CONTENT_TYPE, "application/json");
            assert_eq!(bare(&house, head).await, StatusCode::FORBIDDEN, "{method} {name}");
        }
    }
    // Nothing is made of a visit.
    for said in ["cross-site", "none"] {
        let visit = Request::get("/anything").header("sec-fetch-site", said);
        assert_eq!(bare(&house, visit).await, StatusCode::OK);
    }
}

/// What is answered to a request with no more headers than these.
#[cfg(test)]
async fn bare(house: &House, head: http::request::Builder) -> StatusCode {
    house.app.clone().oneshot(head.body(Full::default()).unwrap()).await.unwrap().status()
}
