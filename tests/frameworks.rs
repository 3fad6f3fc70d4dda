//! One set of behaviour tests, the same stack, three ways to write the application inside it: axum, warp, plain hyper.
//! Each is served over a socket and driven by a client that knows nothing of towergate.

#[cfg(test)]
#[path = "frameworks/apps.rs"]
mod apps;
#[cfg(test)]
#[path = "frameworks/behaviour.rs"]
mod behaviour;
#[cfg(test)]
#[path = "frameworks/browser.rs"]
mod browser;

macro_rules! the_same_in_each_framework {
    ($($law:ident),+ $(,)?) => {
        mod axum { $(#[tokio::test] async fn $law() { crate::behaviour::$law(crate::apps::axum).await; })+ }
        mod warp { $(#[tokio::test] async fn $law() { crate::behaviour::$law(crate::apps::warp).await; })+ }
        mod hyper { $(#[tokio::test] async fn $law() { crate::behaviour::$law(crate::apps::hyper).await; })+ }
    };
}

the_same_in_each_framework! {
    a_stranger_is_nobody_and_costs_no_write,
    signing_in_sets_a_guarded_cookie_and_a_new_identifier,
    a_change_survives_an_answer_of_500,
    signing_out_ends_the_session_on_the_server,
    a_torn_cookie_is_cleared_and_its_bearer_is_nobody,
    a_form_from_another_site_is_refused,
    each_answer_names_its_request,
    a_missing_layer_is_named,
}
