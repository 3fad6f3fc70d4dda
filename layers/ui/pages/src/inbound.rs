//! The pages of signing in.

use askama::Template;
use towergate_login::pages::{LoginLinkKind, LoginPages, LoginView, ProblemView};

use crate::default_pages::{DefaultPages, render};

impl LoginPages for DefaultPages {
    fn login(&self, view: &LoginView) -> String {
        render(&Login { look: self, view })
    }

    fn problem(&self, view: &ProblemView) -> String {
        render(&Problem { look: self, view })
    }

    fn style_source(&self) -> &str {
        self.style_source()
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    look: &'a DefaultPages,
    view: &'a LoginView,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    look: &'a DefaultPages,
    view: &'a ProblemView,
}

#[cfg(test)]
mod tests {
    use towergate_core::LocalPath;
    use towergate_login::pages::LoginLink;
    use towergate_login::pages::ProviderView;

    use super::*;

    fn view(message: Option<&str>) -> LoginView {
        LoginView {
            providers: vec![ProviderView::at(
                &LocalPath::parse("/social").unwrap(),
                "example",
                "Example <b>",
            )],
            action: String::from("/login"),
            email: String::from("\"><script>alert(1)</script>"),
            return_to: String::from("/interaction/1?a=b&c=\"d"),
            message: message.map(str::to_owned),
            offers_remembering: true,
            links: vec![LoginLink {
                kind: LoginLinkKind::Magic,
                href: String::from("/magic?return_to=%2F\"x"),
            }],
            passkeys: None,
        }
    }

    fn offering() -> LoginView {
        let passkeys = towergate_login::PasskeyView {
            script: String::from("/passkey/script.js"),
            path: String::from("/passkey/sign-in"),
        };
        LoginView { passkeys: Some(passkeys), ..view(None) }
    }

    #[test]
    fn the_form_has_its_fields_and_ids() {
        let html = DefaultPages::new().login(&view(None));
        for part in [
            "method=\"post\" action=\"/login\"",
            "id=\"email\" name=\"email\"",
            "autocomplete=\"username\"",
            "id=\"password\" name=\"password\" type=\"password\"",
            "autocomplete=\"current-password\"",
            "type=\"hidden\" name=\"return_to\"",
            "id=\"login-submit\"",
            "<label for=\"email\">",
            "<label for=\"password\">",
            "lang=\"en\"",
            "<a id=\"login-magic\" href=\"/magic?return_to=%2F&#34;x\">Mail me a link instead</a>",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("role=\"alert\""));
    }

    #[test]
    fn passkeys_are_offered_where_the_host_answers_them() {
        let html = DefaultPages::new().login(&offering());
        for part in [
            "<script src=\"/passkey/script.js\" defer></script>",
            "autocomplete=\"username webauthn\"",
            "id=\"passkey\" data-kind=\"sign-in\" data-path=\"/passkey/sign-in\"",
            "data-return-to=\"/interaction/1?a=b&#38;c=&#34;d\" hidden>",
            "id=\"passkey-submit\" type=\"button\"",
            "id=\"passkey-message\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert_eq!(html.matches("<script").count(), 1);
        let without = DefaultPages::new().login(&view(None));
        assert!(!without.contains("id=\"passkey\"") && !without.contains("webauthn"));
    }

    #[test]
    fn nothing_typed_becomes_markup_and_nothing_is_script() {
        let html = DefaultPages::new().login(&view(Some("<i>no</i>")));
        assert!(html.contains("role=\"alert\""));
        for never in ["<script", "<i>", "style=\"", "onclick", "&c=\"d"] {
            assert!(!html.contains(never), "{never}");
        }
    }

    #[test]
    fn a_problem_is_told() {
        let view = ProblemView { status: 503, message: String::from("Try again & again") };
        let html = DefaultPages::new().problem(&view);
        assert!(html.contains("role=\"alert\">Try again &#38; again<"));
    }
}
