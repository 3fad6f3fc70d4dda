//! The pages of the authorization server.

use askama::Template;
use towergate_oauth_server::pages::{ConsentView, ErrorView, OAuthPages};

use crate::default_pages::{DefaultPages, render};

impl OAuthPages for DefaultPages {
    fn consent(&self, view: &ConsentView) -> String {
        render(&Consent { look: self, view })
    }

    fn error(&self, view: &ErrorView) -> String {
        render(&Problem { look: self, view })
    }

    fn style_source(&self) -> &str {
        self.style_source()
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    look: &'a DefaultPages,
    view: &'a ConsentView,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Problem<'a> {
    look: &'a DefaultPages,
    view: &'a ErrorView,
}

#[cfg(test)]
mod tests {
    use towergate_oauth_server::pages::ScopeView;

    use super::*;

    fn consent() -> String {
        consent_page(true)
    }

    fn consent_page(may_remember: bool) -> String {
        DefaultPages::new().consent(&ConsentView {
            action: String::from("/interaction/1"),
            client_name: String::from("<b>Reports</b>"),
            redirect_host: String::from("reports.example"),
            account: String::from("alice@example.com"),
            may_remember,
            scopes: vec![ScopeView {
                value: String::from("email"),
                meaning: String::from("See your address"),
            }],
        })
    }

    #[test]
    fn the_form_has_its_buttons_and_the_box_is_not_ticked() {
        let html = consent();
        for part in [
            "method=\"post\" action=\"/interaction/1\"",
            "id=\"consent-allow\" name=\"decision\" value=\"allow\"",
            "id=\"consent-deny\" name=\"decision\" value=\"deny\"",
            "id=\"remember\" name=\"remember\" type=\"checkbox\"",
            "See your address",
            "reports.example",
            "alice@example.com",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains(" checked"));
        assert!(!html.contains("<b>"));
    }

    #[test]
    fn what_would_not_be_remembered_is_not_offered() {
        assert!(!consent_page(false).contains("remember"));
    }

    #[test]
    fn the_enter_key_gives_nothing_away() {
        let html = consent();
        assert!(html.find("consent-deny").unwrap() < html.find("consent-allow").unwrap());
    }

    #[test]
    fn an_error_page_names_the_code_and_the_request() {
        let html = DefaultPages::new().error(&ErrorView {
            status: 400,
            code: String::from("invalid_request"),
            message: String::from("The redirect_uri is not registered."),
            request_id: Some(String::from("0197")),
        });
        assert!(html.contains("<code>invalid_request</code>"));
        assert!(html.contains("<code>0197</code>"));
    }
}
