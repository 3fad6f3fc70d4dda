//! The pages of the authorization server.

use askama::Template;
use towergate_oauth_server::pages::{ConsentView, ErrorView, LoggedOutView, LogoutView, OAuthPages};

use crate::default_pages::{DefaultPages, render};

impl OAuthPages for DefaultPages {
    fn consent(&self, view: &ConsentView) -> String {
        render(&Consent { look: self, view })
    }

    fn error(&self, view: &ErrorView) -> String {
        render(&Problem { look: self, view })
    }

    fn logout(&self, view: &LogoutView) -> String {
        render(&Logout { look: self, view })
    }

    fn logged_out(&self, view: &LoggedOutView) -> String {
        render(&LoggedOut { look: self, view })
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

#[derive(Template)]
#[template(path = "logout.html")]
struct Logout<'a> {
    look: &'a DefaultPages,
    view: &'a LogoutView,
}

#[derive(Template)]
#[template(path = "logged_out.html")]
struct LoggedOut<'a> {
    look: &'a DefaultPages,
    view: &'a LoggedOutView,
}

#[cfg(test)]
mod tests {
    use towergate_oauth_server::pages::{ClaimView, ScopeView};

    use super::*;

    fn consent() -> String {
        consent_page(true)
    }

    fn consent_page(may_remember: bool) -> String {
        DefaultPages::new().consent(&view(may_remember))
    }

    fn view(may_remember: bool) -> ConsentView {
        ConsentView {
            action: String::from("/interaction/1"),
            client_name: String::from("<b>Reports</b>"),
            client_host: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            redirect_host: String::from("reports.example"),
            account: String::from("alice@example.com"),
            may_remember,
            scopes: vec![ScopeView {
                value: String::from("email"),
                meaning: String::from("See your address"),
            }],
            claims: Vec::new(),
            resources: Vec::new(),
        }
    }

    #[test]
    fn what_the_client_says_of_itself_is_linked_and_tells_it_nothing() {
        let all = ConsentView {
            client_host: Some(String::from("reports.example:8443")),
            client_uri: Some(String::from("https://reports.example/")),
            logo_uri: Some(String::from("https://cdn.example/logo.png?\"onerror=x")),
            policy_uri: Some(String::from("https://reports.example/policy")),
            tos_uri: Some(String::from("https://reports.example/terms")),
            claims: vec![ClaimView {
                name: String::from("birthdate"),
                meaning: String::from("Your date of birth"),
            }],
            resources: vec![String::from("api.example")],
            ..view(true)
        };
        let html = DefaultPages::new().consent(&all);
        for (uri, words) in [("", "home page"), ("policy", "privacy policy"), ("terms", "terms of service")] {
            let link = format!(
                "<a href=\"https://reports.example/{uri}\" target=\"_blank\" rel=\"noopener noreferrer\">Its {words}<"
            );
            assert!(html.contains(&link), "{link}\n{html}");
        }
        assert!(html.contains("<img src=\"https://cdn.example/logo.png?&#34;onerror=x\" alt=\"\""), "{html}");
        assert!(html.contains("The site <strong>reports.example:8443</strong> says"), "{html}");
        assert!(html.contains("Your date of birth <code>birthdate</code>"));
        assert!(html.contains("<strong>api.example</strong>"));
        let bare = consent();
        for absent in ["<img", "The site", "<a ", "It will use this at", "It asks to know"] {
            assert!(!bare.contains(absent), "{absent}");
        }
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
    fn the_question_whether_to_sign_out_sends_its_fields_along_and_enter_changes_nothing() {
        let html = DefaultPages::new().logout(&LogoutView {
            action: String::from("/oauth/end_session/confirm"),
            account: String::from("alice@example.com"),
            client_name: Some(String::from("<b>Reports</b>")),
            fields: vec![(String::from("state"), String::from("\"><script>"))],
        });
        for part in [
            "method=\"post\" action=\"/oauth/end_session/confirm\"",
            "type=\"hidden\" name=\"state\" value=\"&#34;&#62;&#60;script&#62;\"",
            "id=\"logout-confirm\" name=\"decision\" value=\"logout\"",
            "alice@example.com",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(html.find("logout-cancel").unwrap() < html.find("logout-confirm").unwrap());
        assert!(!html.contains("<b>"));
    }

    #[test]
    fn the_farewell_frames_clients_and_goes_on_by_itself_and_by_a_link() {
        let to = "https://shop.example/bye?state=a&b=c";
        let html = DefaultPages::new().logged_out(&LoggedOutView {
            frames: vec![String::from("https://shop.example/out?iss=x&sid=y")],
            continue_to: Some(to.to_owned()),
        });
        for part in [
            "<meta http-equiv=\"refresh\" content=\"2;url=https://shop.example/bye?state=a&#38;b=c\">",
            "href=\"https://shop.example/bye?state=a&#38;b=c\"",
            "<iframe src=\"https://shop.example/out?iss=x&#38;sid=y\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        let html = DefaultPages::new().logged_out(&LoggedOutView { frames: Vec::new(), continue_to: None });
        assert!(!html.contains("refresh") && !html.contains("iframe") && !html.contains("href"), "{html}");
    }

    #[test]
    fn an_error_page_names_the_code_and_the_request() {
        let html = DefaultPages::new().error(&ErrorView {
            status: 400,
            code: String::from("invalid_request"),
            message: String::from("The redirect_uri is not registered."),
            go_on: Some(String::from("/oauth/authorize?a=1&b=2")),
            request_id: Some(String::from("0197")),
        });
        assert!(html.contains("<code>invalid_request</code>"));
        assert!(html.contains("<code>0197</code>"));
        assert!(html.contains("href=\"/oauth/authorize?a=1&#38;b=2\""), "{html}");
    }
}
