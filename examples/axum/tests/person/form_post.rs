//! An answer that travels in a form: by itself where scripts run, by a button where they do not.

use towergate_example_axum::run::Framework;
use url::form_urlencoded;

use super::{
    app::App,
    chromium::Chromium,
    place::{PASSWORD, Place},
};

pub(crate) async fn a_form_that_posts_itself_breaks_no_policy<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    let app = App::open().await;
    ask(&place, &browser, &app).await;
    browser.click("#consent-allow").await;
    browser.sees("it came by POST with state=s p").await;
    browser.go(&place.at("/")).await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn where_no_script_runs_the_form_has_a_button<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::without_scripts().await);
    let app = App::open().await;
    ask(&place, &browser, &app).await;
    browser.click("#consent-deny").await;
    // The question has a button too, for as long as it is still there.
    browser.click(&format!("form[action='{}'] button[type=submit]", app.callback())).await;
    browser.sees("it came by POST with error=access_denied").await;
    browser.go(&place.at("/")).await;
    browser.close().await;
    place.close().await;
}

/// Goes from an app that wants its answer in a form to the question that the host asks.
async fn ask(place: &Place, browser: &Chromium, app: &App) {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("response_type", "code"),
        ("response_mode", "form_post"),
        ("client_id", "form"),
        ("redirect_uri", &app.callback()),
        ("scope", "openid"),
        ("state", "s p"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ] {
        query.append_pair(name, value);
    }
    browser.go(&place.at(&format!("/oauth/authorize?{}", query.finish()))).await;
    browser.sign_in(PASSWORD).await;
    browser.find("#consent-allow").await;
}
