//! A token for a script: made on its page, narrowed by whoever holds it, revoked.

use http::{Method, StatusCode, header};
use towergate::{
    api_token::{Attenuation, PathPrefix, Permission, attenuate},
    core::system::OsRandom,
};
use towergate_example_axum::run::Framework;
use url::Url;

use super::{
    browser::{Browser, Page},
    place::Place,
};

/// What a script asks, that has no cookies.
async fn call(place: &Place, method: Method, token: &str) -> Page {
    let url = Url::parse(&place.at("/api/reports")).unwrap();
    let bearer = format!("Bearer {token}");
    Browser::default().send(method, url, &[("authorization", &bearer)], "").await
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}")).1;
    rest.split_once(after).unwrap().0
}

pub(crate) async fn a_script_calls_the_api_by_a_narrowed_token<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/account/tokens")).await;
    let page = place.sign_in(browser, &login).await;
    assert!(page.text.contains("tokens-none") && page.says("Read your reports"), "{}", page.text);
    let fields =
        [("name", "nightly"), ("days", "7"), ("permission", "reports:read"), ("permission", "reports:write")];
    let made = browser.submit(&page, &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let token = between(&made.text, "<pre id=\"token-text\" tabindex=\"0\">", "</pre>");

    let read = call(&place, Method::GET, token).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    assert!(read.text.contains(r#""permissions":["reports:read","reports:write"]"#), "{}", read.text);
    assert_eq!(call(&place, Method::POST, token).await.status, StatusCode::OK);

    let narrow = Attenuation::new()
        .only_permissions([Permission::parse("reports:read").unwrap()])
        .only_below(PathPrefix::parse("/api/reports").unwrap())
        .only_from([[127, 0, 0, 1].into()]);
    let narrow = attenuate(token, &narrow, &OsRandom::new()).unwrap();
    let read = call(&place, Method::GET, narrow.expose()).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    let change = call(&place, Method::POST, narrow.expose()).await;
    assert_eq!(change.status, StatusCode::FORBIDDEN, "{}", change.text);
    let challenge = change.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("reports:write"));
    let elsewhere =
        attenuate(token, &Attenuation::new().only_from([[192, 0, 2, 1].into()]), &OsRandom::new());
    let elsewhere = call(&place, Method::GET, elsewhere.unwrap().expose()).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);

    // Other people's software reads by tokens of its own kind, and changes nothing.
    let other = place.access_token(browser, "of-jwts").await;
    assert_eq!(call(&place, Method::GET, &other).await.status, StatusCode::OK);
    assert_eq!(call(&place, Method::POST, &other).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&place, Method::GET, "tg_api_AAAA").await.status, StatusCode::UNAUTHORIZED);

    // A page that has the cookie and the token is no script.
    let url = Url::parse(&place.at("/api/reports")).unwrap();
    let bearer = format!("Bearer {token}");
    let both = browser.send(Method::GET, url, &[("authorization", &bearer)], "").await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST, "{}", both.text);
    // And a token opens no page.
    let account = Url::parse(&place.at("/account")).unwrap();
    let closed = Browser::default().send(Method::GET, account, &[("authorization", &bearer)], "").await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER);

    let id = between(&made.text, "name=\"token\" value=\"", "\"");
    let revoke = format!("action=revoke&token={id}");
    let page = Url::parse(&place.at("/account/tokens")).unwrap();
    let revoked = browser.send(Method::POST, page, &[], &revoke).await;
    assert_eq!(revoked.status, StatusCode::SEE_OTHER, "{}", revoked.text);
    for token in [token, narrow.expose()] {
        assert_eq!(call(&place, Method::GET, token).await.status, StatusCode::UNAUTHORIZED);
    }
    place.running.stop().await;
}
